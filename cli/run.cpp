#include <cstdio>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/report.hpp"
#include "cli/run_job.hpp"
#include "cli/session.hpp"

namespace director::cli {
ExitCode run_command(const CommonOptions& common, const RunCommandOptions& options) {
  Result<std::unique_ptr<Session>> opened = Session::open(common);
  if (!opened) {
    print_error(opened.error());
    return opened.error().code() == Errc::Conflict ? ExitCode::Locked : ExitCode::Usage;
  }
  Session& session = **opened;
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
               .retry = options.retry});
  if (!ended) {
    print_error(ended.error());
    return exit_code_of(ended.error());
  }
  print_text(stdout, status_text(*ended));
  print_text(stdout, next_steps(*ended, with_settings("director run", common)));
  return exit_code_of(*ended->run);
}

}  // namespace director::cli
