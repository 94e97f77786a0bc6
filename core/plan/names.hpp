/// Which ids and paths a plan may hold. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace director::plan {

/// What is wrong with a node's id as a part of a branch name, and the fix; nullopt: nothing.
[[nodiscard]] std::optional<std::string> id_problem(std::string_view id);

/// What is wrong with a path of a plan, and the fix; nullopt: nothing. Fit are relative, normal
/// paths with '/' between UTF-8 names, outside of .director, with no part that git takes for its
/// own folder on any file system.
[[nodiscard]] std::optional<std::string> path_problem(std::string_view path);

/// The name as messages show it: quoted, printable, bounded.
[[nodiscard]] std::string shown(std::string_view name);

}  // namespace director::plan
