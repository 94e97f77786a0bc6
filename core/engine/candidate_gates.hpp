/// The gates of a candidate: its node's tests, and those of landed nodes that it may break.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/gate_check.hpp"
#include "core/engine/neighbours.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// On the tip that it is to land on.
struct Candidate {
  Oid since;   ///< commit that its node's first attempt began from
  Oid onto;    ///< the tip
  Oid commit;  ///< on the tip
  Oid tree;    ///< of the commit
  const std::vector<director::change>& changes;  ///< of the tip
};

/// Safe from any thread.
class CandidateGates {
 public:
  /// All references outlive it.
  CandidateGates(const Services& services, Workspaces& workspaces, const plan::Plan& plan);

  /// In the order in which nodes landed.
  void saw_landed(const NodeId& id) { neighbours_.saw_landed(id); }

  /// On a clean checkout for each command, in `slot`, which holds the candidate if it passes; the
  /// tests of other nodes up to `parallel` at a time, in other slots, too. Errors: of the VCS; no
  /// gate plugin; Cancelled. Blocks.
  [[nodiscard]] Result<run::Gated> check(const plan::Node& node, const Candidate& candidate,
                                         const director::slot& slot, int parallel);

 private:
  [[nodiscard]] Result<run::Gated> own_tests(const plan::Node& node, const Candidate& candidate,
                                             const director::slot& slot);
  [[nodiscard]] Result<run::Gated> tests_of_others(const plan::Node& node,
                                                   const Candidate& candidate,
                                                   const director::slot& slot, int parallel);
  /// The nodes that landed since the candidate's node was begun, newest first.
  [[nodiscard]] Result<std::vector<NodeId>> landed_meanwhile(const Candidate& candidate) const;
  /// What the next attempt and the records get to know, `how` first.
  [[nodiscard]] Result<run::Gated> failed(const plan::Node& node, const Candidate& candidate,
                                          const GateChecked& tests, const std::string& how) const;

  const Services& services_;
  Workspaces& workspaces_;
  const JobId& job_;
  Neighbours neighbours_;
};

}  // namespace director::engine
