/// Strings: cutting, joining, showing. Pure; knows ASCII and UTF-8, no locale.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace director::text {

/// Without blanks, tabs and line breaks at either end.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Lines without their ends ("\n" or "\r\n"); a last end adds no empty line.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
/// ASCII only: other bytes stay.
[[nodiscard]] std::string to_lower(std::string_view text);

/// The candidate that `word` probably meant, by edit distance; nullopt if none is near.
[[nodiscard]] std::optional<std::string> closest_match(std::string_view word,
                                                       std::span<const std::string> candidates);

[[nodiscard]] bool is_utf8(std::string_view text);
/// Every byte that is no part of valid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);

/// For one line of a terminal or message: control characters, escapes, line breaks, bidirectional
/// overrides and invalid bytes are shown as "\n", "\x1b", "\u202e"; nothing else changes.
[[nodiscard]] std::string printable(std::string_view text);

/// The same for a text of several lines: line feeds and tabs stay as they are.
[[nodiscard]] std::string printable_lines(std::string_view text);

/// The character that valid UTF-8 starts with, if it is one that printable() shows as an escape:
/// its code point and its length in bytes.
struct Hidden {
  unsigned code = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] std::optional<Hidden> hidden_at(std::string_view text);

/// At most `max_bytes`: head and tail with a line between that says how much is missing. Cuts no
/// UTF-8 sequence. A `max_bytes` too small for that line keeps the head only.
[[nodiscard]] std::string cut_middle(std::string_view text, std::size_t max_bytes);

}  // namespace director::text
