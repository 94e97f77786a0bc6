#include <cstdio>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "core/engine/adopt.hpp"
#include "core/engine/books.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/run_engine.hpp"

namespace director::cli {
namespace {

ExitCode exit_of(const run::RunState& run) {
  if (run.outcome == "done") {
    return ExitCode::Done;
  }
  return run.outcome == "interrupted" ? ExitCode::Interrupted : ExitCode::Incomplete;
}

/// How to look at the work and take it over.
void say_what_next(const engine::JobState& job, const run::RunState& run) {
  const std::string& branch = job.plan->job_branch;
  if (run.outcome == "done") {
    std::printf(
        "\nLook at the result:  git log --stat HEAD..%s\nTake it over:        git merge %s\n",
        branch.c_str(), branch.c_str());
    return;
  }
  if (run.outcome == "interrupted") {
    std::printf("\nInterrupted; `director run` goes on.\n");
    return;
  }
  if (run.outcome == "ceiling") {
    std::printf(
        "\nStopped at the cost ceiling; raise limits.cost_ceiling_usd and `director run` "
        "goes on.\n");
    return;
  }
  std::printf("\nWhat landed is on %s. Try the rest again with `director run --retry`.\n",
              branch.c_str());
}

}  // namespace

ExitCode run_command(const CommonOptions& common, const RunCommandOptions& options) {
  Result<std::unique_ptr<Session>> opened = Session::open(common);
  if (!opened) {
    print_error(opened.error());
    return opened.error().code() == Errc::Conflict ? ExitCode::Locked : ExitCode::Usage;
  }
  Session& session = **opened;
  engine::Services& services = session.services();
  engine::JobState job;
  Result<std::unique_ptr<engine::Books>> books = engine::Books::open(
      services, [&job](const engine::Entry& entry) { return engine::apply(job, entry); });
  Status ready = books ? engine::make_ready(services, **books, job) : Status(books.error());
  if (ready) {
    ready = (*books)->close_open_calls();
  }
  if (!ready) {
    print_error(ready.error());
    return ExitCode::Usage;
  }
  engine::JobState shown = job;
  engine::RunEngine engine(services, **books, std::move(job), session.screen());
  const Result<run::RunState> run = engine.run(
      {.parallel = options.parallel.value_or(1),
       .max_attempts = options.max_attempts.value_or(services.settings.limits.max_attempts),
       .retry = options.retry});
  if (!run) {
    print_error(run.error());
    return exit_code_of(run.error());
  }
  shown.run = *run;
  shown.ledger = (*books)->ledger();
  std::fputs(status_text(shown).c_str(), stdout);
  say_what_next(shown, *run);
  return exit_of(*run);
}

}  // namespace director::cli
