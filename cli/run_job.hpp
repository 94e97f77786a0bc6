/// Running a planned job, for every command that does it.
#pragma once

#include <memory>

#include "cli/exit_code.hpp"
#include "cli/session.hpp"
#include "core/engine/books.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/run_engine.hpp"
#include "director/result.hpp"

namespace director::cli {

/// A job whose plan is frozen, its journal open.
struct OpenJob {
  std::unique_ptr<engine::Books> books;
  engine::JobWork job;
};

/// Opens the job in the session's folders. Nothing was started where this fails. Errors: those of
/// make_ready(); a journal that cannot be read.
[[nodiscard]] Result<OpenJob> open_job(engine::Services& services);

/// Runs it as far as it goes; returns how it stands then. Blocks. Errors: those of
/// RunEngine::run().
[[nodiscard]] Result<engine::JobState> run_job(Session& session, OpenJob open,
                                               const engine::RunOptions& options);

/// For a job that has run.
[[nodiscard]] ExitCode exit_code_of(const run::RunState& run);

}  // namespace director::cli
