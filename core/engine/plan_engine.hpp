/// Plans a job: performs what the planning state machine asks for, stage by stage.
#pragma once

#include <string>
#include <vector>

#include "core/engine/agent_calls.hpp"
#include "core/engine/books.hpp"
#include "core/engine/plan_gate.hpp"
#include "core/engine/progress.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::engine {

enum class PlanEnd : std::uint8_t { Ready, PausedAtSpec, PausedAtPlan };

/// Every stage is in the journal before the next begins, so an interrupted plan goes on where it
/// was. One plan at a time; all of it on the caller's thread.
class PlanEngine {
 public:
  PlanEngine(const Services& services, Books& books, JobWork job, Progress& progress);

  /// Starts a job. The journal is empty.
  [[nodiscard]] Status create(const run::JobCreated& job);
  /// A person has approved what the gate shows, edits included: those at gate 2 are taken over, and
  /// where they leave a node without its tests, run() has these written and comes back to the gate.
  /// Errors: Conflict if no gate waits; Invalid for an edit that cannot be used: the gate waits on.
  [[nodiscard]] Status approve();
  /// Goes on to the next gate or to the end. Blocks. Errors: Cancelled; Invalid if the planner or
  /// the test author did not deliver; External if an agent cannot be reached.
  [[nodiscard]] Result<PlanEnd> run();

  [[nodiscard]] const run::PlanState& state() const { return job_.planning; }

 private:
  struct Base {
    Oid commit;
    Oid tree;
  };

  [[nodiscard]] Status record(const run::PlanEvent& said);
  [[nodiscard]] Status perform(const run::PlanEffect& effect);
  [[nodiscard]] Status create_branch();
  [[nodiscard]] Status explore();
  [[nodiscard]] Status specify();
  [[nodiscard]] Status critique_spec();
  [[nodiscard]] Status decompose(const std::string& problems);
  [[nodiscard]] Status critique_plan();
  [[nodiscard]] Status author(const run::AuthorTests& effect);
  [[nodiscard]] Status freeze();
  [[nodiscard]] Status give_up(const std::string& why);
  [[nodiscard]] Status approve_spec();
  [[nodiscard]] Status approve_plan();
  [[nodiscard]] Status open_gate();

  [[nodiscard]] Status propose(const std::string& reply, bool revised);
  [[nodiscard]] Status write_plan(const plan::Plan& plan);
  [[nodiscard]] Result<plan::Plan> read_plan();
  [[nodiscard]] Result<Base> tip() const;
  [[nodiscard]] Result<std::string> ask(config::Role role, const std::string& prompt,
                                        const std::string& message);

  const Services& services_;
  Books& books_;
  JobWork job_;
  Progress& progress_;
  AgentCalls calls_;
  Workspaces workspaces_;
  PlanGate gate_;
};

}  // namespace director::engine
