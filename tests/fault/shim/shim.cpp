// The C library's calls with a test's hand in them. Loaded by LD_PRELOAD into the program under
// test alone: what that starts does not inherit it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "order.hpp"
#include "power.hpp"
#include "real.hpp"

namespace director::fault_shim {
namespace {

/// The next definition of a call, looked up once.
template <typename Call>
class Real {
 public:
  explicit Real(const char* name) : call_(reinterpret_cast<Call*>(dlsym(RTLD_NEXT, name))) {}
  template <typename... Arguments>
  auto operator()(Arguments... arguments) const {
    return call_(arguments...);
  }

 private:
  Call* call_;
};

std::string path_of(int fd) {
  char path[4096];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/') {
    return path;
  }
  return (folder == AT_FDCWD ? std::filesystem::current_path().string() : path_of(folder)) + "/" +
         path;
}

unsigned groups_of(const std::string& path, bool bytes) {
  const bool watched = is_watched(path);
  return kAny | (watched ? kDisk : 0U) |
         (watched && bytes && path.ends_with("/journal.jsonl") ? kJournal : 0U);
}

/// The call failed in the test's way.
template <typename Result>
Result failed() {
  errno = error_number();
  return static_cast<Result>(-1);
}

/// A write of any kind; `perform` takes how much of it is to be done.
template <typename Perform>
ssize_t write_through(const char* what, int fd, std::size_t size, const Perform& perform) {
  if (!on_duty()) {
    return perform(size);
  }
  const std::string path = path_of(fd);
  const Strike strike_now = strike(groups_of(path, true), what, path);
  if (strike_now == Strike::Fail) {
    return failed<ssize_t>();
  }
  if (power_will_go() && is_watched(path)) {
    before_change(fd, path);
  }
  return perform(strike_now == Strike::Short && size > 1 ? size / 2 : size);
}

template <typename Perform>
int flush_through(const char* what, int fd, const Perform& perform) {
  if (!on_duty()) {
    return perform();
  }
  const std::string path = path_of(fd);
  if (strike(groups_of(path, true), what, path) == Strike::Fail) {
    return failed<int>();
  }
  const int result = perform();
  if (result == 0 && power_will_go() && is_watched(path)) {
    after_flush(fd, path);
  }
  return result;
}

template <typename Perform>
int open_through(const char* what, int folder, const char* name, int flags,
                 const Perform& perform) {
  if (!on_duty()) {
    return perform();
  }
  const std::string path = absolute(folder, name);
  const bool makes = (flags & O_CREAT) != 0 && access(path.c_str(), F_OK) != 0;
  const unsigned groups = kOpen | kAny | (makes && is_watched(path) ? kDisk : 0U);
  if (strike(groups, what, path) == Strike::Fail) {
    return failed<int>();
  }
  const int fd = perform();
  if (fd >= 0 && power_will_go() && is_watched(path)) {
    if (makes) {
      after_create(path);
    } else if ((flags & O_TRUNC) != 0) {
      before_change(fd, path);
    }
  }
  return fd;
}

template <typename Perform>
int rename_through(const std::string& from, const std::string& to, const Perform& perform) {
  if (!on_duty()) {
    return perform();
  }
  if (strike(groups_of(to, false), "rename", to) == Strike::Fail) {
    return failed<int>();
  }
  const bool followed = power_will_go() && is_watched(to);
  if (followed) {
    before_rename(from, to);
  }
  const int result = perform();
  if (result != 0 && followed) {
    const int error = errno;
    forget_rename();
    errno = error;
  }
  return result;
}

template <typename Perform>
int change_through(const char* what, const std::string& path, const Perform& perform) {
  if (on_duty() && strike(groups_of(path, false), what, path) == Strike::Fail) {
    return failed<int>();
  }
  return perform();
}

/// A call without a path.
template <typename Perform>
int make_through(unsigned group, const char* what, const Perform& perform) {
  if (on_duty() && strike(group | kAny, what, "") == Strike::Fail) {
    return failed<int>();
  }
  return perform();
}

mode_t mode_of(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
}

}  // namespace

int real_open(const char* path, int flags, mode_t mode) {
  static const Real<int(const char*, int, ...)> real("open");
  return real(path, flags, mode);
}
int real_close(int fd) { return close(fd); }
ssize_t real_write(int fd, const void* bytes, std::size_t size) {
  static const Real<ssize_t(int, const void*, std::size_t)> real("write");
  return real(fd, bytes, size);
}
int real_rename(const char* from, const char* to) {
  static const Real<int(const char*, const char*)> real("rename");
  return real(from, to);
}
int real_unlink(const char* path) {
  static const Real<int(const char*)> real("unlink");
  return real(path);
}

}  // namespace director::fault_shim

