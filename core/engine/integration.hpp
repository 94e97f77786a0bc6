/// The gates of the job as a whole.
#pragma once

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Runs every entry of [gates] on a clean checkout of `tip`, in order, all of them even when one
/// fails. Blocks.
[[nodiscard]] Result<run::RunEvent> run_integration_gates(const Services& services,
                                                          Workspaces& workspaces, const Oid& tip);

}  // namespace director::engine
