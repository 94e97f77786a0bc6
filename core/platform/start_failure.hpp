/// Why a command could not be started.
#pragma once

#include "core/platform/supervisor.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::platform {

/// `report`: what its supervisor said, or whoever was to start that; none of how a command ended.
[[nodiscard]] Error failure_to_start(const ports::Command& command, const Report& report);

}  // namespace director::platform
