#include "core/run/transition.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/run/backoff.hpp"

namespace director::run {
namespace {

constexpr std::string_view kSpentOut =
    "not tried again, since it has reached its cost ceiling (limits.node_cost_ceiling_usd): ";

bool has_candidate(const NodeState& node) { return !node.candidate.empty(); }

/// Nothing is wrong with a candidate that lost its landing rounds, whose gate or reviewer was away,
/// or whose review its node's ceiling did not let begin, and it is paid for.
bool goes_on_with_its_candidate(NodeState& node) {
  const bool stopped = node.status == NodeStatus::Error || node.status == NodeStatus::Failed;
  if (!stopped || !has_candidate(node)) {
    return false;
  }
  return node.lost_rounds > 0 || ++node.error_retries <= kMostRetriesOfACandidate;
}

/// An attempt whose candidate is safe in the object database need not be paid for again; any other
/// one in flight is forgotten, its number given back.
void forget_flight(NodeState& node) {
  node.status = NodeStatus::Pending;
  node.phase = Phase::Idle;
  node.infra_failures = 0;
  if (!has_candidate(node)) {
    node.attempts = std::max(0, node.attempts - 1);
  }
}

}  // namespace

void Transition::begin_run(bool retry) {
  state_.started = true;
  state_.interrupted = false;
  state_.ceiling = false;
  state_.integrating = false;
  state_.integration_ok.reset();
  state_.outcome.clear();
  state_.started_ms = at_.unix_ms;
  state_.finished_ms = 0;
  state_.running = 0;
  state_.settled = 0;
  clear_lane();
  state_.ready.clear();
  for (NodeState& node : state_.nodes) {
    const bool goes_on = retry && goes_on_with_its_candidate(node);
    node.lost_rounds = 0;
    node.spent_out = false;  // the ceiling may be another one now; the next call will tell
    if (node.status == NodeStatus::Running) {
      forget_flight(node);
    } else if (node.status == NodeStatus::Blocked || goes_on) {
      // The first is judged anew below: what blocked it may turn out to have landed, or is tried
      // again.
      node.infra_failures = 0;
      node.status = NodeStatus::Pending;
      node.error.clear();
      node.finished_ms = 0;
    } else if (retry && is_final(node.status) && node.status != NodeStatus::Done) {
      const std::size_t missing = node.missing;
      const std::int64_t started = node.started_ms;
      const Oid first_base = node.first_base;
      node = NodeState{};
      node.missing = missing;
      node.started_ms = started;
      node.first_base = first_base;
    }
  }
  for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
    const NodeState& node = state_.nodes[i];
    if (node.status == NodeStatus::Pending && node.missing == 0) {
      make_ready(i);
    } else if (is_final(node.status) && node.status != NodeStatus::Blocked) {
      ++state_.settled;
      if (node.status != NodeStatus::Done) {
        block_dependents(i);
      }
    }
  }
}

void Transition::forget_run() {
  state_.started = false;
  clear_lane();
}

void Transition::clear_lane() {
  state_.lane.reset();
  state_.riders.clear();
  state_.batch_size = static_cast<std::size_t>(state_.batch);
  state_.lane_queue.clear();
  state_.parked.clear();
}

void Transition::enter(std::size_t index, Phase phase, RunEffect effect) {
  state_.nodes[index].phase = phase;
  effects_.push_back(std::move(effect));
}

void Transition::attempt(std::size_t index, int number, TierKind tier, std::int64_t delay_ms) {
  NodeState& node = state_.nodes[index];
  node.attempts = number;
  node.tier = tier;
  node.candidate = Oid();
  node.lost_rounds = 0;
  node.error_retries = 0;
  enter(index, Phase::Preparing, StartAttempt{state_.topology->ids[index], number, tier, delay_ms});
}

void Transition::start(std::size_t index) {
  NodeState& node = state_.nodes[index];
  node.status = NodeStatus::Running;
  ++state_.running;
  if (has_candidate(node)) {
    enter(index, Phase::Integrating, Integrate{state_.topology->ids[index]});
    return;
  }
  const int number = node.attempts + 1;
  const TierKind tier = number > state_.max_attempts ? TierKind::Escalation : TierKind::Executor;
  attempt(index, number, tier, 0);
}

