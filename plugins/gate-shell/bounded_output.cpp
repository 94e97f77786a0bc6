#include "bounded_output.hpp"

#include <algorithm>

#include "text.hpp"

namespace gate_shell {

void BoundedOutput::add_line(std::string_view line, bool cut) {
  add(line);
  add(cut ? " [... end of line missing]\n" : "\n");
}

void BoundedOutput::add(std::string_view piece) {
  if (tail_.empty() && dropped_ == 0) {
    const std::size_t room = std::min(piece.size(), half_ - head_.size());
    head_ += piece.substr(0, room);
    piece.remove_prefix(room);
  }
  tail_ += piece;
  // Trimmed by whole halves, so that a long output costs a copy of each byte and not more.
  if (tail_.size() > 2 * half_) {
    dropped_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
}

std::string BoundedOutput::text() const {
  const std::size_t excess = tail_.size() > half_ ? tail_.size() - half_ : 0;
  const std::size_t missing = dropped_ + excess;
  std::string out = plugin_support::valid_utf8(head_);
  if (missing != 0) {
    out += "\n[... " + std::to_string(missing) + " bytes of output are missing here ...]\n";
  }
  return out + plugin_support::valid_utf8(std::string_view(tail_).substr(excess));
}

}  // namespace gate_shell
