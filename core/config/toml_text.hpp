/// The TOML parser's side of entries.hpp. Only core/config/*.cpp include this.
#pragma once

#include <optional>
#include <string_view>

#include "core/config/entries.hpp"

namespace director::config {

/// One value on its own; nullopt if the text is no TOML value.
[[nodiscard]] std::optional<Scalar> parse_toml_value(std::string_view text);

}  // namespace director::config