void Transition::fail_attempt(std::size_t index, const std::string& feedback) {
  NodeState& node = state_.nodes[index];
  node.feedback = feedback;
  node.candidate = Oid();
  node.infra_failures = 0;
  release_lane(index);
  if (node.tier == TierKind::Escalation) {
    settle(index, NodeStatus::Escalated, feedback);
    return;
  }
  if (node.spent_out) {
    settle(index, NodeStatus::Failed, std::string(kSpentOut) + feedback);
    return;
  }
  if (state_.stopping() || state_.at_work() > static_cast<std::size_t>(state_.parallel)) {
    // This attempt is over and counts. The one after it is for the next run, or for when there is
    // room: whoever waited for the lane has it now.
    node.status = NodeStatus::Pending;
    node.phase = Phase::Idle;
    --state_.running;
    make_ready(index);
    return;
  }
  const TierKind tier =
      node.attempts < state_.max_attempts ? TierKind::Executor : TierKind::Escalation;
  attempt(index, node.attempts + 1, tier, 0);
}

void Transition::retry_infrastructure(std::size_t index, const std::string& why,
                                      std::int64_t retry_after_ms) {
  NodeState& node = state_.nodes[index];
  if (node.spent_out) {
    settle(index, NodeStatus::Failed, std::string(kSpentOut) + why);
    return;
  }
  if (state_.stopping()) {
    put_back(index);
    return;
  }
  ++node.infra_failures;
  ++node.infra_retries;
  if (node.infra_failures > state_.infra_retries) {
    --node.infra_retries;  // this failure is not tried again
    settle(index, NodeStatus::Error, why);
    return;
  }
  attempt(index, node.attempts, node.tier,
          backoff_ms(node.infra_failures, retry_after_ms, at_.sequence));
}

void Transition::make_ready(std::size_t index) {
  state_.ready.insert(state_.topology->urgency[index]);
}

void Transition::put_back(std::size_t index) {
  forget_flight(state_.nodes[index]);
  --state_.running;
  release_lane(index);
  make_ready(index);
}

void Transition::settle(std::size_t index, NodeStatus status, std::string error) {
  NodeState& node = state_.nodes[index];
  leave_running(index);
  node.status = status;
  node.phase = Phase::Idle;
  node.error = std::move(error);
  node.finished_ms = at_.unix_ms;
  ++state_.settled;
  state_.ready.erase(state_.topology->urgency[index]);
  if (status != NodeStatus::Done) {
    block_dependents(index);
    return;
  }
  for (const std::size_t dependent : state_.topology->dependents[index]) {
    NodeState& waiting = state_.nodes[dependent];
    if (--waiting.missing == 0 && waiting.status == NodeStatus::Pending) {
      make_ready(dependent);
    }
  }
}

void Transition::leave_running(std::size_t index) {
  if (state_.nodes[index].status == NodeStatus::Running) {
    --state_.running;
  }
  release_lane(index);
}

void Transition::block_dependents(std::size_t index) {
  std::vector<std::size_t> open{index};
  while (!open.empty()) {
    const std::size_t failed = open.back();
    open.pop_back();
    for (const std::size_t dependent : state_.topology->dependents[failed]) {
      NodeState& node = state_.nodes[dependent];
      if (node.status != NodeStatus::Pending) {
        continue;
      }
      node.status = NodeStatus::Blocked;
      node.error = "node '" + state_.topology->ids[failed].value + "' did not land";
      node.finished_ms = at_.unix_ms;
      ++state_.settled;
      effects_.emplace_back(NodeBlocked{state_.topology->ids[dependent]});
      open.push_back(dependent);
    }
  }
}

ReviewCandidate Transition::review_due(std::size_t index) const {
  const NodeState& node = state_.nodes[index];
  const bool wide_or_escalated =
      node.tier == TierKind::Escalation || node.files > state_.review_file_threshold;
  return {state_.topology->ids[index], state_.review_stage_one && !node.reviewed,
          state_.review_stage_two && !node.reviewed && wide_or_escalated};
}

void Transition::land_when_free(std::size_t index) {
  if (state_.lane.has_value() && *state_.lane != index) {
    state_.nodes[index].phase = Phase::AwaitingLand;
    state_.parked.push_back(index);
    return;
  }
  enter(index, Phase::Landing, Land{state_.topology->ids[index]});
}

void Transition::land_again(std::size_t index) {
  NodeState& node = state_.nodes[index];
  std::erase(state_.riders, index);
  if (state_.lane == index && ++node.lost_rounds > state_.landing_rounds) {
    // None of ours lands while it holds the lane, but for one that was under way when it took it.
    settle(index, NodeStatus::Error,
           "the job branch moved " + std::to_string(node.lost_rounds) +
               " times while this node was the only one that could land: somebody else commits to "
               "it; have that stop, then `director run --retry` goes on with the same candidate");
    return;
  }
  wait_for_lane(index);
}

