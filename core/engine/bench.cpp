#include "core/engine/bench.hpp"

#include <algorithm>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/engine/records.hpp"

namespace director::engine {
namespace {

constexpr double kPercent = 100.0;
constexpr double kMsPerSecond = 1000.0;

const BenchRow* find_baseline(const BenchSummary& summary) {
  const auto found =
      std::find_if(summary.rows.begin(), summary.rows.end(),
                   [](const BenchRow& row) { return row.profile == kBaselineProfile; });
  return found == summary.rows.end() ? nullptr : &*found;
}

double share(std::size_t count, std::size_t of) {
  return of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
}

/// What kept the run from showing what the profile's models can do.
std::string error_of(const JobState& job) {
  if (job.run->outcome == "ceiling") {
    return "stopped at the cost ceiling of the profile";
  }
  for (std::size_t i = 0; i < job.run->nodes.size(); ++i) {
    const run::NodeState& node = job.run->nodes[i];
    if (node.status == run::NodeStatus::Error) {
      return "node '" + job.run->topology->ids[i].value + "': " + node.error;
    }
  }
  return "";
}

template <typename Value>
void write_optional(JsonWriter& out, std::string_view name, const std::optional<Value>& value) {
  out.key(name);
  if (value) {
    out.value(*value);
  } else {
    out.null();
  }
}

void write_row(JsonWriter& out, const BenchSummary& summary, const BenchRow& row) {
  out.begin_object();
  out.member("profile", row.profile);
  out.member("job_id", row.job.value);
  out.member("job_branch", row.branch);
  out.member("outcome", row.outcome);
  out.member("error", row.error);
  out.member("n_nodes", row.nodes);
  out.member("done", row.done);
  out.member("executor_tier_completion", share(row.by_executor, row.nodes));
  out.member("executor_tier_pct", kPercent * share(row.by_executor, row.nodes));
  out.member("escalated", row.to_escalation);
  out.member("escalation_rate", share(row.to_escalation, row.nodes));
  out.member("stage_two_trigger_rate", share(row.reviewed, row.nodes));
  write_optional(out, "integration_ok", row.integration_ok);
  out.member("run_cost_usd", row.cost_usd);
  out.member("calls", row.calls);
  out.member("wall_secs", row.wall_secs);
  const std::optional<double> saved = saving(summary, row);
  write_optional(out, "saving", saved);
  write_optional(out, "on_target", saved ? std::optional(*saved > kSavingTarget) : std::nullopt);
  out.end_object();
}

}  // namespace

std::string to_json(const Bench& bench) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("task", bench.task);
  out.member("plan_profile", bench.plan_profile);
  out.member("profiles", bench.profiles);
  out.member("job_id", bench.job.value);
  out.member("job_branch", bench.branch);
  out.member("commit", bench.commit.value);
  out.member("ended", bench.ended);
  out.end_object();
  return out.take() + "\n";
}

Result<Bench> parse_bench(std::string_view text) {
  DIRECTOR_TRY(const Json json, parse_json(text));
  Bench bench;
  DIRECTOR_TRY(bench.task, json.get_string("task"));
  DIRECTOR_TRY(bench.plan_profile, json.get_string("plan_profile"));
  DIRECTOR_TRY(bench.profiles, json.get_strings("profiles"));
  DIRECTOR_TRY(bench.job.value, json.get_string("job_id"));
  DIRECTOR_TRY(bench.branch, json.get_string("job_branch"));
  DIRECTOR_TRY(bench.commit.value, json.get_string("commit"));
  DIRECTOR_TRY(bench.ended, json.get_bool("ended"));
  return bench;
}

Result<BenchStart> how_to_start(const std::optional<Bench>& open, const Bench& wanted, bool anew) {
  if (!open || anew) {
    return BenchStart::Anew;
  }
  if (open->task == wanted.task && open->plan_profile == wanted.plan_profile) {
    return BenchStart::GoOn;
  }
  if (open->ended) {
    return BenchStart::Anew;
  }
  constexpr std::size_t kLongest = 200;
  const std::string what =
      open->task == wanted.task
          ? "was planned under profile '" + open->plan_profile + "'"
          : "has another task, '" + text::printable(text::cut_middle(open->task, kLongest)) + "'";
  return Error(Errc::Conflict, "the bench that was begun here has not ended and " + what +
                                   "; give its command again to go on, or start over with --new");
}

