/// Bytes from other programs, made fit for people and for JSON.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "director/text.hpp"

namespace plugin_support {

/// The same text with every byte that is not part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] inline std::string valid_utf8(std::string_view text) {
  return director::to_utf8(text);
}

[[nodiscard]] inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// True if hardly any of the bytes is one that no text has. A few such bytes make a file binary for
/// most tools, which then do not show it.
[[nodiscard]] inline bool is_nearly_text(std::string_view bytes) {
  constexpr std::ptrdiff_t kOneIn = 20;
  const auto odd = std::count_if(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' && std::string_view("\t\n\v\f\r\x1b").find(c) == std::string_view::npos;
  });
  return odd * kOneIn <= static_cast<std::ptrdiff_t>(bytes.size());
}

/// FNV-1a, 64 bits: to tell contents apart, not to keep anybody out.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view text,
                                             std::uint64_t seed = 0xCBF29CE484222325u) {
  for (const char c : text) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  return seed;
}

[[nodiscard]] inline std::string hex64(std::uint64_t number) {
  std::string out(16, '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, number >>= 4) {
    *digit = "0123456789abcdef"[number & 15];
  }
  return out;
}

}  // namespace plugin_support
