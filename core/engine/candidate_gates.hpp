/// The gates of a candidate: its node's tests, and those of landed nodes that it may break.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/gate_check.hpp"
#include "core/engine/job_branch.hpp"
#include "core/engine/neighbours.hpp"
#include "core/engine/node_tests.hpp"
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

/// What else a gating depends on.
struct GateOptions {
  int parallel = 1;       ///< so many tests of other nodes at a time, at most
  bool has_lane = false;  ///< nobody else may land
};

/// How a gating ended.
struct GatedCandidate {
  run::Gated gated;
  /// The job branch moved meanwhile: nothing is said of the candidate, which has to be put on top
  /// of that first. Of `gated`, only what was used counts.
  bool outrun = false;
};

/// One of several that are to land together.
struct BatchCandidate {
  const plan::Node* node = nullptr;
  Oid since;  ///< as of a Candidate
};

/// How the gating of a batch ended.
struct GatedBatch {
  std::string refused;          ///< why they cannot land together; empty: they can
  std::vector<run::Used> used;  ///< of each; what is not one's own is the first one's
};

/// Safe from any thread.
class CandidateGates {
 public:
  /// All references outlive it. `job_base`: the commit that the job started from.
  CandidateGates(const Services& services, Workspaces& workspaces, JobBranch& branch,
                 const plan::Plan& plan, const Oid& job_base);

  /// In the order in which nodes landed.
  void saw_landed(const NodeId& id) { neighbours_.saw_landed(id); }

  /// On a clean checkout for each command; of the tests of other nodes no more at a time than there
  /// are processors and idle slots. Ends as soon as the candidate is outrun. Errors: of the VCS and
  /// of JobBranch::tip(); no gate plugin; Cancelled. Blocks.
  [[nodiscard]] Result<GatedCandidate> check(const plan::Node& node, const Candidate& candidate,
                                             GateOptions options);

  /// The tests of all candidates, once, since each has passed alone as often as it must; and of the
  /// landed nodes that any of them may break. On `together`, which has all of them. For whoever has
  /// the lane. Ends as soon as the tip moves or after the first kind of tests that do not pass.
  /// Errors: as of check().
  [[nodiscard]] Result<GatedBatch> check_batch(const std::vector<BatchCandidate>& candidates,
                                               const Checkout& together, int parallel);

 private:
  [[nodiscard]] Result<bool> is_outrun(const Oid& onto) const;
  [[nodiscard]] Result<run::Gated> own_tests(const plan::Node& node, const Candidate& candidate,
                                             const director::slot& slot);
  [[nodiscard]] Result<GatedCandidate> tests_of_others(const plan::Node& node,
                                                       const Candidate& candidate,
                                                       const std::vector<const plan::Node*>& others,
                                                       const std::vector<SlotLease>& slots);
  /// Of the tests of another node, which do not pass with the candidate: what that means for it, by
  /// what they say without it. nullopt: nothing. What is run is added to `used`.
  [[nodiscard]] Result<std::optional<run::Gated>> compare(
      const plan::Node& node, const Candidate& candidate, const plan::Node& other,
      const GateChecked& tests, const std::vector<SlotLease>& slots, run::Used& used);
  /// `slot` and, of those that are idle, as many as are worth it for `parallel` tests at a time.
  [[nodiscard]] std::vector<SlotLease> with_idle_ones(SlotLease slot, int parallel) const;
  /// The nodes that landed since the candidate's node was begun, newest first; all that landed if
  /// it was begun on what somebody has taken back.
  [[nodiscard]] Result<std::vector<NodeId>> landed_meanwhile(const Oid& since,
                                                             const Oid& onto) const;
  /// Those of any of the candidates, each command once, and none of their own.
  [[nodiscard]] Result<std::vector<const plan::Node*>> neighbours_of_all(
      const std::vector<BatchCandidate>& candidates, const Oid& onto) const;
  /// What the next attempt and the records get to know, `how` first.
  [[nodiscard]] Result<run::Gated> failed(const plan::Node& node, const Candidate& candidate,
                                          const GateChecked& tests, const std::string& how) const;

  const Services& services_;
  Workspaces& workspaces_;
  JobBranch& branch_;
  const JobId& job_;
  const Oid& job_base_;
  Neighbours neighbours_;
  /// Held by the one without the lane whose candidate is tested with what landed: of those that are
  /// on one tip only the first to land has any use for it.
  std::mutex turn_;
};

}  // namespace director::engine
