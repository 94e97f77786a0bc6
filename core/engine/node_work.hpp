/// One node's effects, performed: workspace, agent, candidate, gates, review, landing.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/agent_calls.hpp"
#include "core/engine/batch_landing.hpp"
#include "core/engine/candidate_gates.hpp"
#include "core/engine/job_branch.hpp"
#include "core/engine/keeper.hpp"
#include "core/engine/merger.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "core/run/running.hpp"
#include "director/gate.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Each function blocks, runs on a worker, and returns the event that tells how it went. Effects of
/// one node never overlap; those of different nodes do. An error is our own failure, not the
/// node's.
class NodeWork {
 public:
  /// All references outlive it. `job_base`: the commit that the job started from.
  NodeWork(const Services& services, AgentCalls& calls, Workspaces& workspaces, JobBranch& branch,
           const plan::Plan& plan, const Oid& job_base);

  /// Workspace at `base`, tests still as frozen, red check.
  [[nodiscard]] Result<run::RunEvent> prepare(const run::StartAttempt& effect, const Oid& base);
  [[nodiscard]] Result<run::RunEvent> call_agent(const NodeId& id, const run::NodeState& state);
  /// Workspace -> candidate tree, judged against the contract.
  [[nodiscard]] Result<run::RunEvent> capture(const NodeId& id, const run::NodeState& state);
  /// Candidate -> a commit on top of the job branch, judged once more.
  [[nodiscard]] Result<run::RunEvent> integrate(const NodeId& id, const run::NodeState& state);
  [[nodiscard]] Result<run::RunEvent> gate(const NodeId& id, const run::NodeState& state,
                                           GateOptions options);
  [[nodiscard]] Result<run::RunEvent> review(const run::ReviewCandidate& effect,
                                             const run::NodeState& state);
  [[nodiscard]] Result<run::RunEvent> land(const NodeId& id);
  /// Who has the lane, and its riders. No other effect of any of them may be under way.
  [[nodiscard]] std::vector<run::RunEvent> land_batch(const std::vector<BatchMember>& members,
                                                      int parallel) {
    return batches_.land(members, parallel);
  }
  /// In the order in which nodes landed; those of former runs before, in any order.
  void saw_landed(const NodeId& id) { gates_.saw_landed(id); }
  /// Gives the node's slot back: its work ended with an error.
  void drop(const NodeId& id);

 private:
  /// What one effect of a node leaves for the next.
  struct Context {
    SlotLease workspace;
    Oid base;
    Oid base_tree;
    Oid start;               ///< tree that the agent found
    Oid red_base;            ///< commit that red_output is of
    std::string red_output;  ///< of the red check
    Oid kept;                ///< tree of the last candidate that kept the contract
    Oid kept_base;           ///< tree that it was made on
    Oid onto;
    Oid onto_tree;
    Oid held;  ///< commit of the candidate on its base
    Oid commit;
    Oid tree;
    std::vector<director::change> changes;
  };

  [[nodiscard]] const plan::Node& node(const NodeId& id) const {
    return plan_.nodes[index_.at(id)];
  }
  [[nodiscard]] Context& context(const NodeId& id) { return contexts_[index_.at(id)]; }
  [[nodiscard]] Result<std::string> executor_message(const plan::Node& node, const Context& context,
                                                     const run::NodeState& state) const;
  /// An attempt's base, with the tests as they were frozen.
  [[nodiscard]] Status begin_at(const Oid& base, const plan::Node& node, Context& context) const;
  /// The job branch's tip, if the node's candidate was collected as garbage; else nothing.
  [[nodiscard]] Result<std::optional<Oid>> tip_without(const run::NodeState& state);
  /// The last candidate as it would be on this attempt's base; empty where it does not fit there.
  [[nodiscard]] Result<Oid> kept_on_base(const Context& context) const;
  /// Called before the event that says so: this attempt's candidate does not land, or, if the
  /// verdict is an error, not now.
  void keep_candidate(director::vcs& vcs, const NodeId& id, const run::NodeState& state,
                      run::Verdict verdict, const std::string& why,
                      const std::string& detail) const;
  /// The agent did not get to its end.
  [[nodiscard]] Status keep_workspace(const NodeId& id, const run::NodeState& state,
                                      const AgentAnswer& answer);
  /// Errors: also NotFound, if what it makes is gone before it has a name.
  [[nodiscard]] Result<run::RunEvent> put_on_tip(const NodeId& id, const run::NodeState& state);
  /// Errors: also NotFound, if objects of the candidate are gone already.
  [[nodiscard]] Result<run::CandidateMade> take_candidate(director::vcs& vcs, const NodeId& id,
                                                          const run::NodeState& state);

  const Services& services_;
  AgentCalls& calls_;
  Workspaces& workspaces_;
  JobBranch& branch_;
  const plan::Plan& plan_;
  Keeper keeper_;
  std::unordered_map<NodeId, std::size_t> index_;
  Merger merger_;
  CandidateGates gates_;
  BatchLanding batches_;
  std::vector<Context> contexts_;
};

}  // namespace director::engine
