#include "cli/auto_start.hpp"

#include "cli/plan_job.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr const char* kStartOver = "start over with `director auto --force \"<task>\"`";

std::string shown(const std::string& task) {
  constexpr std::size_t kLongest = 200;
  return "'" + text::printable(text::cut_middle(task, kLongest)) + "'";
}

/// `job` was planned for a person to approve; nobody has.
Error waits_for_a_person(const engine::JobState& job) {
  const std::string named = "job '" + job.planning.job.job.value + "'";
  std::string what = named + " was started to stop at the gates";
  if (job.planning.stage == run::Stage::GateSpec) {
    what = named + " waits at gate 1 for you to read .director/spec.md";
  } else if (job.planning.stage == run::Stage::GatePlan) {
    what = named + " waits at gate 2 for you to read .director/plan.json and the tests on '" +
           job.planning.job.branch + "'";
  }
  return Error(Errc::Conflict,
               what + "; approve with `director plan --continue`, or " + kStartOver);
}

}  // namespace

Result<AutoStart> how_to_start(const engine::JobState& job, const std::string& task,
                               const Oid& head, bool force) {
  if (force) {
    return AutoStart::Anew;
  }
  if (is_over(job)) {
    if (task.empty()) {
      return Error(Errc::NotFound,
                   "there is no unfinished job to go on with; start one with `director auto "
                   "\"<task>\"`");
    }
    const bool same = job.planning.job.task == task && job.planning.job.base == head;
    return same ? AutoStart::GoOn : AutoStart::Anew;
  }
  const run::JobCreated& open = job.planning.job;
  if (!task.empty() && task != open.task) {
    return Error(Errc::Conflict, "job '" + open.job.value +
                                     "' is not finished and has another task, " + shown(open.task) +
                                     "; go on with it by `director auto` without a task, or put it "
                                     "aside with --force");
  }
  if (job.planning.stage != run::Stage::Ready && !open.automatic) {
    return waits_for_a_person(job);
  }
  return AutoStart::GoOn;
}

}  // namespace director::cli
