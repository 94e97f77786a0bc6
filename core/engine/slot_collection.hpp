/// How many slots stay.
#pragma once

#include "core/engine/services.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Removes idle slots beyond `[workspace] pool_size` (0: `parallel`) of each sort, then until all
/// that is left fits `disk_quota_mb`; least recently used ones first. A slot with an agent's work
/// in it that is not kept yet stays. Every slot of the repository is idle: this process holds its
/// lock and works in none. Errors: of the slot folders, once what could be removed is.
[[nodiscard]] Status collect_slots(const Services& services, int parallel);

}  // namespace director::engine
