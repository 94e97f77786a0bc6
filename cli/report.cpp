#include "cli/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/wording.hpp"
#include "core/base/dollars.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/engine/records.hpp"

namespace director::cli {
namespace {

constexpr double kPercent = 100.0;

template <typename... Args>
std::string format(const char* pattern, Args... args) {
  std::array<char, 512> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), pattern, args...);
  return {buffer.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), buffer.size() - 1)};
}

std::string header(const engine::JobState& job) {
  const run::JobCreated& created = job.planning.job;
  return "Job " + created.job.value + ": " + first_line(created.task) + "\nBranch " +
         text::printable(created.branch) + ", stage " +
         std::string(run::stage_name(job.planning.stage)) + "\n";
}

/// Of a plan that is not ready: what it waits for.
std::string what_waits(const run::PlanState& planning) {
  if (planning.stage == run::Stage::GateSpec) {
    return "Gate 1 waits: read and edit .director/spec.md, then `director plan --continue`.\n";
  }
  if (planning.stage == run::Stage::GatePlan) {
    return "Gate 2 waits: read and edit .director/plan.json" +
           (planning.gate.checkout.empty()
                ? std::string()
                : " and the tests in " + text::printable(planning.gate.checkout)) +
           ", then `director plan --continue`.\n";
  }
  return "The plan is not ready; go on with `director plan --continue`.\n";
}

std::string tier_of(const run::NodeState& node) {
  if (node.model.empty()) {
    return "-";
  }
  return node.tier == run::TierKind::Escalation ? "escalation" : "executor";
}

std::string node_lines(const engine::JobState& job) {
  const run::RunState& run = *job.run;
  std::size_t width = 4;
  for (const NodeId& id : run.topology->ids) {
    width = std::max(width, id.value.size());
  }
  std::string out = padded("node", width) + "  status     tier        attempts      cost\n";
  for (std::size_t i = 0; i < run.nodes.size(); ++i) {
    const run::NodeState& node = run.nodes[i];
    const NodeId& id = run.topology->ids[i];
    out += padded(id.value, width) + "  " + padded(run::to_string(node.status), 9) + "  " +
           padded(tier_of(node), 10) + format("  %8d  ", node.attempts) +
           format("%8s", dollars(job.ledger.of_node(id).usd).c_str()) + "\n";
    if (!node.error.empty()) {
      out += std::string(width + 2, ' ') + "^ " + first_line(node.error) + "\n";
    }
    if (node.status == run::NodeStatus::Escalated && node.failure_points == "outside") {
      out += std::string(width + 2, ' ') +
             "^ its output points outside the node's files: a problem of the whole project?\n";
    }
  }
  return out;
}

std::string integration(const run::RunState& run) {
  if (!run.integration_ok.has_value()) {
    return "not run";
  }
  return *run.integration_ok ? "passed" : "FAILED";
}

std::string figures(const engine::JobState& job) {
  const run::RunState& run = *job.run;
  const engine::Tally counts = engine::tally(run);
  std::string out;
  out += format("done %zu of %zu, escalated %zu, failed %zu\n", counts.done, counts.nodes,
                counts.to_escalation, counts.failed + counts.escalated);
  out += format("executor-tier completion %.0f %% (target > 70 %%)\n",
                kPercent * counts.share(counts.by_executor));
  out += format("stage-two reviews %.0f %% of nodes, watch-it-fail observed %zu, flaky %zu\n",
                kPercent * counts.share(counts.reviewed), counts.watched, counts.flaky);
  if (counts.infra_retries != 0) {
    out += format("infrastructure failures tried again %zu\n", counts.infra_retries);
  }
  out += "integration gates " + integration(run) + "\n";
  const run::Spend spent = job.ledger.so_far();
  const std::size_t open = job.ledger.open.size();
  out += "cost " + dollars(spent.usd) + format(" in %d calls", spent.calls) +
         (open == 0 ? "" : format(" and %zu not ended", open)) +
         format(", %lld tokens in, %lld out\n", static_cast<long long>(spent.input),
                static_cast<long long>(spent.output));
  if (run.integration_ok == false) {
    out += "\n" + printable_lines(text::trim(run.integration_detail), "");
  }
  return out;
}

}  // namespace

