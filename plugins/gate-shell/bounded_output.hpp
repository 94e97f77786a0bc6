/// The beginning and the end of what a command said, within a size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gate_shell {

/// Pure. Keeps `limit` bytes: a first half from the beginning, a second from the end.
class BoundedOutput {
 public:
  explicit BoundedOutput(std::size_t limit) : half_(limit / 2) {}

  /// `cut`: the host kept only the beginning of the line.
  void add_line(std::string_view line, bool cut = false);

  /// Valid UTF-8, with a marker where something is missing.
  [[nodiscard]] std::string text() const;

 private:
  void add(std::string_view piece);

  std::size_t half_;
  std::string head_;
  std::string tail_;
  std::size_t dropped_ = 0;
};

}  // namespace gate_shell
