/// Comparing what is with what a scenario says. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "tests/e2e/scenario/scenario.hpp"

namespace director::e2e {

/// Empty if `actual` has all that `expected` has, else what differs, a line each. Members that
/// `expected` does not name may be anything; numbers may differ by a millionth. An object
/// {"has": [...], "lacks": [...]} in the place of a string asks for parts of it.
[[nodiscard]] std::string differences(const Json& expected, const Json& actual);

/// Empty if the text has all the parts that it must have and none that it must not.
[[nodiscard]] std::string differences(const Texts& expected, std::string_view actual);

}  // namespace director::e2e
