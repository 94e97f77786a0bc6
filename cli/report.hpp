/// A job's state as people and scripts read it. Pure.
#pragma once

#include <string>

#include "core/engine/replay.hpp"

namespace director::cli {

/// Per node: status, tier, attempts, cost; then the figures of the job. Ends with a line feed.
[[nodiscard]] std::string status_text(const engine::JobState& job);
[[nodiscard]] std::string status_json(const engine::JobState& job);
/// The nodes of a plan and what each waits for.
[[nodiscard]] std::string plan_text(const plan::Plan& plan);
/// "$0.0123"
[[nodiscard]] std::string dollars(double usd);

}  // namespace director::cli
