#include "core/engine/run_engine.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/base/text.hpp"
#include "core/engine/integration.hpp"
#include "core/engine/landed.hpp"
#include "core/engine/masking.hpp"
#include "core/engine/records.hpp"
#include "core/engine/settled.hpp"
#include "core/engine/slot_collection.hpp"

namespace director::engine {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::milliseconds kStateEvery{200};

/// True for facts that must survive a power loss before anything relies on them. The rest is
/// flushed along with the next of these; a crash in between costs the work in flight, nothing that
/// landed and nothing that was paid for.
bool must_be_durable(const run::RunEvent& event) {
  return std::holds_alternative<run::RunStarted>(event) ||
         std::holds_alternative<run::CandidateMade>(event) ||
         std::holds_alternative<run::Landed>(event) ||
         std::holds_alternative<run::WorkFailed>(event) ||
         std::holds_alternative<run::IntegrationGated>(event) ||
         std::holds_alternative<run::RunFinished>(event);
}

}  // namespace

RunEngine::RunEngine(const Services& services, Books& books, JobWork job, Progress& progress)
    : services_(services),
      books_(books),
      plan_(std::move(*job.plan)),
      base_(job.planning.job.base),
      state_(std::move(*job.run)),
      progress_(progress),
      calls_(services, books),
      workspaces_(services),
      branch_(plan_),
      keeper_(services, plan_),
      work_(services, calls_, workspaces_, branch_, plan_, base_) {
  for (const LandedNode& landed : landed_nodes()) {
    work_.saw_landed(landed.node->id);
  }
}

RunEngine::~RunEngine() { stop_workers(); }

Result<run::RunState> RunEngine::run(const RunOptions& options) {
  state_->started = false;
  DIRECTOR_TRY(const Oid tip, reconcile());
  run::RunStarted started;
  started.parallel = options.parallel;
  started.waiting = options.parallel;
  started.batch = options.parallel;
  started.max_attempts = options.max_attempts;
  started.infra_retries = services_.settings.limits.infra_retries;
  started.landing_rounds = services_.settings.limits.landing_rounds;
  started.retry = options.retry;
  started.review_stage_one = services_.settings.review.stage_one_llm;
  started.review_stage_two = services_.settings.review.stage_two;
  started.review_file_threshold = services_.settings.review.stage_two_file_threshold;
  started.tip = tip;
  start_workers(options.parallel);
  Status status = apply(started);
  if (status) {
    status = loop();
  }
  if (!status) {
    services_.interrupt.cancel();  // nothing that still runs can be written down
  }
  stop_workers();
  save_state(true);
  books_.flush_sinks();
  tidy_up();
  if (!status) {
    return std::move(status).error();
  }
  return std::move(*state_);
}

Result<Oid> RunEngine::reconcile() {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  branch_.saw(state_->tip);
  DIRECTOR_CHECK(branch_.check(*vcs));
  DIRECTOR_TRY(const director::commit_info tip, branch_.tip(*vcs));
  DIRECTOR_TRY(const std::vector<LandedCommit> commits,
               landed_commits(*vcs, tip.oid, base_.value, plan_));
  for (const LandedCommit& commit : commits) {
    if (state_->nodes[state_->index_of(commit.node)].status != run::NodeStatus::Done) {
      DIRECTOR_CHECK(apply(run::Landed{commit.node, commit.oid, true}));
    }
  }
  if (services_.slot_folders != nullptr) {
    const Status mended = services_.slot_folders->mend();
    if (!mended) {
      services_.log.write(ports::LogLevel::Warning, mended.error().message());
    }
  }
  keeper_.recover_slots(*vcs);
  keeper_.settle(*vcs, *state_, Oid(tip.oid));
  return Oid(tip.oid);
}

Result<Oid> RunEngine::branch_tip() {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip, branch_.tip(*vcs));
  return Oid(tip.oid);
}

Status RunEngine::check_branch() {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  return branch_.check(*vcs);
}

void RunEngine::tidy_up() {
  const Result<std::shared_ptr<director::vcs>> vcs = services_.backends.vcs->lease();
  if (!vcs || !state_) {
    return;
  }
  keeper_.settle(**vcs, *state_, branch_.seen());
  const Status collected = collect_slots(services_, state_->parallel);
  if (!collected) {
    services_.log.write(ports::LogLevel::Warning, collected.error().message());
  }
}

