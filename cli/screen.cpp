#include "cli/screen.hpp"

#include <chrono>
#include <vector>

#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::size_t kMostLiveLines = 16;
constexpr std::size_t kDetail = 400;

/// The first lines that say something, as one.
std::string brief(std::string_view detail) {
  constexpr std::size_t kLines = 3;
  std::vector<std::string> said;
  for (const std::string_view one : text::split_lines(detail)) {
    if (!text::trim(one).empty() && said.size() < kLines) {
      said.emplace_back(text::printable(text::trim(one)));
    }
  }
  return text::cut_middle(text::join(said, " "), kDetail);
}

std::string named(const NodeId& node, const std::string& what) { return node.value + ": " + what; }

std::string attempt_of(int attempt, run::TierKind tier) {
  return std::string(tier == run::TierKind::Escalation ? "escalation" : "attempt ") +
         (tier == run::TierKind::Escalation ? "" : std::to_string(attempt));
}

class DescribeRun {
 public:
  explicit DescribeRun(const run::RunState& state) : state_(state) {}

  std::string operator()(const run::RunStarted& event) const {
    return "running " + std::to_string(state_.nodes.size()) + " nodes, " +
           std::to_string(state_.settled) + " settled already, " + std::to_string(event.parallel) +
           " at a time";
  }
  std::string operator()(const run::AttemptStarted& event) const {
    return named(event.node, attempt_of(event.attempt, event.tier) + " with " + event.model);
  }
  std::string operator()(const run::RedChecked& event) const {
    return event.red == run::Red::Yes ? "" : ended(event.node);
  }
  std::string operator()(const run::AgentEnded& event) const {
    switch (event.outcome) {
      case run::AgentOutcome::Ok:
        return named(event.node, "agent finished, checking");
      case run::AgentOutcome::Cancelled:
        return "";
      case run::AgentOutcome::Budget:
        return named(event.node, "agent: " + brief(event.why)) + next(event.node);
      case run::AgentOutcome::Infra:
        return named(event.node, "agent failed: " + brief(event.why)) + again(event.node);
      case run::AgentOutcome::Failed:
      case run::AgentOutcome::Config:
        return named(event.node, "agent failed: " + brief(event.why)) + next(event.node);
    }
    return "";
  }
  std::string operator()(const run::CandidateMade& event) const {
    return event.violation.empty()
               ? ""
               : named(event.node, "refused: " + brief(event.violation)) + next(event.node);
  }
  std::string operator()(const run::Integrated& event) const {
    return event.conflict.empty()
               ? ""
               : named(event.node, "cannot be merged: " + brief(event.conflict)) + next(event.node);
  }
  std::string operator()(const run::Gated& event) const {
    return event.verdict == run::Verdict::Pass
               ? ""
               : named(event.node, "tests: " + brief(event.detail)) + next(event.node);
  }
  std::string operator()(const run::Reviewed& event) const {
    if (event.over_budget) {
      return named(event.node, "not reviewed: the cost ceiling leaves no room for it") +
             next(event.node);
    }
    if (!event.stage_two) {
      return named(event.node, "advice: " + brief(event.advice));
    }
    const char* what = event.verdict == run::Verdict::Pass   ? "review passed: "
                       : event.verdict == run::Verdict::Fail ? "review blocks: "
                                                             : "review failed: ";
    return named(event.node, what + brief(event.summary)) +
           (event.verdict == run::Verdict::Pass ? "" : next(event.node));
  }
  std::string operator()(const run::Landed& event) const {
    constexpr std::size_t kShort = 10;
    return named(event.node, "landed as " + event.commit.value.substr(0, kShort) + " (" +
                                 std::to_string(state_.settled) + " of " +
                                 std::to_string(state_.nodes.size()) + ")");
  }
  std::string operator()(const run::LandRefused& event) const {
    const std::string end = next(event.node);
    return named(event.node, "the branch moved" +
                                 (end.empty() ? ", checking again on top of it" : " again" + end));
  }
  std::string operator()(const run::BatchRefused& event) const {
    return named(event.node, "cannot land together with others: " + brief(event.why));
  }
  std::string operator()(const run::WorkFailed& event) const {
    return named(event.node, "error: " + brief(event.why));
  }
  std::string operator()(const run::WorkInterrupted& event) const {
    return named(event.node, "interrupted");
  }
  std::string operator()(const run::InterruptSeen&) const {
    return "interrupted: ending what runs (again to end at once)";
  }
  std::string operator()(const run::IntegrationGated& event) const {
    return event.passed ? "integration gates passed"
                        : "integration gates failed: " + brief(event.detail);
  }
  std::string operator()(const run::RunFinished& event) const {
    return "run finished: " + event.outcome;
  }

