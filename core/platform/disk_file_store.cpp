#include "core/platform/disk_file_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/platform/os_error.hpp"
#include "core/platform/process_table.hpp"
#include "core/platform/remove_tree.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

Error failure(std::string_view verb, const fs::path& path, int error_number) {
  return os_error("cannot " + std::string(verb) + " '" + path.string() + "'", error_number);
}

Status write_all(int fd, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return failure("write", path, errno);
    }
  }
  return ok();
}

Status sync_folder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) {
    return failure("sync folder", folder, errno);
  }
  return ok();
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) {
    return ok();
  }
  fs::create_directories(folder, error);
  if (error) {
    return failure("create folder", folder, error.value());
  }
  return folder.has_parent_path() ? sync_folder(folder.parent_path()) : ok();
}

class DiskAppendFile final : public ports::AppendFile {
 public:
  DiskAppendFile(UniqueFd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  [[nodiscard]] Status append(std::string_view bytes) override {
    return write_all(fd_.get(), path_, bytes);
  }
  [[nodiscard]] Status sync() override {
    struct stat info {};
    if (::fdatasync(fd_.get()) != 0 || ::fstat(fd_.get(), &info) != 0) {
      return failure("sync", path_, errno);
    }
    return info.st_nlink > 0
               ? ok()
               : Status(Error(Errc::Io, "cannot sync '" + path_.string() +
                                            "': it was deleted while director was at work"));
  }

 private:
  UniqueFd fd_;
  fs::path path_;
};

constexpr std::string_view kTemporary = ".tmp-";

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> counter = 0;
  return path.parent_path() / ("." + path.filename().string() + std::string(kTemporary) +
                               std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The process that made a temporary file, by its name; 0 for any other file.
pid_t maker_of(const std::string& name) {
  const std::size_t mark = name.rfind(kTemporary);
  if (!name.starts_with('.') || mark == std::string::npos) {
    return 0;
  }
  const std::string_view rest = std::string_view(name).substr(mark + kTemporary.size());
  const std::size_t dash = std::min(rest.find('-'), rest.size());
  constexpr std::size_t kMostDigits = 9;
  if (dash > kMostDigits || dash == rest.size() || !is_number(rest.substr(0, dash)) ||
      !is_number(rest.substr(dash + 1))) {
    return 0;
  }
  return static_cast<pid_t>(std::atoi(std::string(rest.substr(0, dash)).c_str()));
}

Status write_new(const fs::path& path, std::string_view bytes) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) {
    return failure("create", path, errno);
  }
  DIRECTOR_CHECK(write_all(fd.get(), path, bytes));
  return ::fsync(fd.get()) == 0 ? ok() : failure("sync", path, errno);
}

}  // namespace

Result<std::string> DiskFileStore::read(const fs::path& path) {
  // Without waiting for whoever might write to a pipe of this name.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return failure("read", path, errno);
  }
  if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode)) {
    return Error(Errc::Invalid, "cannot read '" + path.string() + "': it is not a file");
  }
  std::string bytes;
  std::size_t filled = 0;
  // One byte more than it should have, so that the end shows without another round.
  bytes.resize(static_cast<std::size_t>(info.st_size) + 1);
  for (;;) {
    if (filled == bytes.size()) {
      bytes.resize(bytes.size() * 2);
    }
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (got == 0) {
      bytes.resize(filled);
      return bytes;
    } else if (errno != EINTR) {
      return failure("read", path, errno);
    }
  }
}

Status DiskFileStore::write(const fs::path& path, std::string_view bytes) {
  DIRECTOR_CHECK(make_folder(path.parent_path()));
  const fs::path temporary = temporary_beside(path);
  Status written = write_new(temporary, bytes);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = failure("replace", path, errno);
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return std::move(written).context("cannot write '" + path.string() + "'");
  }
  return sync_folder(path.parent_path());
}

Result<std::unique_ptr<ports::AppendFile>> DiskFileStore::open_append(const fs::path& path,
                                                                      std::uint64_t keep_bytes) {
  DIRECTOR_CHECK(make_folder(path.parent_path()));
  UniqueFd fd(::open(path.c_str(),
                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  struct stat info {};
  if (!fd && errno == ELOOP) {
    return Error(Errc::Invalid,
                 "cannot open '" + path.string() + "': it is a symbolic link; put a file there");
  }
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return failure("open", path, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return Error(Errc::Invalid, "cannot open '" + path.string() + "': it is not a file");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < keep_bytes) {
    return Error(Errc::Conflict, "cannot open '" + path.string() + "' for appending: it has " +
                                     std::to_string(size) + " bytes, not " +
                                     std::to_string(keep_bytes));
  }
  if (size > keep_bytes && ::ftruncate(fd.get(), static_cast<off_t>(keep_bytes)) != 0) {
    return failure("cut", path, errno);
  }
  DIRECTOR_CHECK(sync_folder(path.parent_path()));
  return std::unique_ptr<ports::AppendFile>(std::make_unique<DiskAppendFile>(std::move(fd), path));
}

Status DiskFileStore::move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(from, error))) {
    return failure("move", from, ENOENT);
  }
  DIRECTOR_CHECK(make_folder(to.parent_path()));
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int why = errno;
    return failure("move '" + from.string() + "' to", to, why);
  }
  DIRECTOR_CHECK(sync_folder(to.parent_path()));
  return sync_folder(from.parent_path());
}

Status DiskFileStore::remove(const fs::path& path) { return remove_tree(path); }

void remove_cut_off_writes(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const pid_t maker = maker_of(entry->path().filename().string());
    if (maker != 0 && (maker == ::getpid() || is_gone(maker))) {
      ::unlink(entry->path().c_str());
    }
  }
}

}  // namespace director::platform
