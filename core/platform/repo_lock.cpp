#include "core/platform/repo_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/text.hpp"
#include "core/platform/os_error.hpp"

namespace director::platform {
namespace {

/// How a process of this machine writes itself into its lock.
std::string process_name(const std::string& pid) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '\0';
  }
  return "process " + pid + " on " + host.data();
}

/// What the holder wrote about itself; another file's content may stand there just as well.
std::string written_by(int fd) {
  std::array<char, 300> bytes{};
  const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), 0);
  std::string said = size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : "";
  said.resize(std::min(said.size(), said.find('\n')));
  return said.empty() ? "another process" : text::printable(said);
}

/// Whether the process has the file open. The holder keeps it open for as long as it lives, and a
/// process that merely has its number does not.
bool has_open(const std::string& pid, const struct stat& file) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/" + pid + "/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    struct stat info {};
    if (::stat(entry->path().c_str(), &info) == 0 && info.st_dev == file.st_dev &&
        info.st_ino == file.st_ino) {
      return true;
    }
  }
  return false;
}

/// The number of the process of this machine that the text names; empty: it names none.
std::string process_in(const std::string& text) {
  constexpr std::string_view kStart = "process ";
  const std::size_t digits = text.find_first_not_of("0123456789", kStart.size());
  if (!text.starts_with(kStart) || digits == kStart.size() || digits == std::string::npos) {
    return "";
  }
  std::string pid = text.substr(kStart.size(), digits - kStart.size());
  return text == process_name(pid) ? pid : "";
}

/// Whether another process wrote itself into the file and has it open no longer.
bool is_left_behind(int fd) {
  struct stat info {};
  const std::string pid = process_in(written_by(fd));
  return !pid.empty() && pid != std::to_string(::getpid()) && ::fstat(fd, &info) == 0 &&
         !has_open(pid, info);
}

/// 0, or errno. Of a holder that was killed, a process may be left that was to become a command of
/// its and has not come to closing its files: waits two seconds while `may_be_left_behind` says so.
int lock_patiently(int fd, bool (*may_be_left_behind)(int)) {
  constexpr std::chrono::milliseconds kPause{2};
  constexpr int kMostPauses = 1000;
  for (int i = 0;; ++i) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      return 0;
    }
    const int error = errno;
    if (error != EWOULDBLOCK || i == kMostPauses || !may_be_left_behind(fd)) {
      return error;
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

std::optional<std::string> RepoLock::holder(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  const std::string text = written_by(fd.get());
  const std::string pid = process_in(text);
  if (pid.empty() || pid == std::to_string(::getpid()) || !has_open(pid, info)) {
    return std::nullopt;
  }
  return text;
}

Result<RepoLock> RepoLock::acquire_folder(const std::filesystem::path& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto nobody_knows = [](int) { return true; };
  if (fd && lock_patiently(fd.get(), nobody_knows) == EWOULDBLOCK) {
    return Error(Errc::Conflict, "cannot lock '" + folder.string() +
                                     "': another director is at work in this repository, in a "
                                     "worktree of it perhaps; wait for it or stop it");
  }
  return RepoLock(std::move(fd));
}

Result<RepoLock> RepoLock::acquire(const std::filesystem::path& file) {
  const std::string what = "cannot lock '" + file.string() + "'";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) {
    return os_error(what, errno);
  }
  if (const int error = lock_patiently(fd.get(), is_left_behind); error != 0) {
    if (error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL) {
      const Error why = os_error(what, error);
      return Error(Errc::Io,
                   why.message() +
                       "; its file system has no locks, which director needs to be alone: "
                       "keep the repository on one that has");
    }
    if (error != EWOULDBLOCK) {
      return os_error(what, error);
    }
    return Error(Errc::Conflict, what + ": " + written_by(fd.get()) +
                                     " is at work in this repository; wait for it or stop it");
  }
  const std::string self = process_name(std::to_string(::getpid())) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    return os_error(what, errno);
  }
  return RepoLock(std::move(fd));
}

}  // namespace director::platform
