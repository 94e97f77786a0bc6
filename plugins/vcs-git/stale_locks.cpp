#include "stale_locks.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "slot_fs.hpp"

namespace director::vcs_git {
namespace {

namespace fs = std::filesystem;

// git holds a lock for moments; a command of its own that waits for a hook, for longer.
constexpr int kStaleSecs = 60;

bool is_old(const struct stat& seen) {
  return std::time(nullptr) - seen.st_mtim.tv_sec >= kStaleSecs;
}

bool holds_a_ref(const std::string& path) {
  const std::string text = read_whole_file(path).value_or(std::string());
  constexpr std::size_t kHexDigits = 40;
  return text.starts_with("ref: ") ||
         (text.size() >= kHexDigits &&
          std::all_of(text.begin(), text.begin() + kHexDigits, [](unsigned char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
          }));
}

void mend_below(const fs::path& folder, bool refs_too) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string path = at->path().string();
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode) || !is_old(seen)) {
      continue;
    }
    if (path.ends_with(".lock") || (refs_too && !holds_a_ref(path))) {
      ::unlink(path.c_str());
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
  mend_below(git_dir + "refs/director", true);
  mend_below(git_dir + "refs/heads/director", false);
}

bool is_abandoned_packed_lock(const std::string& path) {
  struct stat seen {};
  return ::lstat(path.c_str(), &seen) == 0 && S_ISREG(seen.st_mode) && seen.st_size > 0 &&
         is_old(seen) && !is_open(seen);
}

}  // namespace director::vcs_git
