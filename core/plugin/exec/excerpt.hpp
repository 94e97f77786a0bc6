/// The beginning and the end of what a program says, within a size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace director::plugin::exec {

/// Of what a program says on stderr, in bytes.
inline constexpr std::size_t kKeptWords = 4096;

/// Pure. Keeps `limit` bytes: a first half from the beginning, a second from the end.
class Excerpt {
 public:
  explicit Excerpt(std::size_t limit) : half_(limit / 2) {}

  /// `cut`: the end of the line is lost already.
  void add_line(std::string_view line, bool cut);
  /// Valid UTF-8; where something is missing, a line says how much.
  [[nodiscard]] std::string text() const;
  /// As the end of a sentence, `; it said: ...`, printable; empty if there is nothing to say.
  [[nodiscard]] std::string last_words() const;

 private:
  void add(std::string_view piece);

  std::size_t half_;
  std::string head_;
  std::string tail_;
  std::size_t left_out_ = 0;
};

}  // namespace director::plugin::exec
