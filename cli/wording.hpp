/// Words that several commands print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace director::cli {

/// "1 node", "2 nodes".
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

/// With blanks behind it up to `width` bytes; what is longer stays as it is.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

/// In quotes, so that a shell reads it as one word, as it is.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace director::cli