std::string first_line(std::string_view text) {
  const std::vector<std::string_view> lines = text::split_lines(text::trim(text));
  constexpr std::size_t kWidth = 200;
  return lines.empty() ? "" : text::cut_middle(text::printable(lines.front()), kWidth);
}

std::string printable_lines(std::string_view text, std::string_view indent) {
  std::string out;
  for (const std::string_view line : text::split_lines(text)) {
    std::string spaced;
    for (const char c : line) {
      spaced += c == '\t' ? std::string("    ") : std::string(1, c);
    }
    out += std::string(indent) + text::printable(spaced) + "\n";
  }
  return out;
}

std::string plan_text(const plan::Plan& plan) {
  std::string out;
  for (const plan::Node& node : plan.nodes) {
    out += "  " + node.id.value + "  " + first_line(node.title) + "\n";
    std::vector<std::string> needs;
    for (const NodeId& needed : node.depends_on) {
      needs.push_back(needed.value);
    }
    if (!needs.empty()) {
      out += "      after " + text::join(needs, ", ") + "\n";
    }
    out += "      files " + text::printable(text::join(node.files, ", ")) + "\n";
    out += "      tests " + text::printable(text::join(node.tests, ", ")) + "\n";
  }
  return out;
}

std::string status_text(const engine::JobState& job) {
  std::string out = header(job);
  if (!job.run) {
    return out + "cost " + dollars(job.ledger.spent_usd()) + "\n\n" + what_waits(job.planning);
  }
  return out + "\n" + node_lines(job) + "\n" + figures(job);
}

std::string next_steps(const engine::JobState& job, const std::string& command) {
  const std::string& branch = job.plan->job_branch;
  const std::string& outcome = job.run->outcome;
  if (outcome == "done") {
    return "\nLook at the result:  git log --stat HEAD.." + branch +
           "\nTake it over:        git merge " + branch + "\n";
  }
  if (outcome == "interrupted") {
    return "\nInterrupted; `" + command + "` goes on.\n";
  }
  if (outcome == "ceiling") {
    return "\nStopped at the cost ceiling; raise it (limits.cost_ceiling_usd) and `" + command +
           "` goes on.\n";
  }
  const bool at_their_ceiling =
      std::any_of(job.run->nodes.begin(), job.run->nodes.end(), [](const run::NodeState& node) {
        return node.spent_out && node.status != run::NodeStatus::Done;
      });
  return "\nWhat landed is on " + branch + ". Try the rest again with `director run --retry`" +
         (at_their_ceiling ? "; limits.node_cost_ceiling_usd counts all runs of the job, so raise "
                             "it first"
                           : "") +
         ".\n";
}

std::string status_json(const engine::JobState& job) {
  JsonWriter out(JsonWriter::Style::Pretty);
  const run::JobCreated& created = job.planning.job;
  out.begin_object();
  out.member("job_id", created.job.value);
  out.member("task", created.task);
  out.member("job_branch", created.branch);
  out.member("stage", run::stage_name(job.planning.stage));
  out.member("cost_total", job.ledger.spent_usd());
  if (job.run) {
    const engine::Tally counts = engine::tally(*job.run);
    out.member("outcome", job.run->outcome);
    out.member("n_nodes", counts.nodes);
    out.member("done", counts.done);
    out.member("escalated", counts.to_escalation);
    out.member("failed", counts.failed + counts.escalated);
    out.member("executor_tier_completion", counts.share(counts.by_executor));
    out.member("stage_two_trigger_rate", counts.share(counts.reviewed));
    out.member("watch_it_fail_observed", counts.watched);
    out.member("flakes", counts.flaky);
    out.member("infra_retries", counts.infra_retries);
    out.key("integration_ok");
    if (job.run->integration_ok) {
      out.value(*job.run->integration_ok);
    } else {
      out.null();
    }
    out.key("nodes").begin_object();
    for (std::size_t i = 0; i < job.run->nodes.size(); ++i) {
      engine::write_node_state(out, *job.run, i, job.ledger);
    }
    out.end_object();
  }
  out.end_object();
  return out.take() + "\n";
}

}  // namespace director::cli
