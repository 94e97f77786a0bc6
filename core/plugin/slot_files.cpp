#include "core/plugin/slot_files.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iterator>
#include <system_error>

namespace director::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMostBytes = std::uintmax_t{16} << 20U;

FileTime in_nanoseconds(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

file_type type_at(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  fs::path at = folder;
  for (const fs::path& part : path.parent_path()) {
    at /= part;
    if (!fs::is_directory(fs::symlink_status(at, error))) {
      return file_type::none;
    }
  }
  const fs::file_status status = fs::symlink_status(folder / path, error);
  if (!fs::exists(status) || fs::is_directory(status)) {
    return file_type::none;
  }
  if (fs::is_symlink(status)) {
    return file_type::symlink;
  }
  if (!fs::is_regular_file(status)) {
    return file_type::other;
  }
  const bool may_run = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  return may_run ? file_type::executable : file_type::regular;
}

/// Whether these are the bytes that are asked for; NotFound: there are none to be had.
Result<bool> are_bytes(const std::string& seen, const Result<std::string>& wanted) {
  if (!wanted && wanted.error().code() != Errc::NotFound) {
    return wanted.error();
  }
  return wanted && *wanted == seen;
}

Result<bool> has_bytes(const fs::path& file, const std::function<Result<std::string>()>& bytes) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || size > kMostBytes) {
    return !error;
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream && errno != ENOENT) {
    return Error(Errc::Io,
                 "cannot read '" + file.string() + "': " + std::generic_category().message(errno));
  }
  const std::string seen(std::istreambuf_iterator<char>(stream), {});
  return are_bytes(seen, bytes());
}

}  // namespace

Result<bool> stands_in(const fs::path& folder, const std::string& path, file_type type,
                       const std::function<Result<std::string>()>& bytes) {
  if (type == file_type::submodule || type == file_type::other) {
    return true;
  }
  const file_type seen = type_at(folder, path);
  if (type == file_type::none) {
    return seen == file_type::none || seen == file_type::other;
  }
  if (seen != type) {
    return false;
  }
  if (type == file_type::symlink) {
    std::error_code error;
    const fs::path target = fs::read_symlink(folder / path, error);
    return are_bytes(target.native(), bytes());
  }
  return has_bytes(folder / path, bytes);
}

FileTime file_time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return in_nanoseconds(now);
}

bool changed_since(const fs::path& folder, const std::string& path, FileTime then) {
  struct stat seen {};
  for (fs::path at = fs::path(path); !at.empty(); at = at.parent_path()) {
    if (::lstat((folder / at).c_str(), &seen) == 0) {
      return in_nanoseconds(seen.st_ctim) >= then;
    }
  }
  return ::lstat(folder.c_str(), &seen) != 0 || in_nanoseconds(seen.st_ctim) >= then;
}

}  // namespace director::plugin
