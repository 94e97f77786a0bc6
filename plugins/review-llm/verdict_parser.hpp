/// The reviewer's answer: one JSON object, possibly with a code fence or prose around it.
#pragma once

#include <string_view>

#include "director/result.hpp"
#include "director/reviewer.hpp"

namespace review_llm {

/// Pure. Errors: Invalid, with the reason in words that the model can act on: no verdict, more than
/// one, or one that is not of the form asked for. A verdict is never guessed.
[[nodiscard]] director::Result<director::review> parse_verdict(std::string_view answer);

}  // namespace review_llm
