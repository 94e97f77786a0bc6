#include "core/platform/disk_slot_folders.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "core/platform/folder_record.hpp"
#include "core/platform/open_folder.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/remove_tree.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMeta = ".meta";
constexpr std::string_view kRemoved = ".removed-";
constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint32_t>::max() * 1'000'000ULL;

Error cannot(const char* verb, const fs::path& folder, int code) {
  return os_error(std::string("cannot ") + verb + " '" + folder.string() + "'", code);
}

/// Adds up blocks; an inode with several names counts once.
class BlockCount {
 public:
  explicit BlockCount(dev_t device) : device_(device) {}

  void add(int parent, const std::string& name, int depth) {
    struct stat seen {};
    if (::fstatat(parent, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0 ||
        seen.st_dev != device_ ||
        (seen.st_nlink > 1 && !S_ISDIR(seen.st_mode) && !counted_.insert(seen.st_ino).second)) {
      return;
    }
    constexpr std::uint64_t kBlock = 512;
    bytes_ += static_cast<std::uint64_t>(seen.st_blocks) * kBlock;
    if (!S_ISDIR(seen.st_mode)) {
      return;
    }
    if (depth >= kDeepest) {
      bytes_ += kUnknown;
      return;
    }
    const UniqueFd folder(::openat(parent, name.c_str(), kOpenFolder));
    const Result<std::vector<std::string>> names =
        folder ? names_in(folder.get())
               : Result<std::vector<std::string>>(cannot("list", name, errno));
    if (!names) {
      bytes_ += kUnknown;
      return;
    }
    for (const std::string& one : *names) {
      add(folder.get(), one, depth + 1);
    }
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  dev_t device_;
  std::uint64_t bytes_ = 0;
  std::set<ino_t> counted_;
};

UniqueFd open_at(const fs::path& folder) { return UniqueFd(::open(folder.c_str(), kOpenFolder)); }

}  // namespace

Result<std::vector<std::string>> DiskSlotFolders::list() {
  const UniqueFd folder = open_at(folder_);
  if (!folder) {
    return errno == ENOENT ? Result<std::vector<std::string>>(std::vector<std::string>())
                           : cannot("list", folder_, errno);
  }
  DIRECTOR_TRY(const std::vector<std::string> names, names_in(folder.get()));
  std::set<std::string> slots;
  for (const std::string& name : names) {
    if (!name.starts_with('.')) {
      slots.insert(name.ends_with(kMeta) ? name.substr(0, name.size() - kMeta.size()) : name);
    }
  }
  return std::vector<std::string>(slots.begin(), slots.end());
}

Result<bool> DiskSlotFolders::is_there(const std::string& dir) {
  struct stat seen {};
  if (::lstat(dir.c_str(), &seen) == 0) {
    return true;
  }
  return errno == ENOENT ? Result<bool>(false) : cannot("look at", dir, errno);
}

Result<ports::WallTime> DiskSlotFolders::last_used(const std::string& name) {
  struct stat seen {};
  const fs::path meta = folder_ / (name + std::string(kMeta));
  if (::lstat(meta.c_str(), &seen) != 0) {
    return errno == ENOENT ? Result<ports::WallTime>(ports::WallTime())
                           : cannot("look at", meta, errno);
  }
  return ports::WallTime(std::chrono::seconds(seen.st_mtim.tv_sec) +
                         std::chrono::duration_cast<ports::WallTime::duration>(
                             std::chrono::nanoseconds(seen.st_mtim.tv_nsec)));
}

Result<std::uint64_t> DiskSlotFolders::size(const std::string& name) {
  const UniqueFd folder = open_at(folder_);
  struct stat top {};
  if (!folder || ::fstat(folder.get(), &top) != 0) {
    return cannot("look at", folder_, errno);
  }
  BlockCount count(top.st_dev);
  count.add(folder.get(), name, 0);
  count.add(folder.get(), name + std::string(kMeta), 0);
  return count.bytes();
}

Status DiskSlotFolders::remove(const std::string& name) {
  const UniqueFd folder = open_at(folder_);
  if (!folder) {
    return errno == ENOENT ? ok() : Status(cannot("look at", folder_, errno));
  }
  // The meta folder says what the slot holds: without it the slot is as good as new, while it alone
  // would tell lies about the next slot of that name.
  std::vector<std::string> aside;
  for (const std::string& part : {name + std::string(kMeta), name}) {
    std::string target;
    struct stat seen {};
    for (int serial = 0;; ++serial) {
      target = std::string(kRemoved) + part + "-" + std::to_string(serial);
      if (::fstatat(folder.get(), target.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) {
        break;
      }
    }
    if (::renameat(folder.get(), part.c_str(), folder.get(), target.c_str()) == 0) {
      aside.push_back(target);
    } else if (errno != ENOENT) {
      return cannot("move aside", folder_ / part, errno);
    }
  }
  for (const std::string& target : aside) {
    DIRECTOR_CHECK(remove_tree(folder.get(), target));
  }
  return ok();
}

Result<std::string> DiskSlotFolders::record(const std::string& name,
                                            const std::vector<std::string>& folders) {
  const UniqueFd slot = open_at(folder_ / name);
  if (!slot) {
    return cannot("look at", folder_ / name, errno);
  }
  return record_folders(slot.get(), folders);
}

bool DiskSlotFolders::restore(const std::string& name, const std::vector<std::string>& folders,
                              const std::string& record) {
  const UniqueFd slot = open_at(folder_ / name);
  return slot && restore_folders(slot.get(), folders, record);
}

Status DiskSlotFolders::mend() {
  const UniqueFd folder = open_at(folder_);
  if (!folder) {
    return errno == ENOENT ? ok() : Status(cannot("look at", folder_, errno));
  }
  DIRECTOR_TRY(const std::vector<std::string> names, names_in(folder.get()));
  Status done = ok();
  for (const std::string& name : names) {
    if (name.starts_with(kRemoved)) {
      if (Status removed = remove_tree(folder.get(), name); !removed) {
        done = std::move(removed);
      }
    }
  }
  return done;
}

}  // namespace director::platform
