/// A job's state, from its journal.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/engine/codec.hpp"
#include "core/plan/plan.hpp"
#include "core/ports/file_store.hpp"
#include "core/run/ledger.hpp"
#include "core/run/planning.hpp"
#include "core/run/running.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Its work. The money of a job under way is kept by the books.
struct JobWork {
  run::PlanState planning;
  std::optional<plan::Plan> plan;    ///< once it is frozen
  std::optional<run::RunState> run;  ///< likewise
};

/// All of it, for whoever only looks.
struct JobState : JobWork {
  run::Ledger ledger;
};

/// Applies one entry; what it says about money changes no work. Effects are not performed: they are
/// what the next director asks for.
[[nodiscard]] Status apply(JobWork& job, const Entry& entry);
/// The same; `effects` gets what the state machine of the run asked for.
[[nodiscard]] Status apply(JobWork& job, const Entry& entry, std::vector<run::RunEffect>& effects);
/// Applies one entry to the work and to the ledger.
[[nodiscard]] Status apply(JobState& job, const Entry& entry);

/// Replays a journal without changing it. No file: a state without a job. Errors: those of
/// read_journal() and apply().
[[nodiscard]] Result<JobState> read_job(ports::FileStore& files,
                                        const std::filesystem::path& journal);

/// The plan's nodes as the scheduler sees them. The plan is valid.
[[nodiscard]] run::RunState initial_run_state(const plan::Plan& plan);

}  // namespace director::engine
