/// Having a candidate reviewed: stage one advises, stage two may block.
#pragma once

#include <string>

#include "core/engine/agent_calls.hpp"
#include "core/engine/services.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/running.hpp"
#include "director/result.hpp"

namespace director::engine {

/// What a reviewer gets to see.
struct Reviewable {
  const plan::Node& node;
  std::string diff;
  std::string workdir;  ///< absolute; a checkout of the candidate
};

/// Performs the stages that the effect asks for. A stage one that fails costs its advice and
/// nothing else; a stage two that fails is judged by review.on_error. Errors: Cancelled; the
/// reviewer plugin cannot be had. Blocks.
[[nodiscard]] Result<run::Reviewed> review_candidate(const Services& services, AgentCalls& calls,
                                                     const run::ReviewCandidate& effect,
                                                     const Reviewable& candidate);

}  // namespace director::engine
