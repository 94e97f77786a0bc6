#include "run_model.hpp"

#include <algorithm>
#include <variant>

namespace director::run::testing {

const NodeId* node_of(const RunEffect& effect) {
  return std::visit(
      [](const auto& one) -> const NodeId* {
        if constexpr (requires { one.node; }) {
          return &one.node;
        } else {
          return nullptr;
        }
      },
      effect);
}

std::vector<NodeId> names(std::size_t count) {
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.emplace_back("n" + std::to_string(i));
  }
  return ids;
}

RunModel::RunModel(const Dependencies& dependencies, Branch branch)
    : dependencies_(dependencies),
      branch_(std::move(branch)),
      state_(make_run_state(names(dependencies.size()), dependencies)) {}

RunModel RunModel::resumed(const Dependencies& dependencies, const Branch& branch,
                           const std::vector<RunEvent>& journal) {
  RunModel model(dependencies, branch);
  for (const RunEvent& event : journal) {
    model.note(event);
    Result<RunStep> step = advance(std::move(model.state_), event, model.at());
    if (!step) {
      model.problems_.push_back("replay: " + step.error().message());
      return model;
    }
    model.state_ = std::move(step->state);
  }
  for (const auto& [node, tip] : branch.landed) {
    if (model.node(node).status != NodeStatus::Done) {
      model.feed(Landed{node, oid(tip), true});
    }
  }
  model.expect(model.open_.empty(), "work is asked for before the run has begun");
  return model;
}

void RunModel::feed(const RunEvent& event) {
  if (!problems_.empty()) {
    return;
  }
  ++events_;
  note(event);
  if (std::holds_alternative<RunStarted>(event)) {
    finishes_ = 0;
    open_.clear();
  }
  Result<RunStep> step = advance(std::move(state_), event, at());
  if (!step) {
    problems_.push_back(step.error().message());
    return;
  }
  state_ = std::move(step->state);
  for (const RunEffect& effect : step->effects) {
    take(effect);
  }
  if (careful) {
    check();
  }
}

void RunModel::note(const RunEvent& event) {
  journal_.push_back(event);
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    most_attempts_ = std::max(most_attempts_, start->max_attempts + 1);
  }
}

void RunModel::answer(std::size_t which, const std::function<RunEvent(const RunEffect&)>& make) {
  const RunEffect effect = open_.at(which);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
  feed(make(effect));
}

RunEvent RunModel::integrate(const NodeId& id) {
  onto_[id] = branch_.tip;
  return Integrated{id, oid(branch_.tip), Oid("k-" + id.value), ""};
}

RunEvent RunModel::land(const NodeId& id) {
  if (onto_.count(id) == 0 || onto_[id] != branch_.tip) {
    return LandRefused{id, oid(branch_.tip)};
  }
  if (branch_.landed.count(id) != 0) {
    problems_.push_back(id.value + " lands twice");
  }
  branch_.landed[id] = ++branch_.tip;
  return Landed{id, oid(branch_.tip)};
}

RunEvent RunModel::land_batch(const LandBatch& batch) {
  const auto land_now = [this](const NodeId& id) {
    onto_[id] = branch_.tip;
    return land(id);
  };
  std::vector<NodeId> landing{batch.node};
  for (const NodeId& rider : batch.riders) {
    const bool conflicts =
        (state_.index_of(rider) + static_cast<std::size_t>(branch_.tip)) % 4 == 0;
    if (conflicts) {
      feed(LandRefused{rider, oid(branch_.tip)});
    } else {
      landing.push_back(rider);
    }
  }
  for (std::size_t i = 0; i + 1 < landing.size(); ++i) {
    feed(land_now(landing[i]));
  }
  return land_now(landing.back());
}

RunEvent RunModel::good(const RunEffect& effect) {
  const NodeId id = node_of(effect) == nullptr ? NodeId() : *node_of(effect);
  if (std::holds_alternative<StartAttempt>(effect)) {
    return RedChecked{id, Red::Yes, ""};
  }
  if (std::holds_alternative<CallAgent>(effect)) {
    return AgentEnded{id, AgentOutcome::Ok, "", 0, "unknown", false, false};
  }
  if (std::holds_alternative<CaptureCandidate>(effect)) {
    return CandidateMade{id, node(id).base, Oid("t-" + id.value), 1, ""};
  }
  if (std::holds_alternative<Integrate>(effect)) {
    return integrate(id);
  }
  if (std::holds_alternative<RunGates>(effect)) {
    return Gated{id, Verdict::Pass, "", false};
  }
  if (std::holds_alternative<ReviewCandidate>(effect)) {
    return Reviewed{id, Verdict::Pass, "", ""};
  }
  if (std::holds_alternative<Land>(effect)) {
    return land(id);
  }
  if (const auto* batch = std::get_if<LandBatch>(&effect)) {
    return land_batch(*batch);
  }
  return IntegrationGated{true, ""};
}

