/// Logs for tests.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/log.hpp"

namespace director::testing {

/// Keeps every line. Safe from any thread.
class RecordingLog final : public ports::Log {
 public:
  void write(ports::LogLevel level, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, text);
  }
  /// How many lines hold `part`.
  [[nodiscard]] int count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    int found = 0;
    for (const auto& [level, text] : lines_) {
      found += text.find(part) != std::string::npos ? 1 : 0;
    }
    return found;
  }
  /// How many lines say nothing.
  [[nodiscard]] int count_empty() const {
    const std::lock_guard lock(mutex_);
    int found = 0;
    for (const auto& [level, text] : lines_) {
      found += text.empty() ? 1 : 0;
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<ports::LogLevel, std::string>> lines_;
};

}  // namespace director::testing
