#include "cli/run_job.hpp"

#include <utility>

#include "core/engine/adopt.hpp"

namespace director::cli {

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
