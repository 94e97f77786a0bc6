#include "core/platform/repo_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "core/base/text.hpp"
#include "core/platform/os_error.hpp"

namespace director::platform {
namespace {

std::string this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '\0';
  }
  return "process " + std::to_string(::getpid()) + " on " + host.data();
}

/// What the holder wrote about itself; another file's content may stand there just as well.
std::string holder(int fd) {
  std::array<char, 300> bytes{};
  const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), 0);
  std::string said = size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : "";
  said.resize(std::min(said.size(), said.find('\n')));
  return said.empty() ? "another process" : text::printable(said);
}

}  // namespace

Result<RepoLock> RepoLock::acquire(const std::filesystem::path& file) {
  const std::string what = "cannot lock '" + file.string() + "'";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) {
    return os_error(what, errno);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return os_error(what, errno);
    }
    return Error(Errc::Conflict, what + ": " + holder(fd.get()) +
                                     " is at work in this repository; wait for it or stop it");
  }
  const std::string self = this_process() + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    return os_error(what, errno);
  }
  return RepoLock(std::move(fd));
}

}  // namespace director::platform
