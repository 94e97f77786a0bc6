/// The configuration in force as people and scripts read it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/load.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The items whose key starts with `prefix`, in their order. Errors: NotFound if there is none,
/// with a suggestion.
[[nodiscard]] Result<std::vector<config::Item>> items_below(const std::vector<config::Item>& items,
                                                            std::string_view prefix);

/// `key = value  # origin`, a line each, in columns.
[[nodiscard]] std::string config_text(const std::vector<config::Item>& items);

/// `profile`: the file that stands alone; empty: none.
[[nodiscard]] std::string config_json(const std::vector<config::Item>& items,
                                      const std::vector<std::string>& warnings,
                                      std::string_view profile);

}  // namespace director::cli
