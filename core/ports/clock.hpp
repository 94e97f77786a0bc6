/// Time, as the kernel asks for it.
#pragma once

#include <chrono>

namespace director::ports {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Never goes back; for durations and deadlines.
  [[nodiscard]] virtual SteadyTime now() const = 0;
  /// For people and records; may jump.
  [[nodiscard]] virtual WallTime wall() const = 0;
};

}  // namespace director::ports
