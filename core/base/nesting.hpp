/// How paths lie in one another, by their text: absolute or relative to the same folder, without
/// "." and ".." and, where links matter, real. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace director {

/// Whether `path` lies in `folder`, at any depth; a folder does not lie in itself. "/" holds every
/// other absolute path. A slash at the end of `folder` changes nothing.
[[nodiscard]] bool lies_below(std::string_view path, std::string_view folder);

/// Whether `path` is `folder` or lies below it.
[[nodiscard]] bool lies_within(std::string_view path, std::string_view folder);
[[nodiscard]] bool lies_within_any(std::string_view path, const std::vector<std::string>& folders);

/// Whether `folder` is one of `paths` or holds one.
[[nodiscard]] bool holds_any(std::string_view folder, const std::vector<std::string>& paths);

}  // namespace director
