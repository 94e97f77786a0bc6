/// A clock that only moves when it is looked at.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/ports/clock.hpp"

namespace director::testing {

/// Each look at now() moves it by `step`: what waits by the clock waits for a few looks.
class FakeClock final : public ports::Clock {
 public:
  explicit FakeClock(std::chrono::milliseconds step = std::chrono::milliseconds(0))
      : step_(step.count()) {}

  [[nodiscard]] ports::SteadyTime now() const override {
    return ports::SteadyTime(std::chrono::milliseconds(ms_.fetch_add(step_) + step_));
  }
  [[nodiscard]] ports::WallTime wall() const override {
    constexpr std::int64_t kStart = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
    return ports::WallTime(std::chrono::milliseconds(kStart + ms_.load()));
  }
  void advance(std::chrono::milliseconds by) { ms_.fetch_add(by.count()); }

 private:
  std::int64_t step_;
  mutable std::atomic<std::int64_t> ms_{0};
};

}  // namespace director::testing
