/// A plugin's configuration against the schema that its descriptor carries. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/config/settings.hpp"
#include "director/result.hpp"

namespace director::config {

/// The table with the schema's defaults filled in, as a JSON object with its keys sorted. An empty
/// schema: the plugin has no configuration. Knows the subset of JSON Schema that
/// director/abi/entry.h names; anything else in a schema is that plugin's bug.
///
/// Errors: Invalid with every problem at once, a line each: `path:line:column: <message>`; Internal
/// if the schema itself cannot be used.
[[nodiscard]] Result<std::string> check_plugin_config(const PluginTable& table,
                                                      std::string_view json_schema,
                                                      std::string_view plugin_id);

}  // namespace director::config
