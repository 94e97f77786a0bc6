/// Gate 2: a person reads the plan and the tests, edits both, and approves.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/planning.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// What a person's edits come to.
struct GateEdits {
  bool any = false;                  ///< the job branch or the set of tests has changed
  std::vector<std::string> missing;  ///< nodes whose tests are not written
};

/// The tests stand in a checkout of the job's own, outside of the repository. All of it blocks.
class PlanGate {
 public:
  PlanGate(const Services& services, Workspaces& workspaces, const run::PlanState& state)
      : services_(services), workspaces_(workspaces), state_(state) {}

  /// Makes the checkout of the job branch's tip, without anybody's edits.
  [[nodiscard]] Result<run::GateOpened> open(const Oid& tip);
  /// Removes the checkout: what was edited in it is on the job branch.
  [[nodiscard]] Status close();
  /// Whether the checkout that the gate was opened with is there. Errors: that cannot be told.
  [[nodiscard]] Result<bool> is_open() const;

  /// Judges the plan as it is now and takes over what was edited in the checkout: the tests of the
  /// plan's nodes, and no other file. They are committed to the job branch; tests that the author
  /// wrote and no node names any more are removed from it, or, where the job began with a file of
  /// that name and nobody edited it at the gate, are that file again. Errors: Invalid, naming every
  /// problem and what to do; nothing has changed then.
  [[nodiscard]] Result<GateEdits> take(const plan::Plan& plan, const director::commit_info& tip);

 private:
  [[nodiscard]] director::slot checkout() const;
  [[nodiscard]] Status judge_plan(const plan::Plan& plan) const;
  /// `unclean`: the tip's tree with the person's edits.
  [[nodiscard]] Status remove_stale(director::vcs& vcs, const plan::Plan& plan,
                                    const std::string& unclean);
  /// Puts files into the checkout as they are in a commit.
  [[nodiscard]] Status restore(director::vcs& vcs, const Oid& commit,
                               const std::vector<std::string>& paths);
  /// The tip's tree with the person's edits on top.
  [[nodiscard]] Result<std::string> edited_tree(director::vcs& vcs,
                                                const director::commit_info& tip) const;
  [[nodiscard]] Status judge_changes(const plan::Plan& plan,
                                     const std::vector<director::change>& changes) const;
  /// The tests of the nodes whose tests or command were edited still have to be able to run.
  /// Those of nodes in `unwritten` are their author's to write first.
  [[nodiscard]] Status judge_tests(const plan::Plan& plan, const Oid& commit,
                                   const std::vector<director::change>& changes,
                                   const std::vector<std::string>& unwritten);

  const Services& services_;
  Workspaces& workspaces_;
  const run::PlanState& state_;
};

}  // namespace director::engine
