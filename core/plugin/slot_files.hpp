/// What stands in a slot, whatever its plugin says.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "director/gate.hpp"
#include "director/result.hpp"

namespace director::plugin {

/// Whether a path of the folder is of this type and has these bytes (of a symlink: its target),
/// which are asked for only where they count: not of folders, of what no tree holds, nor of files
/// larger than 16 MiB. No link is followed. A path that is a folder is none. Errors: the file
/// cannot be read; of `bytes`, but for NotFound, which is no.
[[nodiscard]] Result<bool> stands_in(const std::filesystem::path& folder, const std::string& path,
                                     file_type type,
                                     const std::function<Result<std::string>()>& bytes);

/// A point in time by the clock that stamps files.
using FileTime = std::chrono::nanoseconds;
[[nodiscard]] FileTime file_time_now();

/// Whether somebody was at the path, or at the nearest folder above it that there is, since then.
/// The time is the file system's own, which nobody but root can forge.
[[nodiscard]] bool changed_since(const std::filesystem::path& folder, const std::string& path,
                                 FileTime then);

}  // namespace director::plugin
