/// Writing a node's acceptance tests, before anybody works on the node.
#pragma once

#include <string>

#include "core/base/ids.hpp"
#include "core/engine/agent_calls.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/planning.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Errors: Cancelled, Invalid for a set-up that no later try can mend, External for an agent that
/// cannot be reached; the text names the agent.
[[nodiscard]] Status require_ok(const AgentAnswer& answer, const std::string& agent);

class TestAuthoring {
 public:
  TestAuthoring(const Services& services, AgentCalls& calls, Workspaces& workspaces,
                const plan::Plan& plan, bool person_looks)
      : services_(services),
        calls_(calls),
        workspaces_(workspaces),
        plan_(plan),
        person_looks_(person_looks) {}

  /// One try at the tests of a node on top of `tip`: TestsAuthored, committed to the job branch, or
  /// TestsRejected, with nothing changed. With a person at the gate, tests that are not red on the
  /// second try either are authored with a warning. Tests that `tip` itself is the commit of are
  /// taken as they are: the journal had missed them. Blocks.
  [[nodiscard]] Result<run::PlanEvent> author(const run::AuthorTests& effect, const Oid& tip,
                                              const Oid& tip_tree);

 private:
  /// Why the change is not one of the node's tests alone; empty: it is.
  [[nodiscard]] static std::string judge(const plan::Node& node,
                                         const std::vector<director::change>& changes);
  [[nodiscard]] Result<run::PlanEvent> authored(director::vcs& vcs, const plan::Node& node,
                                                const Oid& commit, std::string warning);
  [[nodiscard]] Result<std::string> why_not_red(const plan::Node& node, const Oid& commit);

  const Services& services_;
  AgentCalls& calls_;
  Workspaces& workspaces_;
  const plan::Plan& plan_;
  bool person_looks_;
};

}  // namespace director::engine
