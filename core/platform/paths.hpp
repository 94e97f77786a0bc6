/// Where things are on this machine.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::platform {

/// The user's own folders for this program, as the XDG base directory specification says; they may
/// not exist yet. Relative values of the variables are ignored.
struct UserFolders {
  std::filesystem::path cache;   ///< $XDG_CACHE_HOME/director
  std::filesystem::path config;  ///< $XDG_CONFIG_HOME/director
  std::filesystem::path data;    ///< $XDG_DATA_HOME/director
};

/// Errors: NotFound if the user has no home folder and a variable is missing.
[[nodiscard]] Result<UserFolders> user_folders();

/// What a repository's folder in the cache is called. `repository`: its real path.
[[nodiscard]] std::string cache_name(const std::filesystem::path& repository);

/// The private folder of one repository under the cache: its name and a hash of its whole path.
/// Makes it, mode 0700. Errors: NotFound if there is no such repository; Conflict if the folder is
/// somebody else's or others can get at it and that cannot be mended; Io.
[[nodiscard]] Result<std::filesystem::path> repository_cache(
    const std::filesystem::path& cache_root, const std::filesystem::path& repository);

/// Where the parts of this installation are, found from the running program's own place. Works from
/// a build tree, too.
struct Installation {
  std::filesystem::path program;
  std::filesystem::path supervisor;  ///< director-supervise, a file
  std::filesystem::path plugins;
  std::filesystem::path agents;
  std::filesystem::path templates;  ///< of plugins, for `director plugin new`
};
[[nodiscard]] Result<Installation> find_installation();

/// `relative` starting with "~/" is in the home folder; anything else that is not absolute is taken
/// from `base`. The result is normal but symbolic links stay.
[[nodiscard]] std::filesystem::path resolve_path(std::string_view path,
                                                 const std::filesystem::path& base);

}  // namespace director::platform
