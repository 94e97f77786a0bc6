/// What calls used, as the journal has it.
#pragma once

#include "core/ports/process_launcher.hpp"
#include "core/run/events.hpp"

namespace director::engine {

[[nodiscard]] inline run::Used used_by(const ports::Usage& usage) {
  constexpr std::uint64_t kKilobyte = 1024;
  return {std::chrono::duration_cast<std::chrono::milliseconds>(usage.cpu).count(),
          static_cast<std::int64_t>(usage.peak_memory_bytes / kKilobyte)};
}

}  // namespace director::engine
