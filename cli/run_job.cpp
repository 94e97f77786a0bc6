#include "cli/run_job.hpp"

#include <chrono>
#include <utility>

#include "core/engine/adopt.hpp"
#include "core/platform/repository_caches.hpp"

namespace director::cli {

namespace {

/// Of repositories that have been gone for as long as work that did not land is kept.
void collect_gone_repositories(Session& session) {
  const engine::Services& services = session.services();
  const std::chrono::hours age(services.settings.workspace.kept_days * 24);
  if (age.count() == 0) {
    return;
  }
  for (const platform::GoneRepository& gone :
       platform::gone_repositories(services.folders.cache.parent_path())) {
    if (services.clock.wall() - gone.last_used < age) {
      continue;
    }
    if (const Status removed = platform::remove_cache_of(gone); !removed) {
      session.log().write(ports::LogLevel::Warning,
                          "workspaces of '" + gone.repository + "', which is gone, are left in '" +
                              gone.cache.string() + "': " + removed.error().message());
    }
  }
}

}  // namespace

Result<OpenJob> open_job(engine::Services& services) {
  OpenJob open;
  DIRECTOR_TRY(open.books, engine::Books::open(services, open.job));
  DIRECTOR_CHECK(engine::make_ready(services, *open.books, open.job));
  DIRECTOR_CHECK(open.books->close_open_calls());
  return open;
}

Result<engine::JobState> run_job(Session& session, OpenJob open,
                                 const engine::RunOptions& options) {
  engine::JobState ended{open.job, {}};
  engine::RunEngine engine(session.services(), *open.books, std::move(open.job), session.screen());
  DIRECTOR_TRY(ended.run, engine.run(options));
  collect_gone_repositories(session);
  ended.ledger = open.books->ledger();
  return ended;
}

ExitCode exit_code_of(const run::RunState& run) {
  if (run.outcome == "done") {
    return ExitCode::Done;
  }
  return run.outcome == "interrupted" ? ExitCode::Interrupted : ExitCode::Incomplete;
}

}  // namespace director::cli