bool RunModel::finish_well() {
  const std::size_t limit = events_ + 100 + 60 * state_.nodes.size();
  while (problems_.empty() && !open_.empty() && events_ < limit) {
    answer(0, [this](const RunEffect& effect) { return good(effect); });
  }
  return problems_.empty() && open_.empty() && !state_.outcome.empty();
}

const NodeState& RunModel::node(const NodeId& id) const {
  return state_.nodes[state_.index_of(id)];
}

void RunModel::take(const RunEffect& effect) {
  if (const auto* start = std::get_if<StartAttempt>(&effect)) {
    open_.push_back(effect);
    feed(AttemptStarted{start->node, start->attempt, start->tier, "m", oid(branch_.tip)});
    return;
  }
  if (const auto* blocked = std::get_if<NodeBlocked>(&effect)) {
    expect(node(blocked->node).status == NodeStatus::Blocked, "said to be blocked and is not");
    return;
  }
  if (const auto* finish = std::get_if<FinishRun>(&effect)) {
    ++finishes_;
    expect(open_.empty(), "the run ends while work is open");
    feed(RunFinished{finish->outcome});
    return;
  }
  open_.push_back(effect);
}

void RunModel::expect(bool holds, const std::string& what) {
  if (!holds) {
    problems_.push_back("after event " + std::to_string(events_) + ": " + what);
  }
}

bool RunModel::waits(const NodeState& node) const {
  return node.phase == Phase::AwaitingLane || node.phase == Phase::AwaitingLand;
}

void RunModel::check() {
  std::size_t running = 0;
  std::size_t settled = 0;
  std::set<std::size_t> ready;
  std::multiset<std::size_t> queued(state_.lane_queue.begin(), state_.lane_queue.end());
  std::multiset<std::size_t> parked(state_.parked.begin(), state_.parked.end());
  for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
    const NodeState& one = state_.nodes[i];
    running += one.status == NodeStatus::Running ? 1 : 0;
    settled += is_final(one.status) ? 1 : 0;
    check_node(i, one);
    if (one.status == NodeStatus::Pending && one.missing == 0) {
      ready.insert(state_.topology->urgency[i]);
    }
    if (state_.started) {
      expect(queued.count(i) == (one.phase == Phase::AwaitingLane ? 1U : 0U), "lane queue");
      expect(parked.count(i) == (one.phase == Phase::AwaitingLand ? 1U : 0U), "parked");
    }
  }
  if (!state_.started && state_.outcome.empty()) {
    return;  // between reconciling and the start of a run nothing has to add up yet
  }
  expect(running == state_.running, "running is not the number of running nodes");
  const std::size_t waiting = queued.size() + parked.size() + state_.riders.size();
  expect(running - waiting <= static_cast<std::size_t>(state_.parallel), "more work than may");
  expect(running <= static_cast<std::size_t>(state_.parallel + state_.waiting),
         "more run than may");
  expect(settled == state_.settled, "settled is not the number of final nodes");
  expect(ready == state_.ready, "ready is not the set of nodes that may start");
  expect(finishes_ <= 1, "the run ends twice");
  check_lane();
  check_effects();
  if (!state_.outcome.empty()) {
    check_end();
  }
}

void RunModel::check_node(std::size_t index, const NodeState& one) {
  std::size_t missing = 0;
  bool lost = false;
  for (const std::size_t needed : dependencies_[index]) {
    const NodeStatus status = state_.nodes[needed].status;
    missing += status == NodeStatus::Done ? 0 : 1;
    lost = lost || (is_final(status) && status != NodeStatus::Done);
  }
  expect(missing == one.missing, "missing dependencies are miscounted");
  expect(one.status != NodeStatus::Running || missing == 0, "runs before its dependencies");
  expect((one.status == NodeStatus::Running) == (one.phase != Phase::Idle), "phase");
  expect(one.attempts <= most_attempts_, "more attempts than there are");
  if (state_.started) {
    expect(one.status != NodeStatus::Blocked || lost, "blocked by nothing");
    expect(one.status != NodeStatus::Pending || !lost, "waits for what will not land");
  }
}

