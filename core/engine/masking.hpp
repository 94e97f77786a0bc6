/// Secrets taken out of events.
#pragma once

#include "core/base/redactor.hpp"
#include "core/run/events.hpp"

namespace director::engine {

/// Masks the texts that plugins and agents wrote: what was said, why something failed. Names, paths
/// and object ids are director's own and stay.
[[nodiscard]] run::RunEvent masked(run::RunEvent event, const Redactor& redactor);
[[nodiscard]] run::PlanEvent masked(run::PlanEvent event, const Redactor& redactor);

}  // namespace director::engine