 private:
  [[nodiscard]] std::string ended(const NodeId& id) const {
    const run::NodeState& node = state_.nodes[state_.index_of(id)];
    return named(id, std::string(run::to_string(node.status)) + ": " + brief(node.error));
  }
  /// What follows an infrastructure failure.
  [[nodiscard]] std::string again(const NodeId& id) const {
    const run::NodeState& node = state_.nodes[state_.index_of(id)];
    return node.status == run::NodeStatus::Running
               ? "; no attempt, trying again (" + std::to_string(node.infra_failures) + " of " +
                     std::to_string(state_.infra_retries) + ")"
               : next(id);
  }
  /// What follows a failure, where that is the end.
  [[nodiscard]] std::string next(const NodeId& id) const {
    const run::NodeState& node = state_.nodes[state_.index_of(id)];
    return run::is_final(node.status) ? " -> " + std::string(run::to_string(node.status)) : "";
  }

  const run::RunState& state_;
};

struct DescribePlan {
  std::string operator()(const run::JobCreated& event) const {
    return "job " + event.job.value + " on branch " + event.branch;
  }
  std::string operator()(const run::BranchCreated&) const { return ""; }
  std::string operator()(const run::ReconWritten&) const { return "recon.md written"; }
  std::string operator()(const run::SpecWritten& event) const {
    return event.revised ? "spec.md read once more" : "spec.md written";
  }
  std::string operator()(const run::GatePassed& event) const {
    return "gate '" + event.gate + "' passed";
  }
  std::string operator()(const run::PlanProposed& event) const {
    return event.problems.empty()
               ? "plan.json written: " + std::to_string(event.order.size()) + " nodes"
               : "the plan is not valid: " + brief(event.problems);
  }
  std::string operator()(const run::TestsWritten&) const { return ""; }
  std::string operator()(const run::TestsAuthored& event) const {
    return event.warning.empty()
               ? named(event.node, "tests written and red")
               : named(event.node, "tests written, but NOT RED: ") + brief(event.warning);
  }
  std::string operator()(const run::GateOpened&) const { return ""; }
  std::string operator()(const run::GateEdited& event) const {
    return event.missing.empty()
               ? "edits taken over"
               : "edits taken over; tests to be written: " + text::join(event.missing, ", ");
  }
  std::string operator()(const run::TestsRejected& event) const {
    return named(event.node, "tests refused: " + brief(event.why));
  }
  std::string operator()(const run::PlanFrozen&) const { return "plan frozen"; }
  std::string operator()(const run::PlanningStopped& event) const {
    return "planning stopped: " + brief(event.why);
  }
};

}  // namespace

std::string describe(const run::RunState& state, const run::RunEvent& event) {
  return std::visit(DescribeRun(state), event);
}

std::string describe(const run::PlanState&, const run::PlanEvent& event) {
  return std::visit(DescribePlan{}, event);
}

void Screen::interject(const std::function<void()>& write) {
  const std::lock_guard lock(mutex_);
  erase();
  write();
}

void Screen::planning(const run::PlanState& state, const run::PlanEvent& event) {
  const std::lock_guard lock(mutex_);
  line(describe(state, event));
}

void Screen::planning_step(std::string_view what) {
  const std::lock_guard lock(mutex_);
  line(std::string(what) + " ...");
}

void Screen::running(const run::RunState& state, const run::RunEvent& event) {
  const std::lock_guard lock(mutex_);
  line(describe(state, event));
  if (live_) {
    draw(state);
  }
}

void Screen::idle(const run::RunState& state) {
  const std::lock_guard lock(mutex_);
  if (live_ && clock_.now() - drawn_at_ >= kRedraw) {
    draw(state);
  }
}

void Screen::line(const std::string& text) {
  if (text.empty()) {
    return;
  }
  erase();
  std::fprintf(out_, "%s\n", text::printable(text).c_str());
  std::fflush(out_);
}

void Screen::erase() {
  if (drawn_ == 0) {
    return;
  }
  std::fprintf(out_, "\x1b[%zuA\x1b[J", drawn_);
  std::fflush(out_);
  drawn_ = 0;
}

void Screen::draw(const run::RunState& state) {
  erase();
  drawn_at_ = clock_.now();
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < state.nodes.size() && drawn_ + left_out < state.running; ++i) {
    const run::NodeState& node = state.nodes[i];
    if (node.status != run::NodeStatus::Running) {
      continue;
    }
    if (drawn_ == kMostLiveLines) {
      ++left_out;
      continue;
    }
    const std::chrono::duration<double> now = clock_.wall().time_since_epoch();
    constexpr double kMsPerSecond = 1000.0;
    // The wall clock may have been set back meanwhile.
    const double elapsed =
        std::max(0.0, now.count() - static_cast<double>(node.started_ms) / kMsPerSecond);
    std::fprintf(
        out_, "  %s  %s, %s, %.0f s\n", text::printable(state.topology->ids[i].value).c_str(),
        std::string(run::to_string(node.phase)).c_str(),
        attempt_of(node.attempts, node.tier).c_str(), node.started_ms == 0 ? 0.0 : elapsed);
    ++drawn_;
  }
  if (left_out != 0) {
    std::fprintf(out_, "  and %zu more\n", left_out);
    ++drawn_;
  }
  std::fflush(out_);
}

}  // namespace director::cli
