#include "core/plugin/exec/excerpt.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace director::plugin::exec {

void Excerpt::add_line(std::string_view line, bool cut) {
  add(line);
  add(cut ? " [... the end of this line is missing]\n" : "\n");
}

void Excerpt::add(std::string_view piece) {
  if (tail_.empty() && left_out_ == 0) {
    const std::size_t room = std::min(piece.size(), half_ - head_.size());
    head_ += piece.substr(0, room);
    piece.remove_prefix(room);
  }
  tail_ += piece;
  // By whole halves, so that each byte is moved once at most.
  if (tail_.size() > 2 * half_) {
    left_out_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
}

std::string Excerpt::text() const {
  const std::size_t excess = tail_.size() > half_ ? tail_.size() - half_ : 0;
  const std::size_t missing = left_out_ + excess;
  std::string text = head_;
  if (missing != 0) {
    text += "\n[... " + std::to_string(missing) + " bytes are left out here ...]\n";
  }
  return text::to_utf8(text + tail_.substr(excess));
}

std::string Excerpt::last_words() const {
  constexpr std::size_t kShown = 400;
  const std::string all = text();
  std::string_view end = text::trim(all);
  if (end.size() > kShown) {
    end.remove_prefix(end.size() - kShown);
  }
  return end.empty() ? "" : "; it said: " + text::printable(text::to_utf8(end));
}

}  // namespace director::plugin::exec
