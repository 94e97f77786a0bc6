#include "core/platform/paths.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "core/base/sha256.hpp"
#include "core/platform/os_error.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

fs::path absolute_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? fs::path(value) : fs::path();
}

fs::path home() {
  if (fs::path set = absolute_variable("HOME"); !set.empty()) {
    return set;
  }
  std::array<char, 4096> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  const int error = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  if (error == 0 && found != nullptr && found->pw_dir != nullptr && found->pw_dir[0] == '/') {
    return found->pw_dir;
  }
  return {};
}

Result<fs::path> user_folder(const char* variable, const char* below_home) {
  if (fs::path set = absolute_variable(variable); !set.empty()) {
    return set / "director";
  }
  const fs::path base = home();
  if (base.empty()) {
    return Error(Errc::NotFound, std::string("cannot find the home folder: set HOME or ") +
                                     variable + " to an absolute path");
  }
  return base / below_home / "director";
}

fs::path first_existing(std::initializer_list<fs::path> candidates) {
  std::error_code error;
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate, error)) {
      return candidate.lexically_normal();
    }
  }
  return candidates.begin()->lexically_normal();
}

Status make_private(const fs::path& folder) {
  const std::string what = "cannot use cache folder '" + folder.string() + "'";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return os_error(what, errno);
  }
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) {
    return os_error(what, errno);
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid()) {
    return Error(Errc::Conflict, what + ": it is not a folder of this user; remove it");
  }
  if ((info.st_mode & 077U) != 0 && ::chmod(folder.c_str(), 0700) != 0) {
    return os_error(what, errno);
  }
  return ok();
}

}  // namespace

Result<UserFolders> user_folders() {
  DIRECTOR_TRY(fs::path cache, user_folder("XDG_CACHE_HOME", ".cache"));
  DIRECTOR_TRY(fs::path config, user_folder("XDG_CONFIG_HOME", ".config"));
  DIRECTOR_TRY(fs::path data, user_folder("XDG_DATA_HOME", ".local/share"));
  return UserFolders{std::move(cache), std::move(config), std::move(data)};
}

std::string cache_name(const fs::path& repository) {
  return repository.filename().string() + "-" + sha256_hex(repository.string()).substr(0, 12);
}

Result<fs::path> repository_cache(const fs::path& cache_root, const fs::path& repository) {
  std::error_code error;
  const fs::path canonical = fs::canonical(repository, error);
  if (error) {
    return os_error("cannot find repository '" + repository.string() + "'", error.value());
  }
  fs::create_directories(cache_root, error);
  if (error) {
    return os_error("cannot create cache folder '" + cache_root.string() + "'", error.value());
  }
  fs::path folder = cache_root / cache_name(canonical);
  DIRECTOR_CHECK(make_private(folder));
  return folder;
}

Result<Installation> find_installation() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return os_error("cannot find this program's own file", error.value());
  }
  const fs::path prefix = program.parent_path().parent_path();
  return Installation{
      program,
      first_existing({prefix / DIRECTOR_LIBEXECDIR / "director", prefix / "libexec/director"}) /
          "director-supervise",
      first_existing(
          {prefix / DIRECTOR_LIBDIR / "director/plugins", prefix / "lib/director/plugins"}),
      first_existing(
          {prefix / DIRECTOR_DATADIR / "director/agents", prefix / "share/director/agents"}),
      first_existing(
          {prefix / DIRECTOR_DATADIR / "director/templates", prefix / "share/director/templates"})};
}

fs::path resolve_path(std::string_view path, const fs::path& base) {
  if (path == "~" || path.starts_with("~/")) {
    return (home() / path.substr(path.size() == 1 ? 1 : 2)).lexically_normal();
  }
  return (base / path).lexically_normal();
}

}  // namespace director::platform
