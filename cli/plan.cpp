#include <cstdio>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/plan_job.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "core/base/text.hpp"
#include "core/engine/plan_engine.hpp"
#include "core/engine/replay.hpp"

namespace director::cli {
namespace {

/// Errors: Conflict if a job is open that the options do not deal with.
Status check_open_job(const engine::JobState& job, const PlanOptions& options) {
  const bool present = job.planning.stage != run::Stage::None;
  const std::string named = "job '" + job.planning.job.job.value + "'";
  if (options.go_on) {
    if (!present) {
      return Error(Errc::NotFound,
                   "there is no plan to go on with; start one with `director plan \"<task>\"`");
    }
    if (job.planning.stage == run::Stage::Ready) {
      return Error(Errc::Conflict, named + " is planned already; go on with `director run`");
    }
    return ok();
  }
  if (is_over(job) || options.anew) {
    return ok();
  }
  return Error(Errc::Conflict,
               named + " is not finished (stage " +
                   std::string(run::stage_name(job.planning.stage)) + "); go on with `director " +
                   (job.planning.stage == run::Stage::Ready ? "run" : "plan --continue") +
                   "`, or put it aside with --new");
}

void say_where_to_look(const engine::Services& services, const run::PlanState& state,
                       engine::PlanEnd end) {
  if (end == engine::PlanEnd::PausedAtSpec) {
    print_text(stdout, "Gate 1. Read the specification and edit it as you like:\n  " +
                           services.folders.spec().string() +
                           "\nThen approve it: director plan --continue\n");
    return;
  }
  print_text(stdout, "Gate 2. Read the plan and the tests and edit both as you like:\n  " +
                         services.folders.plan().string() + "\n  " + state.gate.checkout +
                         "   (the tests, in a checkout of the job's own)\n");
  for (const auto& [node, authored] : state.authored) {
    if (!authored.warning.empty()) {
      constexpr std::size_t kShown = 400;
      print_text(stdout, "WARNING: the tests of node '" + text::printable(node.value) +
                             "' are not red: " +
                             text::printable(text::cut_middle(authored.warning, kShown)) + "\n");
    }
  }
  std::printf("Then approve them: director plan --continue\n");
}

Result<PlanStart> prepare(engine::Services& services, const PlanOptions& options) {
  PlanStart start;
  DIRECTOR_TRY(start.job, engine::read_job(services.files, services.folders.journal()));
  DIRECTOR_CHECK(check_open_job(start.job, options));
  if (!options.go_on) {
    DIRECTOR_TRY(start.created,
                 new_job(services, {options.task, options.automatic, !options.no_critique}));
  }
  return start;
}

ExitCode report_failure(const Session& session, const CommonOptions& common, const Error& error) {
  const std::string again = "`" + with_settings("director plan --continue", common) + "`";
  if (session.interrupted()) {
    print_text(stderr, "interrupted; " + again + " goes on\n");
    return ExitCode::Interrupted;
  }
  print_error(error);
  print_text(stderr, "director: " + again + " tries this stage again\n");
  return ExitCode::Incomplete;
}

void print_ready_plan(engine::Services& services) {
  const Result<engine::JobState> ready =
      engine::read_job(services.files, services.folders.journal());
  if (!ready) {
    print_error(ready.error());
  } else if (ready->plan) {
    const plan::Plan& plan = *ready->plan;
    print_text(stdout, "Plan of job " + plan.job_id.value + ", " +
                           std::to_string(plan.nodes.size()) + " nodes on branch " +
                           plan.job_branch + ":\n" + plan_text(plan) +
                           "\nGo on with `director run`.\n");
  }
}

}  // namespace

ExitCode plan_command(const CommonOptions& common, const PlanOptions& options) {
  if (options.task.empty() != options.go_on) {
    print_error(Error(Errc::Invalid, options.go_on
                                         ? "`plan --continue` takes no task"
                                         : "`plan` needs a task: director plan \"<task>\""));
    return ExitCode::Usage;
  }
  Result<std::unique_ptr<Session>> opened = Session::open(common);
  if (!opened) {
    print_error(opened.error());
    return opened.error().code() == Errc::Conflict ? ExitCode::Locked : ExitCode::Usage;
  }
  Session& session = **opened;
  engine::Services& services = session.services();
  Result<PlanStart> start = prepare(services, options);
  if (!start) {
    print_error(start.error());
    return ExitCode::Usage;
  }
  Result<Planning> planning = Planning::open(session, std::move(start).value());
  if (!planning) {
    return report_failure(session, common, planning.error());
  }
  if (const Status approved = options.go_on ? planning->approve() : ok(); !approved) {
    if (approved.error().code() != Errc::Invalid) {
      return report_failure(session, common, approved.error());
    }
    print_error(approved.error());  // an edit that cannot be used: nothing was started
    return ExitCode::Usage;
  }
  const Result<engine::PlanEnd> end = planning->run();
  if (!end) {
    return report_failure(session, common, end.error());
  }
  if (*end == engine::PlanEnd::Ready) {
    print_ready_plan(services);
  } else {
    say_where_to_look(services, planning->state(), *end);
  }
  return ExitCode::Done;
}

}  // namespace director::cli
