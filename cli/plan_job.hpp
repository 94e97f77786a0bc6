/// Planning a job, for every command that does it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/session.hpp"
#include "core/engine/books.hpp"
#include "core/engine/plan_engine.hpp"
#include "core/engine/replay.hpp"
#include "core/run/plan_events.hpp"
#include "director/result.hpp"

namespace director::cli {

struct NewJob {
  std::string task;
  bool automatic = false;
  bool critique = true;
};

/// Whether another job may take the place of this one: there is none, or it was run to an end.
[[nodiscard]] bool is_over(const engine::JobState& job);

/// A job from the current commit under the first free id. Creates nothing. Errors: NotFound if the
/// repository has no commit.
[[nodiscard]] Result<run::JobCreated> new_job(engine::Services& services, const NewJob& wanted);

/// What to plan: the job as it was left, or one to create in its place.
struct PlanStart {
  engine::JobState job;
  std::optional<run::JobCreated> created;
};

/// Before the job in the services' folder is put aside: its calls that were cut off end in its
/// journal and its costs.jsonl with what they had metered.
[[nodiscard]] Status close_books(const engine::Services& services);

/// A job's planning, open to go on. The session outlives it and is not equipped anew meanwhile.
class Planning {
 public:
  /// Creates the job where there is one to create; the one before it goes to the history.
  [[nodiscard]] static Result<Planning> open(Session& session, PlanStart start);

  /// A person approves the gate that waits, if one does. Errors: those of PlanEngine::approve().
  [[nodiscard]] Status approve();
  /// Goes on to the next gate or to the end. Blocks. Errors: those of PlanEngine::run().
  [[nodiscard]] Result<engine::PlanEnd> run() { return engine_->run(); }
  [[nodiscard]] const run::PlanState& state() const { return engine_->state(); }

 private:
  Planning() = default;

  std::unique_ptr<engine::Books> books_;
  std::unique_ptr<engine::PlanEngine> engine_;
};

/// Plans a job that stops at no gate. Blocks. Errors: as of Planning; Conflict if it does stop.
[[nodiscard]] Status plan_to_end(Session& session, PlanStart start);

}  // namespace director::cli
