/// Folders of files that a check compares before and after.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "director/result.hpp"

namespace director::kit {

/// Of each entry below `folder`, by its relative path: its type, mode and bytes or target.
using Listing = std::map<std::string, std::string>;
[[nodiscard]] Listing list_folder(const std::filesystem::path& folder);

/// "'a' was changed", "'b' was made", "'c' was removed"; empty: nothing.
[[nodiscard]] std::string first_difference(const Listing& before, const Listing& after);

/// `from` empty: an empty folder. Errors: Io.
[[nodiscard]] Status copy_folder(const std::filesystem::path& from,
                                 const std::filesystem::path& to);

[[nodiscard]] Status write_file(const std::filesystem::path& path, std::string_view bytes);
/// Empty if there is none.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace director::kit
