/// The slots of a fake repository, with sizes and ages that a test gives them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/ports/slot_folders.hpp"
#include "tests/fakes/fake_vcs.hpp"

namespace director::testing {

/// Safe from any thread as far as the repository is; `sizes` and `used` are the test's.
class MemorySlotFolders final : public ports::SlotFolders {
 public:
  explicit MemorySlotFolders(FakeRepository& repository) : repo_(repository) {}

  std::map<std::string, std::uint64_t> sizes;
  std::map<std::string, ports::WallTime> used;
  std::set<std::string> spoilt;  ///< slots whose kept folders somebody has changed

  [[nodiscard]] Result<std::vector<std::string>> list() override {
    return with_fault(repo_.fault, "slots.list", [&] {
      std::vector<std::string> names;
      for (const std::string& dir : repo_.slot_folders()) {
        names.push_back(std::filesystem::path(dir).filename().string());
      }
      return Result<std::vector<std::string>>(names);
    });
  }
  [[nodiscard]] Result<bool> is_there(const std::string& dir) override {
    const std::vector<std::string> all = repo_.slot_folders();
    return std::find(all.begin(), all.end(), dir) != all.end();
  }
  [[nodiscard]] Result<ports::WallTime> last_used(const std::string& name) override {
    return used[name];
  }
  [[nodiscard]] Result<std::uint64_t> size(const std::string& name) override { return sizes[name]; }
  [[nodiscard]] Status remove(const std::string& name) override {
    return with_fault(repo_.fault, "slots.remove", [&]() -> Status {
      repo_.remove_slot("/cache/slots/" + name);
      return ok();
    });
  }
  [[nodiscard]] Result<std::string> record(const std::string& name,
                                           const std::vector<std::string>&) override {
    return "record of " + name;
  }
  [[nodiscard]] bool restore(const std::string& name, const std::vector<std::string>&,
                             const std::string& record) override {
    return !spoilt.contains(name) && record == "record of " + name;
  }
  [[nodiscard]] Status mend() override { return ok(); }

 private:
  FakeRepository& repo_;
};

}  // namespace director::testing