namespace shim = director::fault_shim;

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  return shim::write_through("write", fd, size,
                             [&](size_t part) { return shim::real_write(fd, bytes, part); });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static const shim::Real<ssize_t(int, const void*, size_t, off_t)> real("pwrite");
  return shim::write_through("pwrite", fd, size,
                             [&](size_t part) { return real(fd, bytes, part, at); });
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static const shim::Real<ssize_t(int, const struct iovec*, int)> real("writev");
  size_t size = 0;
  for (int i = 0; i < count; ++i) {
    size += parts[i].iov_len;
  }
  return shim::write_through("writev", fd, size, [&](size_t part) -> ssize_t {
    if (part == size || count == 0) {
      return real(fd, parts, count);
    }
    const struct iovec less { parts[0].iov_base, std::min(part, parts[0].iov_len) };
    return real(fd, &less, 1);
  });
}

int fsync(int fd) {
  static const shim::Real<int(int)> real("fsync");
  return shim::flush_through("fsync", fd, [&] { return real(fd); });
}

int fdatasync(int fd) {
  static const shim::Real<int(int)> real("fdatasync");
  return shim::flush_through("fdatasync", fd, [&] { return real(fd); });
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::mode_of(flags, rest);
  va_end(rest);
  return shim::open_through("open", AT_FDCWD, path, flags,
                            [&] { return shim::real_open(path, flags, mode); });
}

int openat(int folder, const char* path, int flags, ...) {
  static const shim::Real<int(int, const char*, int, ...)> real("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = shim::mode_of(flags, rest);
  va_end(rest);
  return shim::open_through("openat", folder, path, flags,
                            [&] { return real(folder, path, flags, mode); });
}

int ftruncate(int fd, off_t size) noexcept {
  static const shim::Real<int(int, off_t)> real("ftruncate");
  const std::string path = shim::on_duty() ? shim::path_of(fd) : "";
  return shim::change_through("ftruncate", path, [&] {
    if (shim::on_duty() && shim::power_will_go() && shim::is_watched(path)) {
      shim::before_change(fd, path);
    }
    return real(fd, size);
  });
}

int rename(const char* from, const char* to) noexcept {
  return shim::rename_through(shim::absolute(AT_FDCWD, from), shim::absolute(AT_FDCWD, to),
                              [&] { return shim::real_rename(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const shim::Real<int(int, const char*, int, const char*)> real("renameat");
  return shim::rename_through(shim::absolute(from_folder, from), shim::absolute(to_folder, to),
                              [&] { return real(from_folder, from, to_folder, to); });
}

int unlink(const char* path) noexcept {
  return shim::change_through("unlink", shim::absolute(AT_FDCWD, path),
                              [&] { return shim::real_unlink(path); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const shim::Real<int(const char*, mode_t)> real("mkdir");
  return shim::change_through("mkdir", shim::absolute(AT_FDCWD, path),
                              [&] { return real(path, mode); });
}

int flock(int fd, int operation) noexcept {
  static const shim::Real<int(int, int)> real("flock");
  return shim::make_through(shim::kLock, "flock", [&] { return real(fd, operation); });
}

int pipe2(int* fds, int flags) noexcept {
  static const shim::Real<int(int*, int)> real("pipe2");
  return shim::make_through(shim::kOpen, "pipe2", [&] { return real(fds, flags); });
}

int socket(int domain, int type, int protocol) noexcept {
  static const shim::Real<int(int, int, int)> real("socket");
  return shim::make_through(shim::kOpen, "socket", [&] { return real(domain, type, protocol); });
}

pid_t fork() noexcept {
  static const shim::Real<pid_t()> real("fork");
  return shim::make_through(shim::kFork, "fork", [&] { return real(); });
}

// A function that returns twice on one stack cannot be wrapped; whoever may vfork may fork.
pid_t vfork() noexcept {
  static const shim::Real<pid_t()> real("fork");
  return shim::make_through(shim::kFork, "vfork", [&] { return real(); });
}

int clock_gettime(clockid_t clock, struct timespec* now) noexcept {
  static const shim::Real<int(clockid_t, struct timespec*)> real("clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME && shim::on_duty()) {
    now->tv_sec += shim::clock_offset(now->tv_sec);
  }
  return result;
}

time_t time(time_t* into) noexcept {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) {
    *into = now.tv_sec;
  }
  return now.tv_sec;
}

}  // extern "C"
