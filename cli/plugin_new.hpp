/// Writing a plugin to start from.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "core/platform/paths.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Whether a new plugin may be called so. Errors: Invalid, with what to do.
[[nodiscard]] Status check_plugin_name(std::string_view name);

/// Pure. The text with what is known of the plugin in the place of @NAME@, @KIND@ and @CONFIG@.
[[nodiscard]] std::string fill_in(std::string text, const PluginNewOptions& options,
                                  std::string_view config);

/// Writes the project and returns what to do next. Errors: Invalid for what cannot be had, Conflict
/// for a folder that is not empty, Io. After Io the folder may hold a part of it.
[[nodiscard]] Result<std::string> write_new_plugin(PluginNewOptions options,
                                                   const platform::Installation& installation);

}  // namespace director::cli
