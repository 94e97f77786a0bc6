#include "core/engine/records.hpp"

#include "core/base/json.hpp"

namespace director::engine {
namespace {

constexpr double kMsPerSecond = 1000.0;

double seconds(std::int64_t from_ms, std::int64_t to_ms) {
  return from_ms == 0 || to_ms < from_ms ? 0.0
                                         : static_cast<double>(to_ms - from_ms) / kMsPerSecond;
}

std::string_view tier_name(const run::NodeState& node) {
  if (node.model.empty()) {
    return "";
  }
  return node.tier == run::TierKind::Escalation ? "escalation" : "executor";
}

void write_spend(JsonWriter& out, const std::map<std::string, run::Spend>& by_name) {
  out.begin_object();
  for (const auto& [name, spend] : by_name) {
    out.key(name).begin_object();
    out.member("input", spend.input);
    out.member("output", spend.output);
    out.member("cost", spend.usd);
    out.member("calls", spend.calls);
    out.end_object();
  }
  out.end_object();
}

/// The fields that state.json and metrics.jsonl share.
void write_common(JsonWriter& out, const run::NodeState& node, const run::Spend& spend) {
  out.member("status", run::to_string(node.status));
  out.member("attempts", node.attempts);
  out.member("tier_used", tier_name(node));
  out.member("model_used", node.model);
  out.member("escalated", node.tier == run::TierKind::Escalation);
  out.key("tokens").begin_object();
  out.member("input", spend.input).member("output", spend.output);
  out.end_object();
  out.member("cost_usd", spend.usd);
  out.member("review_stage_two", node.review_ran);
  out.member("review_blocks", node.review_blocks);
  out.member("wall_secs", seconds(node.started_ms, node.finished_ms));
  out.member("flake_failed", node.flake_failed);
  out.member("infra_retries", node.infra_retries);
  out.member("failure_points", node.failure_points);
}

}  // namespace

Tally tally(const run::RunState& state) {
  Tally counts;
  counts.nodes = state.nodes.size();
  for (const run::NodeState& node : state.nodes) {
    const bool escalation = node.tier == run::TierKind::Escalation;
    counts.done += node.status == run::NodeStatus::Done ? 1 : 0;
    counts.escalated += node.status == run::NodeStatus::Escalated ? 1 : 0;
    counts.failed += node.status == run::NodeStatus::Failed ||
                             node.status == run::NodeStatus::Blocked ||
                             node.status == run::NodeStatus::Error
                         ? 1
                         : 0;
    counts.to_escalation += escalation ? 1 : 0;
    counts.by_executor += node.status == run::NodeStatus::Done && !escalation ? 1 : 0;
    counts.reviewed += node.review_ran ? 1 : 0;
    counts.watched += node.watch == "observed" ? 1 : 0;
    counts.flaky += node.flake_failed ? 1 : 0;
    counts.infra_retries += static_cast<std::size_t>(node.infra_retries);
  }
  return counts;
}

void write_node_state(JsonWriter& out, const run::RunState& state, std::size_t index,
                      const run::Ledger& ledger) {
  const run::NodeState& node = state.nodes[index];
  const NodeId& id = state.topology->ids[index];
  out.key(id.value).begin_object();
  out.member("id", id.value);
  write_common(out, node, ledger.of_node(id));
  out.member("error", node.error);
  out.member("worktree", node.workspace);
  out.member("review_summary", node.review_summary);
  out.member("review_advice", node.advice);
  out.member("watch_it_fail", node.watch);
  out.end_object();
}

std::string state_json(const run::RunState& state, const run::Ledger& ledger) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object().key("nodes").begin_object();
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    write_node_state(out, state, i, ledger);
  }
  out.end_object().end_object();
  return out.take() + "\n";
}

std::string stage_json(const run::PlanState& state) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("job_id", state.job.job.value);
  out.member("task", state.job.task);
  out.member("job_branch", state.job.branch);
  out.member("stage", run::stage_name(state.stage));
  out.member("auto", state.job.automatic);
  out.member("critique", state.job.critique);
  out.end_object();
  return out.take() + "\n";
}

std::string node_record(const plan::Plan& plan, const run::RunState& state, std::size_t index,
                        const run::Ledger& ledger) {
  const run::NodeState& node = state.nodes[index];
  const plan::Node& planned = plan.nodes[index];
  JsonWriter out;
  out.begin_object();
  out.member("kind", "node");
  out.member("ts", static_cast<double>(node.finished_ms) / kMsPerSecond);
  out.member("job_id", plan.job_id.value);
  out.member("node", planned.id.value);
  out.member("title", planned.title);
  out.member("difficulty", plan::to_string(planned.difficulty));
  write_common(out, node, ledger.of_node(planned.id));
  constexpr double kKilobytes = 1024.0;
  out.member("cpu_secs", static_cast<double>(node.used.cpu_ms) / kMsPerSecond);
  out.member("peak_memory_mb", static_cast<double>(node.used.peak_memory_kb) / kKilobytes);
  const auto by_role = ledger.by_node.find(planned.id);
  out.key("by_role");
  write_spend(
      out, by_role == ledger.by_node.end() ? std::map<std::string, run::Spend>() : by_role->second);
  out.key("watch_it_fail").begin_object();
  out.member("verdict", node.watch);
  out.member("ran_before_edit", node.ran_before_edit);
  out.member("observed_failure", node.observed_failure);
  out.end_object();
  out.end_object();
  return out.take();
}

std::string run_record(const plan::Plan& plan, const run::RunState& state,
                       const run::Ledger& ledger, const config::Settings& settings) {
  const Tally counts = tally(state);
  JsonWriter out;
  out.begin_object();
  out.member("kind", "run");
  out.member("ts", static_cast<double>(state.finished_ms) / kMsPerSecond);
  out.member("job_id", plan.job_id.value);
  out.key("tiers").begin_object();
  for (const auto& [role, tier] : settings.tiers) {
    out.member(config::to_string(role), tier.text);
  }
  out.end_object();
  out.member("n_nodes", counts.nodes);
  out.member("done", counts.done);
  out.member("failed", counts.failed);
  out.member("escalated", counts.escalated);
  out.member("executor_tier_completion", counts.share(counts.by_executor));
  constexpr double kPercent = 100.0;
  out.member("executor_tier_pct", kPercent * counts.share(counts.by_executor));
  out.member("escalation_rate", counts.share(counts.to_escalation));
  out.member("stage_two_trigger_rate", counts.share(counts.reviewed));
  out.member("infra_retries", counts.infra_retries);
  out.member("integration_ok", state.integration_ok.value_or(false));
  out.member("wall_secs", seconds(state.started_ms, state.finished_ms));
  out.member("cost_total", ledger.total.usd);
  out.key("by_role");
  write_spend(out, ledger.by_role);
  out.key("by_model");
  write_spend(out, ledger.by_model);
  out.end_object();
  return out.take();
}

}  // namespace director::engine
