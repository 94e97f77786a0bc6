#include "core/engine/pause.hpp"

#include <chrono>
#include <thread>

namespace director::engine {

Status pause(const ports::Clock& clock, std::int64_t delay_ms, const ports::CancelToken& cancel) {
  const ports::SteadyTime until = clock.now() + std::chrono::milliseconds(delay_ms);
  constexpr std::chrono::milliseconds kStep{20};
  while (clock.now() < until) {
    if (cancel.cancelled()) {
      return Error(Errc::Cancelled, "interrupted");
    }
    std::this_thread::sleep_for(kStep);
  }
  return ok();
}

}  // namespace director::engine
