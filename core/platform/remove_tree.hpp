/// Removing a folder that somebody hostile has filled.
#pragma once

#include <filesystem>
#include <string>

#include "director/result.hpp"

namespace director::platform {

/// Removes `name` in the open folder `parent`, whatever it is; absent is fine. No symbolic link is
/// followed and no file system but `parent`'s entered; folders that may not be read are made
/// readable; depth does not matter. Errors: Io, with what is in the way; the rest is gone then.
[[nodiscard]] Status remove_tree(int parent, const std::string& name);
/// The same by path. Absent, or in an absent folder, is fine.
[[nodiscard]] Status remove_tree(const std::filesystem::path& path);

}  // namespace director::platform
