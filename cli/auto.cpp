#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "cli/auto_start.hpp"
#include "cli/commands.hpp"
#include "cli/plan_job.hpp"
#include "cli/report.hpp"
#include "cli/run_job.hpp"
#include "cli/session.hpp"
#include "cli/task_text.hpp"
#include "core/base/json.hpp"
#include "core/platform/disk_file_store.hpp"

namespace director::cli {
namespace {

/// A number as the configuration reads it.
std::string plain(double number) { return JsonWriter().value(number).take(); }

/// The commands that go on with the job.
struct Again {
  std::string same;    ///< under the same ceiling
  std::string higher;  ///< under another

  Again(const CommonOptions& common, const AutoOptions& options)
      : same(with_settings("director auto", common)), higher(same + " --max-cost <dollars>") {
    if (options.max_cost) {
      same += " --max-cost " + plain(*options.max_cost);
    }
  }
};

/// The task, or empty to go on with what is there. Errors: of usage.
Result<std::string> check_options(const AutoOptions& options) {
  platform::DiskFileStore files;
  DIRECTOR_TRY(std::string task, read_task(files, options.task, options.input));
  if (task.empty() && options.force) {
    return Error(Errc::Invalid, "--force starts another job and needs its task");
  }
  if (options.max_cost && (!std::isfinite(*options.max_cost) || *options.max_cost <= 0)) {
    return Error(Errc::Invalid, "--max-cost needs a number of dollars above 0");
  }
  return task;
}

/// Empty without one: whoever needs it says so.
Result<Oid> current_commit(engine::Services& services) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services.backends.vcs->lease());
  const Result<director::commit_info> head = vcs->resolve("HEAD");
  return Oid(head ? head->oid : "");
}

/// Which job to plan, or to go on planning. Errors: nothing was started.
Result<PlanStart> prepare(engine::Services& services, const std::string& task,
                          const AutoOptions& options) {
  PlanStart start;
  DIRECTOR_TRY(start.job, engine::read_job(services.files, services.folders.journal()));
  DIRECTOR_TRY(const Oid head, current_commit(services));
  DIRECTOR_TRY(const AutoStart how, how_to_start(start.job, task, head, options.force));
  if (how == AutoStart::Anew) {
    DIRECTOR_TRY(start.created, new_job(services, {task, true, !options.no_critique}));
  } else if (is_over(start.job)) {
    services.log.write(ports::LogLevel::Info, "job '" + start.job.planning.job.job.value +
                                                  "' has done this task from this commit already; "
                                                  "--force starts it anew");
  }
  return start;
}

/// `command` goes on, or tries again.
ExitCode report_failure(const Session& session, const std::string& command, const Error& error) {
  if (session.interrupted()) {
    print_text(stderr, "interrupted; `" + command + "` goes on\n");
    return ExitCode::Interrupted;
  }
  print_error(error);
  print_text(stderr, "director: `" + command + "` tries again from here\n");
  return ExitCode::Incomplete;
}

ExitCode run_planned(Session& session, const AutoOptions& options, const Again& again) {
  engine::Services& services = session.services();
  Result<OpenJob> job = open_job(services);
  if (!job) {
    print_error(job.error());
    return ExitCode::Usage;
  }
  const Result<engine::JobState> ended =
      run_job(session, std::move(job).value(),
              {.parallel = options.parallel.value_or(1),
               .max_attempts = options.max_attempts.value_or(services.settings.limits.max_attempts),
               .retry = false});
  if (!ended) {
    return report_failure(session, again.same, ended.error());
  }
  print_text(stdout, status_text(*ended));
  const bool ceiling = ended->run->outcome == "ceiling";
  print_text(stdout, next_steps(*ended, ceiling ? again.higher : again.same));
  return exit_code_of(*ended->run);
}

}  // namespace

ExitCode auto_command(CommonOptions common, const AutoOptions& options) {
  const Result<std::string> task = check_options(options);
  if (!task) {
    print_error(task.error());
    return ExitCode::Usage;
  }
  const Again again(common, options);
  if (options.max_cost) {
    common.set.push_back("limits.cost_ceiling_usd=" + plain(*options.max_cost));
  }
  Result<std::unique_ptr<Session>> opened = Session::open(common);
  if (!opened) {
    print_error(opened.error());
    return opened.error().code() == Errc::Conflict ? ExitCode::Locked : ExitCode::Usage;
  }
  Session& session = **opened;
  Result<PlanStart> start = prepare(session.services(), *task, options);
  if (!start) {
    print_error(start.error());
    return ExitCode::Usage;
  }
  if (start->created || start->job.planning.stage != run::Stage::Ready) {
    if (const Status planned = plan_to_end(session, std::move(start).value()); !planned) {
      // Under the same ceiling it would be met again.
      const bool is_ceiling =
          options.max_cost &&
          planned.error().message().find("limits.cost_ceiling_usd") != std::string::npos;
      return report_failure(session, is_ceiling ? again.higher : again.same, planned.error());
    }
  }
  return run_planned(session, options, again);
}

}  // namespace director::cli
