/// Removing what commands left behind.
#pragma once

#include <filesystem>
#include <system_error>

namespace director::platform {

/// Removes a file, or a folder with all that is in it, though its maker took the right to enter or
/// change it from its owner. Follows no link. Nothing if there is none.
[[nodiscard]] std::error_code remove_tree(const std::filesystem::path& path);

}  // namespace director::platform
