/// Bytes from files and other programs, made fit for what the ABI asks to be UTF-8, and for JSON.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace director {
namespace detail {

/// Length of the valid UTF-8 sequence at the start of `text`, which is not empty; 0: there is none.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) >= 0xA0) || (lead == 0xF4 && byte(1) >= 0x90);
  return overlong || outside ? 0 : length;
}

}  // namespace detail

/// Whether all of `text` is valid UTF-8.
[[nodiscard]] inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = detail::utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

/// The same text with every byte that is not part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] inline std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = detail::utf8_length(bytes);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      bytes.remove_prefix(1);
    } else {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return out;
}

/// A text as a string of JSON, with its quotes. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] inline std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : to_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

namespace detail {

/// Text on its way to the host: `text` itself where it is UTF-8, else a copy that is.
class outgoing {
 public:
  explicit outgoing(std::string_view text) : seen_(text) {
    if (!is_utf8(text)) {
      mended_ = to_utf8(text);
      seen_ = mended_;
    }
  }
  outgoing(const outgoing&) = delete;
  outgoing& operator=(const outgoing&) = delete;

  [[nodiscard]] std::string_view view() const { return seen_; }

 private:
  std::string mended_;
  std::string_view seen_;
};

/// A summary is one line.
[[nodiscard]] inline std::string one_line(std::string_view text) {
  std::string line = to_utf8(text);
  for (char& c : line) {
    c = c == '\n' || c == '\r' ? ' ' : c;
  }
  return line;
}

}  // namespace detail
}  // namespace director
