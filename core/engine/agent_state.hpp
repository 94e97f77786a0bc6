/// What agent tools keep between their calls: sessions, databases, caches.
#pragma once

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Gives each runner's tool an empty folder, so that no agent of an earlier job has a say in this
/// one. Comes before the job is recorded, so that no job begins without. Errors: Io.
[[nodiscard]] Status renew_agent_state(const Services& services, const JobId& job);

}  // namespace director::engine
