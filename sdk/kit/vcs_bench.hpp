/// A repository, a slot and an instance of a version control backend.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin/library.hpp"
#include "director/vcs.hpp"
#include "sdk/kit/subject.hpp"

namespace director::kit {

using Lines = std::vector<std::string>;

/// The repository has README, src/a.txt, src/deep/b.txt, run.sh (executable) and link -> README, in
/// one commit.
class VcsBench {
 public:
  explicit VcsBench(const Subject& subject) : subject_(subject) {}

  /// Errors: why it cannot be checked.
  [[nodiscard]] Status open();
  /// Another instance on the same repository.
  [[nodiscard]] Result<std::unique_ptr<vcs>> another() const;

  [[nodiscard]] vcs& backend() const { return *vcs_; }
  [[nodiscard]] const commit_info& head() const { return head_; }
  [[nodiscard]] const Places& places() const { return places_; }
  /// The slot of this name; its folders do not exist before its first checkout.
  [[nodiscard]] slot slot_at(const std::string& name) const;
  [[nodiscard]] const slot& main() const { return main_; }
  [[nodiscard]] std::filesystem::path at(const std::string& path) const;
  /// The slot as it is, against the first commit.
  [[nodiscard]] Result<snapshot_result> snapshot() const;
  /// The slot as the first commit.
  [[nodiscard]] Status restore() const;
  [[nodiscard]] Status write(const std::string& path, std::string_view bytes) const;

 private:
  const Subject& subject_;
  Places places_;
  slot main_;
  std::unique_ptr<vcs> vcs_;
  commit_info head_;
};

/// "A path", "M path", "D path", with ":exec", ":link", ":submodule" or ":other" where the new side
/// is no plain file; sorted.
[[nodiscard]] Lines show(const std::vector<change>& changes);
/// Fails with both lists.
[[nodiscard]] Status same(const Lines& found, const Lines& wanted, const std::string& what);
/// Fails unless `status` is an error of this code.
template <typename T>
[[nodiscard]] Status refuses(const Result<T>& result, Errc code, const std::string& what) {
  if (result) {
    return Error(Errc::Invalid, what + " works");
  }
  return expect(result.error().code() == code,
                what + " fails as " + std::string(to_string(result.error().code())) + ", not as " +
                    std::string(to_string(code)) + ": " + result.error().message());
}

/// `body` on a backend that was opened; its error is the plugin's.
[[nodiscard]] Outcome with_vcs(const Subject& subject, Status (*body)(const VcsBench& bench));

}  // namespace director::kit
