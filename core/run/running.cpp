#include "core/run/running.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include "core/run/transition.hpp"

namespace director::run {
namespace {

class Advance {
 public:
  Advance(RunState& state, std::vector<RunEffect>& effects, At at)
      : transition_(state, effects, at), state_(state) {}

  Status operator()(const RunStarted& event) {
    state_.parallel = std::max(1, event.parallel);
    state_.waiting = std::max(0, event.waiting);
    state_.batch = std::max(1, event.batch);
    state_.max_attempts = std::max(1, event.max_attempts);
    state_.infra_retries = event.infra_retries;
    state_.landing_rounds = std::max(1, event.landing_rounds);
    state_.review_stage_one = event.review_stage_one;
    state_.review_stage_two = event.review_stage_two;
    state_.review_file_threshold = event.review_file_threshold;
    state_.tip = event.tip;
    transition_.begin_run(event.retry);
    return ok();
  }

  Status operator()(const AttemptStarted& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Preparing, AttemptStarted::kType));
    node->attempts = event.attempt;
    node->tier = event.tier;
    node->model = event.model;
    node->base = event.base;
    if (node->first_base.empty()) {
      node->first_base = event.base;
    }
    if (node->started_ms == 0) {
      node->started_ms = transition_.at().unix_ms;
    }
    return ok();
  }