void RunModel::check_lane() {
  if (!state_.lane) {
    expect(state_.lane_queue.empty() && state_.parked.empty() && state_.riders.empty(),
           "waits for a lane that is free");
    return;
  }
  const NodeState& holder = state_.nodes[*state_.lane];
  expect(holder.phase == Phase::Integrating || holder.phase == Phase::Gating ||
             holder.phase == Phase::Reviewing || holder.phase == Phase::Landing,
         "the lane is held by a node that does not land");
  for (const std::size_t rider : state_.riders) {
    expect(state_.nodes[rider].phase == Phase::Landing && holder.phase == Phase::Landing,
           "rides along and does not land");
  }
  expect(state_.riders.size() < static_cast<std::size_t>(state_.batch),
         "more land together than may");
}

void RunModel::check_effects() {
  std::map<std::size_t, int> effects;
  for (const RunEffect& effect : open_) {
    if (const NodeId* id = node_of(effect)) {
      ++effects[state_.index_of(*id)];
    }
  }
  for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
    const NodeState& one = state_.nodes[i];
    const int due = one.status == NodeStatus::Running && !waits(one) ? 1 : 0;
    // While one event's effects are being taken in, those behind it are not open yet.
    expect(effects[i] <= due, "work is open for " + state_.topology->ids[i].value);
  }
}

void RunModel::check_end() {
  const bool all = std::all_of(state_.nodes.begin(), state_.nodes.end(),
                               [](const NodeState& n) { return n.status == NodeStatus::Done; });
  expect((state_.outcome == "done") == (all && state_.integration_ok == true), "done or not");
  expect(state_.running == 0, "something runs after the end");
  if (state_.outcome == "incomplete" || state_.outcome == "done") {
    expect(state_.settled == state_.nodes.size(), "the run ended with open nodes");
  }
  for (const auto& [id, tip] : branch_.landed) {
    expect(node(id).status == NodeStatus::Done, id.value + " landed and is not done");
  }
}

std::vector<RunEvent> other_outcomes(const RunEffect& effect) {
  const NodeId* found = node_of(effect);
  if (found == nullptr) {
    return {IntegrationGated{false, "broken"}};
  }
  const NodeId id = *found;
  if (std::holds_alternative<LandBatch>(effect)) {
    return {BatchRefused{id, "red together"}};
  }
  std::vector<RunEvent> all{WorkFailed{id, "disk full"}, WorkInterrupted{id}};
  if (std::holds_alternative<StartAttempt>(effect)) {
    all.push_back(RedChecked{id, Red::No, ""});
    all.push_back(RedChecked{id, Red::Error, "127"});
  } else if (std::holds_alternative<CallAgent>(effect)) {
    for (const AgentOutcome outcome :
         {AgentOutcome::Infra, AgentOutcome::Failed, AgentOutcome::Config, AgentOutcome::Budget,
          AgentOutcome::Cancelled}) {
      all.push_back(AgentEnded{id, outcome, "why", 7, "unknown", false, false});
      all.push_back(AgentEnded{id, outcome, "why", 7, "unknown", false, false, true});
    }
    all.push_back(AgentEnded{id, AgentOutcome::Ok, "", 0, "unknown", false, false, true});
  } else if (std::holds_alternative<CaptureCandidate>(effect)) {
    all.push_back(CandidateMade{id, Oid("c0"), Oid("t"), 1, "edits a test"});
  } else if (std::holds_alternative<Integrate>(effect)) {
    all.push_back(Integrated{id, Oid("c0"), Oid(), "conflict in a"});
  } else if (std::holds_alternative<RunGates>(effect)) {
    all.push_back(Gated{id, Verdict::Fail, "red", true});
    all.push_back(Gated{id, Verdict::Error, "127", false});
    all.push_back(LandRefused{id, Oid("c0")});
  } else if (std::holds_alternative<ReviewCandidate>(effect)) {
    all.push_back(Reviewed{id, Verdict::Fail, "no", "no"});
    all.push_back(Reviewed{id, Verdict::Error, "unreadable", ""});
    for (const bool node_ceiling : {false, true}) {
      Reviewed unpaid{id, Verdict::Error, "no room", ""};
      unpaid.over_budget = true;
      unpaid.node_ceiling = node_ceiling;
      all.push_back(unpaid);
    }
  } else if (std::holds_alternative<Land>(effect)) {
    all.push_back(LandRefused{id, Oid("c0")});
  }
  return all;
}

}  // namespace director::run::testing
