/// Tests that fail because of themselves, and not because a behaviour is missing. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/plan.hpp"

namespace director::plan {

/// What in the output of the node's failing command shows that its tests were not really run: a
/// syntax error in one of its test files, a test runner that is not installed, no test found.
/// Empty: nothing does. Knows the wording of common tools; a wording it does not know counts as
/// red.
[[nodiscard]] std::string wrong_red(const Node& node, std::string_view output);

}  // namespace director::plan
