#include "core/engine/replay.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

#include "core/engine/journal.hpp"
#include "core/plan/plan_json.hpp"

namespace director::engine {
namespace {

Status apply_planning(JobWork& job, const run::PlanEvent& event) {
  DIRECTOR_TRY(job.planning, run::advance(std::move(job.planning), event));
  if (const auto* frozen = std::get_if<run::PlanFrozen>(&event)) {
    DIRECTOR_TRY(plan::Plan plan, plan::parse_plan(frozen->plan));
    job.run = initial_run_state(plan);
    job.plan = std::move(plan);
  }
  return ok();
}

Status apply_running(JobWork& job, const run::RunEvent& event, run::At at,
                     std::vector<run::RunEffect>& effects) {
  if (!job.run) {
    return Error(Errc::Conflict, "the run has events before its plan");
  }
  DIRECTOR_TRY(run::RunStep step, run::advance(*std::exchange(job.run, std::nullopt), event, at));
  job.run = std::move(step.state);
  effects = std::move(step.effects);
  return ok();
}

}  // namespace

Status apply(JobWork& job, const Entry& entry) {
  std::vector<run::RunEffect> unused;
  return apply(job, entry, unused);
}

Status apply(JobWork& job, const Entry& entry, std::vector<run::RunEffect>& effects) {
  effects.clear();
  if (const auto* planning = std::get_if<run::PlanEvent>(&entry.event)) {
    return apply_planning(job, *planning);
  }
  if (const auto* running = std::get_if<run::RunEvent>(&entry.event)) {
    return apply_running(job, *running, entry.at, effects);
  }
  return ok();
}

Status apply(JobState& job, const Entry& entry) {
  if (const auto* money = std::get_if<run::MoneyEvent>(&entry.event)) {
    return run::advance(job.ledger, *money);
  }
  return apply(static_cast<JobWork&>(job), entry);
}

Result<JobState> read_job(ports::FileStore& files, const std::filesystem::path& journal) {
  JobState job;
  DIRECTOR_TRY(const std::uint64_t bytes, read_journal(files, journal, [&job](const Entry& entry) {
                 return apply(job, entry);
               }));
  (void)bytes;
  return job;
}

run::RunState initial_run_state(const plan::Plan& plan) {
  std::unordered_map<NodeId, std::size_t> index;
  std::vector<NodeId> ids;
  for (const plan::Node& node : plan.nodes) {
    index.emplace(node.id, ids.size());
    ids.push_back(node.id);
  }
  std::vector<std::vector<std::size_t>> dependencies(ids.size());
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    for (const NodeId& needed : plan.nodes[i].depends_on) {
      if (const auto found = index.find(needed); found != index.end()) {
        dependencies[i].push_back(found->second);
      }
    }
  }
  return run::make_run_state(std::move(ids), dependencies);
}

}  // namespace director::engine