void Transition::wait_for_lane(std::size_t index) {
  if (!state_.lane.has_value()) {
    state_.lane = index;
  }
  if (*state_.lane != index) {
    state_.nodes[index].phase = Phase::AwaitingLane;
    state_.lane_queue.push_back(index);
    return;
  }
  take_riders();
  if (state_.riders.empty()) {
    enter(index, Phase::Integrating, Integrate{state_.topology->ids[index]});
    return;
  }
  LandBatch batch{state_.topology->ids[index], {}};
  for (const std::size_t rider : state_.riders) {
    state_.nodes[rider].phase = Phase::Landing;
    batch.riders.push_back(state_.topology->ids[rider]);
  }
  enter(index, Phase::Landing, std::move(batch));
}

void Transition::take_riders() {
  const auto needs_review = [this](std::size_t index) {
    const ReviewCandidate due = review_due(index);
    return due.stage_one || due.stage_two;
  };
  if (state_.batch_size < 2 || needs_review(*state_.lane)) {
    return;
  }
  std::deque<std::size_t> left;
  for (const std::size_t waiting : state_.lane_queue) {
    // Each has passed its own tests: that comes before everything that lets it wait here.
    if (state_.riders.size() + 1 < state_.batch_size && !needs_review(waiting)) {
      state_.riders.push_back(waiting);
    } else {
      left.push_back(waiting);
    }
  }
  state_.lane_queue = std::move(left);
}

void Transition::land_alone(std::size_t index) {
  state_.batch_size = (state_.riders.size() + 1) / 2;
  for (auto rider = state_.riders.rbegin(); rider != state_.riders.rend(); ++rider) {
    state_.nodes[*rider].phase = Phase::AwaitingLane;
    state_.lane_queue.push_front(*rider);
  }
  state_.riders.clear();
  enter(index, Phase::Integrating, Integrate{state_.topology->ids[index]});
}

void Transition::landed_one() {
  state_.batch_size = std::min(state_.batch_size + 1, static_cast<std::size_t>(state_.batch));
}

void Transition::release_lane(std::size_t index) {
  if (state_.lane != index) {
    std::erase(state_.riders, index);
    return;
  }
  state_.lane.reset();
  if (!state_.riders.empty()) {
    // They are landing: the lane is theirs until the last of them has left it.
    state_.lane = state_.riders.front();
    state_.riders.erase(state_.riders.begin());
    return;
  }
  // Those that passed on an older tip queue up behind those that came before them.
  for (const std::size_t waiting : state_.parked) {
    state_.nodes[waiting].phase = Phase::AwaitingLane;
    state_.lane_queue.push_back(waiting);
  }
  state_.parked.clear();
  if (!state_.lane_queue.empty()) {
    const std::size_t next = state_.lane_queue.front();
    state_.lane_queue.pop_front();
    wait_for_lane(next);
  }
}

void Transition::schedule() {
  if (!state_.started) {
    return;
  }
  const auto parallel = static_cast<std::size_t>(state_.parallel);
  const auto most = parallel + static_cast<std::size_t>(state_.waiting);
  while (!state_.stopping() && !state_.ready.empty() && state_.at_work() < parallel &&
         state_.running < most) {
    const std::size_t index = state_.topology->by_urgency[*state_.ready.begin()];
    state_.ready.erase(state_.ready.begin());
    start(index);
  }
  finish_if_idle();
}

void Transition::finish_if_idle() {
  if (state_.running != 0 || state_.integrating) {
    return;
  }
  if (state_.integration_ok.has_value()) {
    // Also when the interruption came while the last gates ran: there was nothing left to stop.
    const bool all_done =
        std::all_of(state_.nodes.begin(), state_.nodes.end(),
                    [](const NodeState& node) { return node.status == NodeStatus::Done; });
    effects_.emplace_back(FinishRun{all_done && *state_.integration_ok ? "done" : "incomplete"});
    return;
  }
  if (state_.stopping()) {
    effects_.emplace_back(FinishRun{state_.interrupted ? "interrupted" : "ceiling"});
    return;
  }
  state_.integrating = true;
  effects_.emplace_back(RunIntegrationGates{});
}

}  // namespace director::run
