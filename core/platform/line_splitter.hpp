/// Bytes of one stream to lines, in bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace director::platform {

/// Lines come without their line feed. A line longer than `max_bytes` is delivered once, cut, as
/// soon as that is known; its rest is dropped.
class LineSplitter {
 public:
  using Deliver = std::function<void(std::string_view line, bool cut)>;

  LineSplitter(std::size_t max_bytes, Deliver deliver)
      : max_bytes_(max_bytes), deliver_(std::move(deliver)) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t feed = bytes.find('\n');
      const bool ends = feed != std::string_view::npos;
      take(bytes.substr(0, feed), ends);
      bytes.remove_prefix(ends ? feed + 1 : bytes.size());
    }
  }

  /// The stream has ended: an unterminated line counts.
  void finish() {
    if (!pending_.empty()) {
      deliver_(pending_, false);
    }
    pending_.clear();
    skipping_ = false;
  }

 private:
  void take(std::string_view piece, bool ends) {
    if (!skipping_ && pending_.size() + piece.size() > max_bytes_) {
      pending_.append(piece.substr(0, max_bytes_ - pending_.size()));
      deliver_(pending_, true);
      pending_.clear();
      skipping_ = true;
    }
    if (skipping_) {
      skipping_ = !ends;
      return;
    }
    if (!ends) {
      pending_.append(piece);
    } else if (pending_.empty()) {
      deliver_(piece, false);
    } else {
      pending_.append(piece);
      deliver_(pending_, false);
      pending_.clear();
    }
  }

  std::size_t max_bytes_;
  Deliver deliver_;
  std::string pending_;
  bool skipping_ = false;
};

}  // namespace director::platform
