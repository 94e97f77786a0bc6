/// What the reviewer is asked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "director/reviewer.hpp"

namespace review_llm {

/// Pure. The diff, or as many whole files of it as fit into `limit` bytes and a list of those that
/// do not.
[[nodiscard]] std::string shorten_diff(std::string_view diff, std::size_t limit);

/// Pure. The diff stands between two lines that do not occur in it.
[[nodiscard]] std::string review_message(const director::review_request& request,
                                         std::size_t max_diff_bytes);

/// Pure. The same, after an answer that could not be read.
[[nodiscard]] std::string second_message(const std::string& first, std::string_view problem);

}  // namespace review_llm
