#include "slot_fs.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace director::vcs_git {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int kFileFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

// Gives the owner what `wanted` says. By way of a path descriptor, since chmod by name follows
// links.
bool add_permissions(int parent, const char* name, mode_t wanted) {
  const UniqueFd handle(::openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat seen {};
  if (!handle || ::fstat(handle.get(), &seen) != 0 || S_ISLNK(seen.st_mode)) {
    return false;
  }
  const std::string path = "/proc/self/fd/" + std::to_string(handle.get());
  return ::chmod(path.c_str(), (seen.st_mode & 07777U) | wanted) == 0;
}

UniqueFd open_readable(int parent, const char* name, int flags, mode_t wanted, int* code) {
  UniqueFd fd(::openat(parent, name, flags));
  *code = fd ? 0 : errno;
  if (!fd && *code == EACCES && add_permissions(parent, name, wanted)) {
    fd = UniqueFd(::openat(parent, name, flags));
    *code = fd ? 0 : errno;
  }
  return fd;
}

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

FileStat to_file_stat(const struct stat& raw) {
  FileStat stat;
  stat.mtime_ns = raw.st_mtim.tv_sec * kNanoseconds + raw.st_mtim.tv_nsec;
  stat.ctime_ns = raw.st_ctim.tv_sec * kNanoseconds + raw.st_ctim.tv_nsec;
  stat.size = static_cast<std::uint64_t>(raw.st_size);
  stat.inode = raw.st_ino;
  stat.mode = raw.st_mode;
  stat.links = static_cast<std::uint32_t>(raw.st_nlink);
  return stat;
}

std::int64_t file_clock_ns() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec * kNanoseconds + now.tv_nsec;
}

UniqueFd open_directory(int parent, const char* name, int* code) {
  return open_readable(parent, name, kFolderFlags, 0700, code);
}

UniqueFd open_file(int parent, const char* name, int* code) {
  return open_readable(parent, name, kFileFlags, 0600, code);
}

Result<std::vector<std::pair<std::string, unsigned char>>> list_directory(int directory) {
  std::vector<std::pair<std::string, unsigned char>> names;
  // getdents64 itself: what readdir adds costs as much again for a small folder.
  alignas(struct dirent64) char buffer[32768];
  ::lseek(directory, 0, SEEK_SET);  // it may have been listed before
  for (;;) {
    const ssize_t size = ::getdents64(directory, buffer, sizeof buffer);
    if (size < 0 && errno != ENOENT) {  // ENOENT: removed meanwhile
      return io_error("list", "a folder of the slot", errno);
    }
    if (size <= 0) {
      return names;
    }
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const struct dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        names.emplace_back(name, entry->d_type);
      }
    }
  }
}

Status write_all(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return io_error("write", path, errno);
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return ok();
}

Result<FileStat> write_new_file(int top, int parent, const std::string& name,
                                std::string_view bytes, std::uint32_t mode) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(::openat(parent, name.c_str(), kFlags, 0600));
  if (!fd && errno == EEXIST) {
    DIRECTOR_CHECK(remove_tree(top, parent, name));
    fd = UniqueFd(::openat(parent, name.c_str(), kFlags, 0600));
  }
  if (!fd) {
    return io_error("create", name, errno);
  }
  DIRECTOR_CHECK(write_all(fd.get(), bytes, name));
  struct stat seen {};
  if (::fchmod(fd.get(), mode) != 0 || ::fstat(fd.get(), &seen) != 0) {
    return io_error("set the mode of", name, errno);
  }
  return to_file_stat(seen);
}

Result<FileStat> write_new_symlink(int top, int parent, const std::string& name,
                                   const std::string& target) {
  if (target.empty() || target.find('\0') != std::string::npos) {
    return Error(Errc::Invalid, "cannot create " + printable(name) +
                                    ": its target is no path: " + printable(target));
  }
  if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
    if (errno != EEXIST) {
      return io_error("create", name, errno);
    }
    DIRECTOR_CHECK(remove_tree(top, parent, name));
    if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
      return io_error("create", name, errno);
    }
  }
  struct stat seen {};
  if (::fstatat(parent, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) {
    return io_error("look at", name, errno);
  }
  return to_file_stat(seen);
}

Result<std::string> read_whole_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    const int code = errno;
    Error error = io_error("open", path, code);
    return code == ENOENT ? Error(Errc::NotFound, error.message()) : error;
  }
  struct stat seen {};
  if (::fstat(fd.get(), &seen) != 0) {
    return io_error("look at", path, errno);
  }
  std::string bytes(static_cast<std::size_t>(seen.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno != EINTR) {
      return io_error("read", path, errno);
    }
    if (got == 0) {
      break;
    }
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  bytes.resize(done);
  return bytes;
}

Status replace_file(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".new";
  {
    const UniqueFd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) {
      return io_error("create", beside, errno);
    }
    DIRECTOR_CHECK(write_all(fd.get(), bytes, beside));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    return io_error("replace", path, errno);
  }
  return ok();
}

}  // namespace director::vcs_git
