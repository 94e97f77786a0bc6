/// Waiting, so that a person can interrupt it.
#pragma once

#include <cstdint>

#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Returns after `delay_ms` by the clock. Errors: Cancelled. Blocks.
[[nodiscard]] Status pause(const ports::Clock& clock, std::int64_t delay_ms,
                           const ports::CancelToken& cancel);

}  // namespace director::engine
