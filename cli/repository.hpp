/// Where the repository and its .director folder are.
#pragma once

#include <filesystem>
#include <string>

#include "core/engine/services.hpp"
#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The root of the repository that `path` is in: the nearest folder with a .git or a .director in
/// it, else `path` itself. Errors: NotFound if there is no such folder.
[[nodiscard]] Result<std::filesystem::path> find_repository(const std::string& path);

/// The folders of a repository; its private cache is made. Errors: NotFound; Io.
[[nodiscard]] Result<engine::Folders> folders_of(const std::filesystem::path& repository);

/// Where git keeps what is this checkout's own, and what all worktrees of its repository share. But
/// in a linked worktree that is the same. Neither has to be there.
struct GitFolders {
  std::filesystem::path checkout;  ///< `repository`, or the nearest folder around it that is git's
  std::filesystem::path own;
  std::filesystem::path shared;
};
[[nodiscard]] GitFolders git_folders_of(const std::filesystem::path& repository);

/// Makes .director and the .gitignore that keeps all but the configuration out of git.
[[nodiscard]] Status make_state_folder(ports::FileStore& files, const engine::Folders& folders);

/// Moves a job's files to history/<job>/, or to <job>-2/ and so on where others are there. The
/// journal goes last, so that an interrupted move goes on.
[[nodiscard]] Status archive_job(ports::FileStore& files, const engine::Folders& folders,
                                 const std::string& job);

}  // namespace director::cli
