/// Several candidates landed at once: one on top of the other, tested as what they come to
/// together.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/candidate_gates.hpp"
#include "core/engine/job_branch.hpp"
#include "core/engine/keeper.hpp"
#include "core/engine/merger.hpp"
#include "core/engine/services.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/running.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

struct BatchMember {
  const plan::Node* node = nullptr;
  run::NodeState state;
};

/// Used by whoever has the lane, by one at a time.
class BatchLanding {
 public:
  /// All references outlive it.
  BatchLanding(const Services& services, JobBranch& branch, const Keeper& keeper,
               const Merger& merger, CandidateGates& gates);

  /// The first of `members` has the lane; a later one that does not go with those before it is left
  /// out, and refused. The events of all of them, also of an interruption; or, of the first, that
  /// the batch is refused: whatever is wrong, it finds out alone. Blocks.
  [[nodiscard]] std::vector<run::RunEvent> land(const std::vector<BatchMember>& members,
                                                int parallel);

 private:
  /// The commits on top of the tip.
  struct Stack {
    director::commit_info tip;
    director::commit_info top;
    std::vector<const BatchMember*> members;
    std::vector<Oid> commits;  ///< of each
    std::vector<NodeId> left_out;
  };

  [[nodiscard]] Result<Stack> build(const std::vector<BatchMember>& members);
  /// The events of all: that they landed, if the branch was moved; else that nobody knows.
  [[nodiscard]] static std::vector<run::RunEvent> outcome_of(const Stack& stack,
                                                             const Result<Advanced>& advanced,
                                                             const std::vector<run::Used>& used);
  [[nodiscard]] Result<GatedBatch> gate(const Stack& stack, int parallel);

  const Services& services_;
  JobBranch& branch_;
  const Keeper& keeper_;
  const Merger& merger_;
  CandidateGates& gates_;
};

}  // namespace director::engine
