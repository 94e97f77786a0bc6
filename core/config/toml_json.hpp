/// A TOML text as JSON, for files that are not the configuration of director itself.
#pragma once

#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::config {

/// Tables become objects, with their keys sorted. `path` is for messages. Errors: Invalid with
/// every problem at once, a line each: `path:line:column: <message>`; also for what has no like in
/// JSON (dates) and for arrays of anything but strings.
[[nodiscard]] Result<std::string> toml_to_json(std::string_view path, std::string_view text);

}  // namespace director::config
