/// What a job's state looks like from outside: state.json and the records of the sinks. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/json.hpp"
#include "core/config/settings.hpp"
#include "core/plan/plan.hpp"
#include "core/run/ledger.hpp"
#include "core/run/planning.hpp"
#include "core/run/running.hpp"

namespace director::engine {

/// Counts over all nodes, for `status` and the run record.
struct Tally {
  std::size_t nodes = 0;
  std::size_t done = 0;
  std::size_t failed = 0;         ///< failed, blocked or error
  std::size_t escalated = 0;      ///< the escalation tier failed too
  std::size_t to_escalation = 0;  ///< went to the escalation tier, whatever came of it
  std::size_t by_executor = 0;    ///< landed without escalation
  std::size_t reviewed = 0;
  std::size_t watched = 0;  ///< watch-it-fail observed
  std::size_t flaky = 0;
  std::size_t infra_retries = 0;  ///< tries that infrastructure failures cost

  [[nodiscard]] double share(std::size_t count) const {
    return nodes == 0 ? 0 : static_cast<double>(count) / static_cast<double>(nodes);
  }
};
[[nodiscard]] Tally tally(const run::RunState& state);

/// One member of "nodes" in state.json: its key and object.
void write_node_state(JsonWriter& out, const run::RunState& state, std::size_t index,
                      const run::Ledger& ledger);
/// state.json.
[[nodiscard]] std::string state_json(const run::RunState& state, const run::Ledger& ledger);
/// plan_stage.json.
[[nodiscard]] std::string stage_json(const run::PlanState& state);
/// The `kind: "node"` line of metrics.jsonl.
[[nodiscard]] std::string node_record(const plan::Plan& plan, const run::RunState& state,
                                      std::size_t index, const run::Ledger& ledger);
/// The `kind: "run"` line.
[[nodiscard]] std::string run_record(const plan::Plan& plan, const run::RunState& state,
                                     const run::Ledger& ledger, const config::Settings& settings);

}  // namespace director::engine
