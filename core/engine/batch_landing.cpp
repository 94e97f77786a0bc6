#include "core/engine/batch_landing.hpp"

#include <memory>
#include <utility>

namespace director::engine {

BatchLanding::BatchLanding(const Services& services, JobBranch& branch, const Keeper& keeper,
                           const Merger& merger, CandidateGates& gates)
    : services_(services), branch_(branch), keeper_(keeper), merger_(merger), gates_(gates) {}

std::vector<run::RunEvent> BatchLanding::land(const std::vector<BatchMember>& members,
                                              int parallel) {
  const auto refused = [&members](const std::string& why, const run::Used& used = {}) {
    return std::vector<run::RunEvent>{run::BatchRefused{members.front().node->id, why, used}};
  };
  const Result<Stack> stack = build(members);
  if (!stack) {
    return refused(stack.error().message());
  }
  if (stack->members.size() < 2) {
    return refused("no other change goes with it");
  }
  const Result<GatedBatch> gated = gate(*stack, parallel);
  if (!gated && services_.interrupt.cancelled()) {
    std::vector<run::RunEvent> events;
    events.reserve(members.size());
    for (const BatchMember& member : members) {
      events.emplace_back(run::WorkInterrupted{member.node->id});
    }
    return events;
  }
  if (!gated) {
    return refused(gated.error().message());
  }
  if (!gated->refused.empty()) {
    run::Used used;
    for (const run::Used& one : gated->used) {
      used.add(one);
    }
    return refused(gated->refused, used);
  }
  const Result<std::shared_ptr<director::vcs>> vcs = services_.backends.vcs->lease();
  if (!vcs) {
    return refused(vcs.error().message());
  }
  const Result<Advanced> advanced =
      branch_.advance(**vcs, Oid(stack->tip.oid), Oid(stack->top.oid));
  if (advanced && !advanced->moved) {
    return refused(advanced->moved.error().message());
  }
  return outcome_of(*stack, advanced, gated->used);
}

std::vector<run::RunEvent> BatchLanding::outcome_of(const Stack& stack,
                                                    const Result<Advanced>& advanced,
                                                    const std::vector<run::Used>& used) {
  std::vector<run::RunEvent> events;
  for (const NodeId& id : stack.left_out) {
    // Where nobody knows whether it moved, it is not said that it did.
    events.emplace_back(run::LandRefused{id, Oid(advanced ? stack.top.oid : stack.tip.oid)});
  }
  for (std::size_t i = 0; i < stack.members.size(); ++i) {
    const NodeId& id = stack.members[i]->node->id;
    if (advanced) {
      events.emplace_back(run::Landed{id, stack.commits[i], false, used[i]});
    } else {
      events.emplace_back(run::WorkFailed{id, advanced.error().message()});
    }
  }
  return events;
}

Result<BatchLanding::Stack> BatchLanding::build(const std::vector<BatchMember>& members) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  Stack stack;
  DIRECTOR_TRY(stack.tip, branch_.tip(*vcs));
  stack.top = stack.tip;
  for (const BatchMember& member : members) {
    const plan::Node& node = *member.node;
    DIRECTOR_TRY(const MergedCandidate merged, merger_.merge(*vcs, node, member.state, stack.top));
    if (!merged.conflict.empty() && stack.members.empty()) {
      return Error(Errc::Conflict, merged.conflict);
    }
    if (!merged.conflict.empty()) {
      stack.left_out.push_back(node.id);
      continue;
    }
    DIRECTOR_TRY(const Oid commit,
                 merger_.commit(*vcs, node, member.state, merged.tree, Oid(stack.top.oid)));
    stack.top.oid = commit.value;
    stack.top.tree = merged.tree.value;
    stack.members.push_back(&member);
    stack.commits.push_back(commit);
  }
  // What names the last of them names all.
  DIRECTOR_CHECK(
      keeper_.hold(*vcs, stack.members.back()->node->id, Flight::Merged, Oid(stack.top.oid)));
  return stack;
}

Result<GatedBatch> BatchLanding::gate(const Stack& stack, int parallel) {
  Checkout together{Oid(stack.top.oid), Oid(stack.tip.oid), {}};
  {
    DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
    DIRECTOR_TRY(together.changes, vcs->changes(stack.tip.tree, stack.top.tree));
  }
  std::vector<BatchCandidate> candidates;
  for (const BatchMember* member : stack.members) {
    candidates.push_back({member->node, member->state.first_base});
  }
  return gates_.check_batch(candidates, together, parallel);
}

}  // namespace director::engine
