/// The clock of this machine.
#pragma once

#include "core/ports/clock.hpp"

namespace director::platform {

class SystemClock final : public ports::Clock {
 public:
  [[nodiscard]] ports::SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] ports::WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace director::platform
