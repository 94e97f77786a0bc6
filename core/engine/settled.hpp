/// The records of what has come to an end: nodes and runs.
#pragma once

#include <vector>

#include "core/engine/books.hpp"
#include "core/plan/plan.hpp"
#include "core/run/running.hpp"

namespace director::engine {

/// Offers the sinks a record of each node that the event gave a final status, and of the run that
/// it ended. `state` and `effects` are what the event led to. Also for events that are replayed:
/// the sinks know what they have.
void offer_settled(Books& books, const config::Settings& settings, const plan::Plan& plan,
                   const run::RunState& state, const run::RunEvent& event, run::At at,
                   const std::vector<run::RunEffect>& effects);

}  // namespace director::engine
