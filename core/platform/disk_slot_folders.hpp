/// The slots of one repository on disk: `<folder>/<name>` and `<folder>/<name>.meta`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/ports/slot_folders.hpp"

namespace director::platform {

/// A slot is removed by moving it aside, its meta folder first, to `<folder>/.removed-...`: what is
/// left of a removal that was cut short is no slot any more.
class DiskSlotFolders final : public ports::SlotFolders {
 public:
  /// `folder` may not exist yet.
  explicit DiskSlotFolders(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::vector<std::string>> list() override;
  [[nodiscard]] Result<bool> is_there(const std::string& dir) override;
  [[nodiscard]] Result<ports::WallTime> last_used(const std::string& name) override;
  /// A slot that is nested deeper than any honest one, or that hides folders from being read, is
  /// given out as larger than any quota.
  [[nodiscard]] Result<std::uint64_t> size(const std::string& name) override;
  [[nodiscard]] Status remove(const std::string& name) override;
  [[nodiscard]] Result<std::string> record(const std::string& name,
                                           const std::vector<std::string>& folders) override;
  [[nodiscard]] bool restore(const std::string& name, const std::vector<std::string>& folders,
                             const std::string& record) override;
  [[nodiscard]] Status mend() override;

 private:
  std::filesystem::path folder_;
};

}  // namespace director::platform
