#include <cstdio>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/report.hpp"
#include "cli/repository.hpp"
#include "cli/session.hpp"
#include "core/base/text.hpp"
#include "core/engine/books.hpp"
#include "core/engine/plan_engine.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/timestamp.hpp"
#include "core/plan/plan_json.hpp"

namespace director::cli {
namespace {

/// Whether a new plan may take the place of this job: it was run to an end.
bool is_over(const engine::JobState& job) {
  return job.run && (job.run->outcome == "done" || job.run->outcome == "incomplete");
}

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
  if (!present || is_over(job) || options.anew) {
    return ok();
  }
  return Error(Errc::Conflict,
               named + " is not finished (stage " +
                   std::string(run::stage_name(job.planning.stage)) + "); go on with `director " +
                   (job.planning.stage == run::Stage::Ready ? "run" : "plan --continue") +
                   "`, or put it aside with --new");
}

/// The first free id, and the job as it will be.
Result<run::JobCreated> new_job(engine::Services& services, const PlanOptions& options) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services.backends.vcs->lease());
  const Result<director::commit_info> head = vcs->resolve("HEAD");
  if (!head) {
    return Error(Errc::NotFound, "cannot plan in '" + services.folders.repo.string() +
                                     "': it has no commit yet; commit something first (" +
                                     head.error().message() + ")");
  }
  DIRECTOR_TRY(const director::checkout_state checkout, vcs->user_checkout());
  if (checkout.uncommitted) {
    services.log.write(ports::LogLevel::Warning,
                       "the checkout has uncommitted changes; the job starts from the last commit "
                       "and does not see them");
  }
  run::JobCreated job;
  job.task = options.task;
  job.base = Oid(head->oid);
  job.automatic = options.automatic;
  job.critique = !options.no_critique;
  const std::string stamp = engine::job_stamp(services.clock.wall());
  for (int suffix = 1;; ++suffix) {
    job.job = JobId(suffix == 1 ? stamp : stamp + "-" + std::to_string(suffix));
    job.branch = "director/job-" + job.job.value;
    const bool branch_taken = vcs->resolve("refs/heads/" + job.branch).has_value();
    std::error_code error;
    if (!branch_taken &&
        !std::filesystem::exists(services.folders.state / "history" / job.job.value, error)) {
      return job;
    }
  }
}

void say_where_to_look(const engine::Services& services, const run::PlanState& state,
                       engine::PlanEnd end) {
  if (end == engine::PlanEnd::PausedAtSpec) {
    std::printf(
        "Gate 1. Read the specification and edit it as you like:\n  %s\n"
        "Then approve it: director plan --continue\n",
        services.folders.spec().c_str());
    return;
  }
  std::printf(
      "Gate 2. Read the plan and the tests and edit both as you like:\n  %s\n  %s   (the tests, "
      "in a checkout of the job's own)\n",
      services.folders.plan().c_str(), state.gate.checkout.c_str());
  for (const auto& [node, authored] : state.authored) {
    if (!authored.warning.empty()) {
      std::printf("WARNING: the tests of node '%s' are not red: %s\n",
                  text::printable(node.value).c_str(),
                  text::printable(text::cut_middle(authored.warning, 400)).c_str());
    }
  }
  std::printf("Then approve them: director plan --continue\n");
}

/// What to plan: the job as it was left, or one to create in its place.
struct Start {
  engine::JobState job;
  std::optional<run::JobCreated> created;
};

Result<Start> prepare(engine::Services& services, const PlanOptions& options) {
  Start start;
  DIRECTOR_TRY(start.job, engine::read_job(services.files, services.folders.journal()));
  DIRECTOR_CHECK(check_open_job(start.job, options));
  if (!options.go_on) {
    DIRECTOR_TRY(start.created, new_job(services, options));
  }
  return start;
}

struct Planned {
  engine::PlanEnd end = engine::PlanEnd::Ready;
  run::PlanState state;
};

/// An edit at a gate that cannot be used is Invalid before anything was started; `approved` is
/// false then.
Result<Planned> plan(Session& session, Start start, const PlanOptions& options, bool& approved) {
  engine::Services& services = session.services();
  if (start.created) {
    if (start.job.planning.stage != run::Stage::None) {
      DIRECTOR_CHECK(
          archive_job(services.files, services.folders, start.job.planning.job.job.value));
    }
    start.job = engine::JobState();
  }
  DIRECTOR_TRY(std::unique_ptr<engine::Books> books,
               engine::Books::open(services, [](const engine::Entry&) { return ok(); }));
  DIRECTOR_CHECK(books->close_open_calls());
  const bool at_gate =
      std::holds_alternative<run::PauseAtGate>(run::next_effect(start.job.planning));
  engine::PlanEngine engine(services, *books, std::move(start.job), session.screen());
  if (start.created) {
    DIRECTOR_CHECK(engine.create(*start.created));
  } else if (options.go_on && at_gate) {
    DIRECTOR_CHECK(engine.approve());
  }
  approved = true;
  DIRECTOR_TRY(const engine::PlanEnd end, engine.run());
  return Planned{end, engine.state()};
}

ExitCode report_failure(const Session& session, const Error& error, bool approved) {
  if (!approved && error.code() == Errc::Invalid) {
    print_error(error);
    return ExitCode::Usage;
  }
  if (session.interrupted()) {
    std::fputs("interrupted; `director plan --continue` goes on\n", stderr);
    return ExitCode::Interrupted;
  }
  print_error(error);
  std::fputs("director: `director plan --continue` tries this stage again\n", stderr);
  return ExitCode::Incomplete;
}

void print_ready_plan(engine::Services& services) {
  const Result<engine::JobState> ready =
      engine::read_job(services.files, services.folders.journal());
  if (ready && ready->plan) {
    std::printf("Plan of job %s, %zu nodes on branch %s:\n%s\nGo on with `director run`.\n",
                ready->plan->job_id.value.c_str(), ready->plan->nodes.size(),
                ready->plan->job_branch.c_str(), plan_text(*ready->plan).c_str());
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
  Result<Start> start = prepare(services, options);
  if (!start) {
    print_error(start.error());
    return ExitCode::Usage;
  }
  bool approved = false;
  const Result<Planned> planned = plan(session, std::move(start).value(), options, approved);
  if (!planned) {
    return report_failure(session, planned.error(), approved);
  }
  if (planned->end == engine::PlanEnd::Ready) {
    print_ready_plan(services);
  } else {
    say_where_to_look(services, planned->state, planned->end);
  }
  return ExitCode::Done;
}

}  // namespace director::cli