Status RunEngine::loop() {
  while (state_->outcome.empty()) {
    const std::deque<Outcome> outcomes = next_outcomes();
    if (services_.interrupt.cancelled() && !interrupt_noted_) {
      interrupt_noted_ = true;
      DIRECTOR_CHECK(take(run::InterruptSeen{}));
    }
    for (const Outcome& outcome : outcomes) {
      DIRECTOR_CHECK(take_outcome(outcome));
    }
    DIRECTOR_CHECK(carry_out());
    progress_.idle(*state_);
    save_state(false);
  }
  return ok();
}

Status RunEngine::take_outcome(const Outcome& outcome) {
  if (outcome.events) {
    for (const run::RunEvent& event : *outcome.events) {
      DIRECTOR_CHECK(take(event));
    }
    return ok();
  }
  const Error& error = outcome.events.error();
  if (Status branch = check_branch(); !branch && (branch.error().code() == Errc::Conflict ||
                                                  branch.error().code() == Errc::NotFound)) {
    return branch;
  }
  if (outcome.node.empty()) {
    if (services_.interrupt.cancelled()) {
      return take(run::RunFinished{"interrupted"});
    }
    return take(run::IntegrationGated{false, error.message()});
  }
  work_.drop(outcome.node);
  if (error.code() == Errc::Cancelled || services_.interrupt.cancelled()) {
    return take(run::WorkInterrupted{outcome.node});
  }
  return take(run::WorkFailed{outcome.node, error.message()});
}

Status RunEngine::apply(const run::RunEvent& said) {
  DIRECTOR_CHECK(take(said));
  return carry_out();
}

Status RunEngine::take(const run::RunEvent& said) {
  const run::RunEvent event = masked(said, services_.redactor);
  const bool durable = must_be_durable(event);
  DIRECTOR_TRY(const run::At at, books_.enter(run::Event(event), durable));
  must_flush_ = must_flush_ || durable;
  DIRECTOR_TRY(run::RunStep step, run::advance(*std::exchange(state_, std::nullopt), event, at));
  state_ = std::move(step.state);
  if (const auto* landed = std::get_if<run::Landed>(&event)) {
    work_.saw_landed(landed->node);
  }
  progress_.running(*state_, event);
  offer_settled(books_, services_.settings, plan_, *state_, event, at, step.effects);
  asked_for_.insert(asked_for_.end(), std::make_move_iterator(step.effects.begin()),
                    std::make_move_iterator(step.effects.end()));
  return ok();
}

Status RunEngine::carry_out() {
  while (must_flush_ || !asked_for_.empty()) {
    if (std::exchange(must_flush_, false)) {
      DIRECTOR_CHECK(books_.flush());
    }
    for (const run::RunEffect& effect : std::exchange(asked_for_, {})) {
      DIRECTOR_CHECK(perform(effect));
    }
  }
  return ok();
}

Status RunEngine::perform(const run::RunEffect& effect) {
  if (const auto* start = std::get_if<run::StartAttempt>(&effect)) {
    return start_attempt(*start);
  }
  if (const auto* finish = std::get_if<run::FinishRun>(&effect)) {
    return take(run::RunFinished{finish->outcome});
  }
  if (std::holds_alternative<run::RunIntegrationGates>(effect)) {
    post(NodeId(), [this, landed = landed_nodes(), parallel = state_->parallel] {
      return gate_the_end(landed, parallel);
    });
    return ok();
  }
  const auto state_of = [this](const NodeId& id) { return state_->nodes[state_->index_of(id)]; };
  if (const auto* call = std::get_if<run::CallAgent>(&effect)) {
    post(call->node, [this, id = call->node, state = state_of(call->node)] {
      return work_.call_agent(id, state);
    });
  } else if (const auto* capture = std::get_if<run::CaptureCandidate>(&effect)) {
    post(capture->node, [this, id = capture->node, state = state_of(capture->node)] {
      return work_.capture(id, state);
    });
  } else if (const auto* integrate = std::get_if<run::Integrate>(&effect)) {
    post(integrate->node, [this, id = integrate->node, state = state_of(integrate->node)] {
      return work_.integrate(id, state);
    });
  } else if (const auto* gates = std::get_if<run::RunGates>(&effect)) {
    const GateOptions options{state_->parallel, state_->lane == state_->index_of(gates->node)};
    post(gates->node, [this, id = gates->node, state = state_of(gates->node), options] {
      return work_.gate(id, state, options);
    });
  } else if (const auto* review = std::get_if<run::ReviewCandidate>(&effect)) {
    post(review->node, [this, effect = *review, state = state_of(review->node)] {
      return work_.review(effect, state);
    });
  } else if (const auto* land = std::get_if<run::Land>(&effect)) {
    post(land->node, [this, id = land->node] { return work_.land(id); });
  } else if (const auto* batch = std::get_if<run::LandBatch>(&effect)) {
    post_batch(*batch);
  }
  return ok();
}

