/// What a shared library offers to the loader.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "director/result.hpp"

namespace director::kit {

/// The names of the symbols that a library exports, without those that linkers add, sorted. The
/// library is read, not loaded. Errors: Invalid if it is no 64-bit ELF file or a broken one; Io.
[[nodiscard]] Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& path);

}  // namespace director::kit
