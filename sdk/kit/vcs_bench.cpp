#include "sdk/kit/vcs_bench.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {

namespace fs = std::filesystem;

Result<std::unique_ptr<vcs>> VcsBench::another() const {
  DIRECTOR_TRY(const plugin::Library* library, plugin::open_library(subject_.library()));
  DIRECTOR_TRY(const std::string json, subject_.config());
  const instance_info info{json, places_.repo.string(), places_.state.string(),
                           places_.cache.string()};
  subject_.step("create");
  return plugin::make_vcs({*library, info, subject_.hosts(), {}});
}

Status VcsBench::open() {
  DIRECTOR_TRY(places_, subject_.places());
  DIRECTOR_TRY(vcs_, another());
  subject_.step("resolve");
  DIRECTOR_TRY(head_, vcs_->resolve("HEAD").context("cannot resolve HEAD"));
  main_ = slot_at("slot");
  subject_.step("checkout");
  return vcs_->checkout(main_, head_.oid, "", {}).context("cannot check HEAD out");
}

slot VcsBench::slot_at(const std::string& name) const {
  const fs::path root = subject_.work() / "slots";
  return {(root / name).string(), (root / (name + ".meta")).string()};
}

fs::path VcsBench::at(const std::string& path) const { return fs::path(main_.dir) / path; }

Result<snapshot_result> VcsBench::snapshot() const {
  subject_.step("snapshot");
  return vcs_->snapshot(main_, head_.tree, {});
}

Status VcsBench::restore() const {
  subject_.step("checkout");
  return vcs_->checkout(main_, head_.oid, "", {});
}

Status VcsBench::write(const std::string& path, std::string_view bytes) const {
  return write_file(at(path), bytes);
}

Lines show(const std::vector<change>& changes) {
  static const char* const kKinds[] = {"?", "A", "M", "D"};
  static const char* const kTypes[] = {"", "", ":exec", ":link", ":submodule", ":other"};
  Lines lines;
  for (const change& one : changes) {
    lines.push_back(std::string(kKinds[static_cast<int>(one.kind)]) + " " + one.path +
                    kTypes[static_cast<int>(one.new_type)]);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

Status same(const Lines& found, const Lines& wanted, const std::string& what) {
  return expect(found == wanted, what + ": expected [" + text::join(wanted, ", ") + "], found [" +
                                     text::join(found, ", ") + "]");
}

Outcome with_vcs(const Subject& subject, Status (*body)(const VcsBench& bench)) {
  VcsBench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  return outcome_of(body(bench));
}

}  // namespace director::kit
