#include "stale_locks.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

#include "slot_fs.hpp"

namespace director::vcs_git {
namespace {

namespace fs = std::filesystem;

// The lock of a ref is held for moments, or as long as a hook of the user's takes that git asks.
constexpr auto kRefHeldAtMost = std::chrono::seconds(2);
constexpr auto kLook = std::chrono::milliseconds(20);
// That of all packed refs is held as long as git needs to write them.
constexpr auto kPackedHeldAtMost = std::chrono::seconds(60);

bool is_old(const struct stat& seen, std::chrono::seconds held_at_most) {
  return std::time(nullptr) - seen.st_mtim.tv_sec >= held_at_most.count();
}

struct Leftover {
  std::string path;
  struct stat seen;

  [[nodiscard]] bool is_there_unchanged() const {
    struct stat now {};
    return ::lstat(path.c_str(), &now) == 0 && now.st_ino == seen.st_ino &&
           now.st_dev == seen.st_dev && now.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec;
  }
};

bool holds_a_ref(const std::string& path) {
  const std::string text = read_whole_file(path).value_or(std::string());
  constexpr std::size_t kHexDigits = 40;
  return text.starts_with("ref: ") ||
         (text.size() >= kHexDigits &&
          std::all_of(text.begin(), text.begin() + kHexDigits, [](unsigned char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
          }));
}

void collect_below(const fs::path& folder, bool refs_too, std::vector<Leftover>& found) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string path = at->path().string();
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) == 0 && S_ISREG(seen.st_mode) &&
        (path.ends_with(".lock") || (refs_too && !holds_a_ref(path)))) {
      found.push_back({path, seen});
    }
  }
}

// True if a process that this user may look at has the file open.
bool is_open(const struct stat& file) {
  std::error_code ignored;
  for (fs::directory_iterator process("/proc", ignored), end; !ignored && process != end;
       process.increment(ignored)) {
    std::error_code error;
    for (fs::directory_iterator fd(process->path() / "fd", error), last; !error && fd != last;
         fd.increment(error)) {
      struct stat seen {};
      if (::stat(fd->path().c_str(), &seen) == 0 && seen.st_dev == file.st_dev &&
          seen.st_ino == file.st_ino) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

void mend_own_refs(const std::string& git_dir) {
  std::vector<Leftover> found;
  collect_below(git_dir + "refs/director", true, found);
  collect_below(git_dir + "refs/heads/director", false, found);
  // A clock that was set back makes a file young for ever, so the young ones are watched.
  const auto give_up = std::chrono::steady_clock::now() + kRefHeldAtMost;
  const auto may_be_held = [](const Leftover& one) {
    return !is_old(one.seen, kRefHeldAtMost) && one.is_there_unchanged();
  };
  while (std::any_of(found.begin(), found.end(), may_be_held) &&
         std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(kLook);
  }
  for (const Leftover& one : found) {
    if (one.is_there_unchanged()) {
      ::unlink(one.path.c_str());
    }
  }
}

bool break_own_lock(const std::string& path) {
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0) {
    return true;
  }
  return S_ISREG(seen.st_mode) && is_old(seen, kRefHeldAtMost) && ::unlink(path.c_str()) == 0;
}

bool is_abandoned_packed_lock(const std::string& path) {
  struct stat seen {};
  return ::lstat(path.c_str(), &seen) == 0 && S_ISREG(seen.st_mode) && seen.st_size > 0 &&
         is_old(seen, kPackedHeldAtMost) && !is_open(seen);
}

}  // namespace director::vcs_git