  Status operator()(const RedChecked& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Preparing, RedChecked::kType));
    const std::size_t index = state_.index_of(event.node);
    node->workspace = event.workspace;
    node->used.add(event.used);
    switch (event.red) {
      case Red::Yes:
        transition_.enter(index, Phase::Working, CallAgent{event.node});
        return ok();
      case Red::No:
        node->attempts = std::max(0, node->attempts - 1);
        transition_.settle(index, NodeStatus::Failed,
                           "its tests pass before any work: the node is mis-specified");
        return ok();
      case Red::Error:
        transition_.settle(index, NodeStatus::Error, "its tests cannot be run: " + event.detail);
        return ok();
    }
    return ok();
  }

  Status operator()(const AgentEnded& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Working, AgentEnded::kType));
    const std::size_t index = state_.index_of(event.node);
    node->watch = event.watch;
    node->used.add(event.used);
    node->ran_before_edit = event.ran_before_edit;
    node->observed_failure = event.observed_failure;
    node->spent_out = event.node_ceiling;
    switch (event.outcome) {
      case AgentOutcome::Ok:
        transition_.enter(index, Phase::Capturing, CaptureCandidate{event.node});
        return ok();
      case AgentOutcome::Infra:
        transition_.retry_infrastructure(index, event.why, event.retry_after_ms);
        return ok();
      case AgentOutcome::Failed:
        transition_.fail_attempt(index, event.why);
        return ok();
      case AgentOutcome::Config:
        transition_.settle(index, NodeStatus::Error, event.why);
        return ok();
      case AgentOutcome::Budget:
        out_of_money(index, event.node_ceiling, event.why);
        return ok();
      case AgentOutcome::Cancelled:
        // Whoever cancels a call means the run: starting it over would only be cancelled again.
        state_.interrupted = true;
        transition_.put_back(index);
        return ok();
    }
    return ok();
  }

  Status operator()(const CandidateMade& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Capturing, CandidateMade::kType));
    const std::size_t index = state_.index_of(event.node);
    if (!event.violation.empty()) {
      transition_.fail_attempt(index, event.violation);
      return ok();
    }
    node->candidate = event.tree;
    node->files = event.files;
    node->reviewed = false;
    transition_.enter(index, Phase::Integrating, Integrate{event.node});
    return ok();
  }

  Status operator()(const Integrated& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Integrating, Integrated::kType));
    const std::size_t index = state_.index_of(event.node);
    if (!event.conflict.empty()) {
      transition_.fail_attempt(index, event.conflict);
      return ok();
    }
    node->commit = event.commit;
    transition_.enter(index, Phase::Gating, RunGates{event.node});
    return ok();
  }

  Status operator()(const Gated& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Gating, Gated::kType));
    const std::size_t index = state_.index_of(event.node);
    node->flake_failed = node->flake_failed || event.flaky;
    node->used.add(event.used);
    switch (event.verdict) {
      case Verdict::Pass:
        review_or_land(index);
        return ok();
      case Verdict::Fail:
        node->failure_points = event.points;
        transition_.fail_attempt(index, event.detail);
        return ok();
      case Verdict::Error:
        transition_.settle(index, NodeStatus::Error, "its gate cannot be run: " + event.detail);
        return ok();
    }
    return ok();
  }

  Status operator()(const Reviewed& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Reviewing, Reviewed::kType));
    const std::size_t index = state_.index_of(event.node);
    node->spent_out = node->spent_out || event.node_ceiling;
    node->used.add(event.used);
    if (event.over_budget) {
      out_of_money(index, event.node_ceiling, "its review was not paid for: " + event.summary);
      return ok();
    }
    node->advice = event.advice;
    if (event.stage_two) {
      node->review_ran = true;
      node->review_summary = event.summary;
    }
    switch (event.verdict) {
      case Verdict::Pass:
        node->reviewed = true;
        transition_.land_when_free(index);
        return ok();
      case Verdict::Fail:
        ++node->review_blocks;
        transition_.fail_attempt(index, event.feedback);
        return ok();
      case Verdict::Error:
        transition_.settle(index, NodeStatus::Error, "its review failed: " + event.summary);
        return ok();
    }
    return ok();
  }

  Status operator()(const Landed& event) {
    const auto found = state_.topology->index.find(event.node);
    if (found == state_.topology->index.end()) {
      return unknown(event.node, Landed::kType);
    }
    NodeState& node = state_.nodes[found->second];
    if (node.status == NodeStatus::Done || (!event.found && node.phase != Phase::Landing)) {
      return out_of_order(event.node, node, Landed::kType);
    }
    if (event.found) {
      transition_.forget_run();  // the one that did it died
    }
    node.commit = event.commit;
    node.found = event.found;
    node.used.add(event.used);
    state_.tip = event.commit;
    transition_.landed_one();
    transition_.settle(found->second, NodeStatus::Done, "");
    return ok();
  }

  Status operator()(const LandRefused& event) {
    DIRECTOR_TRY(NodeState * node,
                 expect_one_of(event.node, {Phase::Gating, Phase::Landing}, LandRefused::kType));
    const std::size_t index = state_.index_of(event.node);
    if (state_.lane == index && !state_.riders.empty()) {
      return out_of_order(event.node, *node, LandRefused::kType);
    }
    node->used.add(event.used);
    state_.tip = event.tip;
    transition_.land_again(index);
    return ok();
  }

  Status operator()(const BatchRefused& event) {
    DIRECTOR_TRY(NodeState * node, expect(event.node, Phase::Landing, BatchRefused::kType));
    const std::size_t index = state_.index_of(event.node);
    if (state_.lane != index || state_.riders.empty()) {
      return out_of_order(event.node, *node, BatchRefused::kType);
    }
    node->used.add(event.used);
    transition_.land_alone(index);
    return ok();
  }

  Status operator()(const WorkFailed& event) {
    const auto found = state_.topology->index.find(event.node);
    if (found == state_.topology->index.end()) {
      return unknown(event.node, WorkFailed::kType);
    }
    const NodeState& node = state_.nodes[found->second];
    if (!at_work(node)) {
      return out_of_order(event.node, node, WorkFailed::kType);
    }
    transition_.settle(found->second, NodeStatus::Error, event.why);
    return ok();
  }

  Status operator()(const WorkInterrupted& event) {
    const auto found = state_.topology->index.find(event.node);
    if (found == state_.topology->index.end()) {
      return unknown(event.node, WorkInterrupted::kType);
    }
    const NodeState& node = state_.nodes[found->second];
    if (!at_work(node)) {
      return out_of_order(event.node, node, WorkInterrupted::kType);
    }
    state_.interrupted = true;
    transition_.put_back(found->second);
    return ok();
  }

  Status operator()(const InterruptSeen&) {
    state_.interrupted = true;
    return ok();
  }

  Status operator()(const IntegrationGated& event) {
    if (!state_.integrating) {
      return Error(Errc::Conflict, "cannot apply event 'integration_gated': it was not asked for");
    }
    state_.integrating = false;
    state_.integration_ok = event.passed;
    state_.integration_detail = event.detail;
    return ok();
  }

  Status operator()(const RunFinished& event) {
    state_.outcome = event.outcome;
    state_.started = false;
    state_.finished_ms = transition_.at().unix_ms;
    return ok();
  }

 private:
  /// True while an effect of the node is under way.
  [[nodiscard]] static bool at_work(const NodeState& node) {
    return node.status == NodeStatus::Running && node.phase != Phase::AwaitingLane &&
           node.phase != Phase::AwaitingLand;
  }

  /// A ceiling kept a call from beginning or ended it. The node's own ends the node, the job's the
  /// run: then a candidate that it has is kept and goes on in the next run.
  void out_of_money(std::size_t index, bool node_ceiling, const std::string& why) {
    if (node_ceiling) {
      transition_.settle(index, NodeStatus::Failed, why);
      return;
    }
    state_.ceiling = true;
    transition_.put_back(index);
  }

  void review_or_land(std::size_t index) {
    const ReviewCandidate due = transition_.review_due(index);
    if (due.stage_one || due.stage_two) {
      transition_.enter(index, Phase::Reviewing, due);
    } else {
      transition_.land_when_free(index);
    }
  }

  [[nodiscard]] static Error unknown(const NodeId& node, std::string_view event) {
    return Error(Errc::Conflict, "cannot apply event '" + std::string(event) +
                                     "': the plan has no node '" + node.value + "'");
  }

  [[nodiscard]] static Error out_of_order(const NodeId& id, const NodeState& node,
                                          std::string_view event) {
    return Error(Errc::Conflict, "cannot apply event '" + std::string(event) + "' to node '" +
                                     id.value + "', which is " +
                                     std::string(to_string(node.status)) + " (" +
                                     std::string(to_string(node.phase)) + ")");
  }

  [[nodiscard]] Result<NodeState*> expect(const NodeId& id, Phase phase, std::string_view event) {
    return expect_one_of(id, {phase}, event);
  }

  [[nodiscard]] Result<NodeState*> expect_one_of(const NodeId& id,
                                                 std::initializer_list<Phase> phases,
                                                 std::string_view event) {
    const auto found = state_.topology->index.find(id);
    if (found == state_.topology->index.end()) {
      return unknown(id, event);
    }
    NodeState& node = state_.nodes[found->second];
    if (node.status != NodeStatus::Running ||
        std::find(phases.begin(), phases.end(), node.phase) == phases.end()) {
      return out_of_order(id, node, event);
    }
    return &node;
  }

  Transition transition_;
  RunState& state_;
};

}  // namespace

Result<RunStep> advance(RunState state, const RunEvent& event, At at) {
  RunStep step{std::move(state), {}};
  DIRECTOR_CHECK(std::visit(Advance(step.state, step.effects, at), event));
  if (!std::holds_alternative<RunFinished>(event)) {
    Transition(step.state, step.effects, at).schedule();
  }
  return step;
}

}  // namespace director::run
