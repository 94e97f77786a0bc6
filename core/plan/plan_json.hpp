/// plan.json. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::plan {

/// Reads the shape only; validate() judges the content. Fields that are not known are ignored;
/// lists and texts of a node that are missing are empty. Errors: Invalid, naming the place.
[[nodiscard]] Result<Plan> parse_plan(std::string_view text);

/// Indented, fields in a fixed order, with a line break at the end.
[[nodiscard]] std::string to_json(const Plan& plan);

}  // namespace director::plan
