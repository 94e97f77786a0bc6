/// Writing a node's acceptance tests, before anybody works on the node.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/agent_calls.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/planning.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// Errors: Cancelled, Conflict where the cost ceiling leaves no room, Invalid for a set-up that no
/// later try can mend, External for an agent that cannot be reached; the text names the agent.
[[nodiscard]] Status require_ok(const AgentAnswer& answer, const std::string& agent);

/// Writes to nothing but the job branch.
class TestAuthoring {
 public:
  TestAuthoring(const Services& services, AgentCalls& calls, Workspaces& workspaces,
                const plan::Plan& plan, const run::PlanState& state)
      : services_(services), calls_(calls), workspaces_(workspaces), plan_(plan), state_(state) {}

  /// One step at the tests of a node on top of `tip`. First TestsWritten: the author's files, paid
  /// for, as a commit; or TestsRejected, with nothing changed. Then, for what is written: it is
  /// checked to be red, and is TestsAuthored, on the job branch, or TestsRejected. With a person at
  /// the gate, tests that are not red on the second try either are authored with a warning. Tests
  /// that `tip` itself is the commit of are checked at once: the journal had missed them. Blocks.
  [[nodiscard]] Result<run::PlanEvent> author(const run::AuthorTests& effect, const Oid& tip);

 private:
  [[nodiscard]] Result<run::PlanEvent> write(director::vcs& vcs, const plan::Node& node,
                                             const run::AuthorTests& effect,
                                             const director::commit_info& tip);
  [[nodiscard]] Result<run::PlanEvent> settle(director::vcs& vcs, const plan::Node& node,
                                              const run::AuthorTests& effect, const Oid& commit,
                                              const Oid& tip);
  /// The node whose author wrote the path, if it is another one; empty: there is none.
  [[nodiscard]] std::string other_author(const NodeId& node, const std::string& path) const;
  /// Why the change is not one of the node's tests alone; empty: it is.
  [[nodiscard]] std::string judge(director::vcs& vcs, const plan::Node& node,
                                  const director::snapshot_result& snapshot) const;
  [[nodiscard]] Result<run::PlanEvent> authored(director::vcs& vcs, const plan::Node& node,
                                                const Oid& commit, std::string warning);
  /// The node's tests that a tree does not have.
  [[nodiscard]] static std::vector<std::string> absent(director::vcs& vcs, const plan::Node& node,
                                                       const std::string& tree);

  const Services& services_;
  AgentCalls& calls_;
  Workspaces& workspaces_;
  const plan::Plan& plan_;
  const run::PlanState& state_;
};

}  // namespace director::engine