plan::Plan fork_plan(plan::Plan plan, const std::string& profile) {
  plan.job_branch = "director/bench-" + profile + "-" + plan.job_id.value;
  plan.job_id = JobId(plan.job_id.value + "-" + profile);
  return plan;
}

void WorkTime::note(const Entry& entry) {
  const auto* event = std::get_if<run::RunEvent>(&entry.event);
  if (event == nullptr) {
    return;
  }
  if (std::holds_alternative<run::RunStarted>(*event)) {
    // A run without an end was killed: what it last wrote is the last that is known of it.
    total_ms_ += working_ ? last_ms_ - since_ms_ : 0;
    working_ = true;
    since_ms_ = entry.at.unix_ms;
  }
  if (const auto* landed = std::get_if<run::Landed>(event); landed != nullptr && landed->found) {
    return;  // written by the next director, before its own run
  }
  last_ms_ = std::max(since_ms_, entry.at.unix_ms);
  if (std::holds_alternative<run::RunFinished>(*event)) {
    total_ms_ += working_ ? last_ms_ - since_ms_ : 0;
    working_ = false;
  }
}

double WorkTime::seconds() const {
  return static_cast<double>(total_ms_ + (working_ ? last_ms_ - since_ms_ : 0)) / kMsPerSecond;
}

bool is_measured(const BenchRow& row) {
  return row.error.empty() && (row.outcome == "done" || row.outcome == "incomplete");
}

BenchRow make_row(const std::string& profile, const JobState& job, double wall_secs) {
  const Tally counts = tally(*job.run);
  BenchRow row;
  row.profile = profile;
  row.job = job.plan->job_id;
  row.branch = job.plan->job_branch;
  row.outcome = job.run->outcome;
  row.error = error_of(job);
  row.nodes = counts.nodes;
  row.done = counts.done;
  row.by_executor = counts.by_executor;
  row.to_escalation = counts.to_escalation;
  row.reviewed = counts.reviewed;
  row.integration_ok = job.run->integration_ok;
  row.cost_usd = job.ledger.total.usd;
  row.calls = job.ledger.total.calls;
  row.wall_secs = wall_secs;
  return row;
}

std::optional<double> saving(const BenchSummary& summary, const BenchRow& row) {
  const BenchRow* baseline = find_baseline(summary);
  if (baseline == nullptr || !is_measured(*baseline) || baseline->cost_usd <= 0 ||
      row.profile == kBaselineProfile || !is_measured(row)) {
    return std::nullopt;
  }
  return 1.0 - row.cost_usd / baseline->cost_usd;
}

std::string summary_json(const BenchSummary& summary) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("task", summary.bench.task);
  out.member("job_id", summary.bench.job.value);
  out.member("job_branch", summary.bench.branch);
  out.member("commit", summary.bench.commit.value);
  out.member("plan_profile", summary.bench.plan_profile);
  out.member("n_nodes", summary.nodes);
  out.member("planning_cost_usd", summary.planning_usd);
  out.member("baseline", kBaselineProfile);
  out.member("saving_target", kSavingTarget);
  out.member("ended", summary.bench.ended);
  out.key("profiles").begin_array();
  for (const BenchRow& row : summary.rows) {
    write_row(out, summary, row);
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

std::string profile_metrics(const JobState& job, const config::Settings& settings) {
  std::string lines;
  for (std::size_t i = 0; i < job.run->nodes.size(); ++i) {
    if (run::is_final(job.run->nodes[i].status)) {
      lines += node_record(*job.plan, *job.run, i, job.ledger) + "\n";
    }
  }
  if (!job.run->outcome.empty()) {
    lines += run_record(*job.plan, *job.run, job.ledger, settings) + "\n";
  }
  return lines;
}

}  // namespace director::engine
