#include "cli/plan_job.hpp"

#include <system_error>
#include <utility>

#include "cli/repository.hpp"
#include "core/engine/timestamp.hpp"

namespace director::cli {

bool is_over(const engine::JobState& job) {
  return job.planning.stage == run::Stage::None ||
         (job.run && (job.run->outcome == "done" || job.run->outcome == "incomplete"));
}

Result<run::JobCreated> new_job(engine::Services& services, const NewJob& wanted) {
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
  job.task = wanted.task;
  job.base = Oid(head->oid);
  job.automatic = wanted.automatic;
  job.critique = wanted.critique;
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

Status close_books(const engine::Services& services) {
  engine::JobWork job;
  DIRECTOR_TRY(const std::unique_ptr<engine::Books> books, engine::Books::open(services, job));
  DIRECTOR_CHECK(books->close_open_calls());
  books->flush_sinks();
  return ok();
}

Result<Planning> Planning::open(Session& session, PlanStart start) {
  engine::Services& services = session.services();
  if (start.created) {
    if (start.job.planning.stage != run::Stage::None) {
      DIRECTOR_CHECK(start.job.ledger.open.empty() ? ok() : close_books(services));
      DIRECTOR_CHECK(
          archive_job(services.files, services.folders, start.job.planning.job.job.value));
    }
  }
  Planning opened;
  engine::JobWork job;
  DIRECTOR_TRY(opened.books_, engine::Books::open(services, job));
  DIRECTOR_CHECK(opened.books_->close_open_calls());
  opened.engine_ = std::make_unique<engine::PlanEngine>(services, *opened.books_, std::move(job),
                                                        session.screen());
  if (start.created) {
    DIRECTOR_CHECK(opened.engine_->create(*start.created));
  }
  return opened;
}

Status Planning::approve() {
  const bool waits = std::holds_alternative<run::PauseAtGate>(run::next_effect(state()));
  return waits ? engine_->approve() : ok();
}

Status plan_to_end(Session& session, PlanStart start) {
  DIRECTOR_TRY(Planning planning, Planning::open(session, std::move(start)));
  DIRECTOR_TRY(const engine::PlanEnd end, planning.run());
  if (end != engine::PlanEnd::Ready) {
    return Error(Errc::Conflict, "job '" + planning.state().job.job.value +
                                     "' waits at a gate; go on with `director plan --continue`");
  }
  return ok();
}

}  // namespace director::cli
