/// The reviewer's answer: one JSON object, possibly with a code fence or prose around it.
#pragma once

#include <string_view>

#include "director/result.hpp"
#include "director/reviewer.hpp"

namespace review_llm {

/// Pure. `change`: the diff under review, whose author may have planted a verdict to be quoted.
/// Errors: Invalid, with the reason in words that the model can act on: no verdict, more than one,
/// one that stands in the change, or one that is not of the form asked for. A verdict is never
/// guessed, and none is taken out of another that cannot be read.
[[nodiscard]] director::Result<director::review> parse_verdict(std::string_view answer,
                                                               std::string_view change);

}  // namespace review_llm