void RunEngine::post_batch(const run::LandBatch& batch) {
  const auto member = [this](const NodeId& id) {
    const std::size_t index = state_->index_of(id);  // both are in the plan's order
    return BatchMember{&plan_.nodes[index], state_->nodes[index]};
  };
  std::vector<BatchMember> members{member(batch.node)};
  std::transform(batch.riders.begin(), batch.riders.end(), std::back_inserter(members), member);
  post_all(batch.node, [this, members = std::move(members), parallel = state_->parallel] {
    return work_.land_batch(members, parallel);
  });
}

Result<run::RunEvent> RunEngine::gate_the_end(const std::vector<LandedNode>& landed, int parallel) {
  DIRECTOR_TRY(Oid tip, branch_tip());
  const int rounds = services_.settings.limits.landing_rounds;
  for (int round = 1; round <= rounds; ++round) {
    DIRECTOR_TRY(run::RunEvent gated,
                 run_integration_gates(services_, workspaces_, tip, landed, parallel));
    DIRECTOR_TRY(const Oid now, branch_tip());
    if (now == tip) {
      return gated;
    }
    tip = now;
  }
  return run::RunEvent(run::IntegrationGated{
      false, "somebody committed to the job branch each time that its gates ran, " +
                 std::to_string(rounds) + " times; run again when it is left alone"});
}

std::vector<LandedNode> RunEngine::landed_nodes() const {
  std::vector<LandedNode> landed;
  for (const plan::Node& node : plan_.nodes) {
    const run::NodeState& state = state_->nodes[state_->index_of(node.id)];
    if (state.status == run::NodeStatus::Done) {
      landed.push_back({&node, state.found ? Oid() : state.commit});
    }
  }
  return landed;
}

Status RunEngine::start_attempt(const run::StartAttempt& effect) {
  const config::Role role =
      effect.tier == run::TierKind::Escalation ? config::Role::Escalation : config::Role::Executor;
  const Result<Oid> tip = branch_tip();
  if (!tip && (tip.error().code() == Errc::Conflict || tip.error().code() == Errc::NotFound)) {
    return tip.error();
  }
  const Oid base = tip ? *tip : state_->tip;  // preparing will fail as this did
  DIRECTOR_CHECK(take(run::AttemptStarted{effect.node, effect.attempt, effect.tier,
                                          services_.settings.tiers.at(role).text, base}));
  post(effect.node, [this, effect, base] { return work_.prepare(effect, base); });
  return ok();
}

void RunEngine::save_state(bool now) {
  const ports::SteadyTime time = services_.clock.now();
  if (!state_ || (!now && time - state_saved_ < kStateEvery)) {
    return;
  }
  state_saved_ = time;
  const Status saved =
      services_.files.write(services_.folders.node_state(), state_json(*state_, books_.ledger()));
  if (!saved) {
    services_.log.write(ports::LogLevel::Warning, saved.error().message());
  }
}

void RunEngine::start_workers(int count) {
  for (int i = 0; i < std::max(1, count); ++i) {
    workers_.emplace_back([this] { work(); });
  }
}

void RunEngine::stop_workers() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_workers_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
  workers_.clear();
}

void RunEngine::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_workers_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
    if (closing_) {
      return;
    }
    auto [node, task] = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    Outcome outcome{node, task()};
    lock.lock();
    outcomes_.push_back(std::move(outcome));
    wake_loop_.notify_one();
  }
}

void RunEngine::post(const NodeId& node, Task task) {
  post_all(node, [task = std::move(task)]() -> Result<Events> {
    DIRECTOR_TRY(run::RunEvent event, task());
    return Events{std::move(event)};
  });
}

void RunEngine::post_all(const NodeId& node, std::function<Result<Events>()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.emplace_back(node, std::move(task));
  }
  wake_workers_.notify_one();
}

std::deque<RunEngine::Outcome> RunEngine::next_outcomes() {
  std::unique_lock lock(mutex_);
  wake_loop_.wait_for(lock, kPoll, [this] { return !outcomes_.empty(); });
  return std::exchange(outcomes_, {});
}

}  // namespace director::engine
