/// Folders that somebody hostile has filled, by their descriptors: no link is followed.
#pragma once

#include <fcntl.h>

#include <string>
#include <vector>

#include "core/platform/unique_fd.hpp"
#include "director/result.hpp"

namespace director::platform {

inline constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

/// The names in an open folder. Errors: Io.
[[nodiscard]] Result<std::vector<std::string>> names_in(int folder);

/// The folder in `folder` that a relative path leads to; none of its parts may be a link. Not open:
/// errno says why.
[[nodiscard]] UniqueFd open_below(int folder, const std::string& path);

}  // namespace director::platform
