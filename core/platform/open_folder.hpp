/// Folders that somebody hostile has filled, by their descriptors: no link is followed.
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include <memory>
#include <string>
#include <vector>

#include "core/platform/unique_fd.hpp"
#include "director/result.hpp"

namespace director::platform {

inline constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

/// How deep folders are walked: more is nobody's work, and costs a descriptor a level.
inline constexpr int kDeepest = 256;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
/// What fdopendir() opened.
using DirStream = std::unique_ptr<DIR, CloseDir>;

/// The names in an open folder. Errors: Io.
[[nodiscard]] Result<std::vector<std::string>> names_in(int folder);

/// The folder in `folder` that a relative path leads to; none of its parts may be a link. Not open:
/// errno says why.
[[nodiscard]] UniqueFd open_below(int folder, const std::string& path);

}  // namespace director::platform
