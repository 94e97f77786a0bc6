#include "core/engine/adopt.hpp"

#include <memory>
#include <string>
#include <vector>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/engine/agent_state.hpp"
#include "core/engine/landed.hpp"
#include "core/engine/records.hpp"
#include "core/plan/names.hpp"
#include "core/plan/plan_json.hpp"
#include "core/plan/validate.hpp"

namespace director::engine {
namespace {

Result<plan::Plan> read_valid_plan(const Services& services) {
  const std::filesystem::path path = services.folders.plan();
  Result<std::string> text = services.files.read(path);
  if (!text) {
    return text.error().code() == Errc::NotFound
               ? Error(Errc::NotFound, "there is no plan; make one with `director plan \"<task>\"`")
               : text.error();
  }
  DIRECTOR_TRY(plan::Plan plan,
               plan::parse_plan(*text).context("cannot read '" + path.string() + "'"));
  if (const std::vector<plan::Problem> problems = plan::validate(plan.nodes); !problems.empty()) {
    return Error(Errc::Invalid,
                 "'" + path.string() + "' is not a valid plan:\n" + plan::describe(problems));
  }
  return plan;
}

/// The tests on the branch are those that the plan pins.
Status check_tests(director::vcs& vcs, const plan::Plan& plan, const std::string& tree) {
  std::string problems;
  for (const plan::Node& node : plan.nodes) {
    for (const std::string& path : node.tests) {
      const std::string where = "\nnode '" + node.id.value + "': test '" + text::printable(path);
      const Result<std::string> bytes = vcs.read_file(tree, path);
      const auto pinned = node.test_hashes.find(path);
      if (!bytes) {
        problems += where + "' is not on the job branch; commit it there";
      } else if (pinned == node.test_hashes.end()) {
        problems += where + "' has no entry in test_hashes; add \"" + sha256_hex(*bytes) + "\"";
      } else if (pinned->second != sha256_hex(*bytes)) {
        problems += where + "' differs from its entry in test_hashes; restore it or plan anew";
      }
    }
  }
  return problems.empty() ? ok()
                          : Status(Error(Errc::Invalid, "the tests are not frozen:" + problems));
}

Status record(Books& books, JobWork& job, const run::PlanEvent& event) {
  DIRECTOR_TRY(const run::At at, books.record(run::Event(event), true));
  return apply(job, Entry{at, run::Event(event)});
}

/// Where the job began: below the first commit that it landed, should the journal be gone that knew
/// of it; else at the tip.
Result<Oid> base_of(director::vcs& vcs, const plan::Plan& plan, const std::string& tip) {
  DIRECTOR_TRY(const std::vector<director::commit_info> commits, vcs.history(tip, ""));
  std::string base = tip;
  for (std::size_t i = 0; i + 1 < commits.size(); ++i) {
    if (is_landed_by(plan.job_id, commits[i])) {
      base = commits[i + 1].oid;
    }
  }
  return Oid(base);
}

Status adopt(const Services& services, Books& books, JobWork& job) {
  DIRECTOR_TRY(const plan::Plan plan, read_valid_plan(services));
  if (plan.job_id.empty() || !plan.job_branch.starts_with("director/")) {
    return Error(Errc::Invalid, "'" + services.folders.plan().string() +
                                    "' needs a job_id and a job_branch under director/");
  }
  // Folders and refs are named after it.
  if (const auto problem = plan::id_problem(plan.job_id.value)) {
    return Error(Errc::Invalid, "cannot take over '" + services.folders.plan().string() +
                                    "': its job_id " + plan::shown(plan.job_id.value) +
                                    " cannot be used: " + *problem);
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip,
               vcs->resolve("refs/heads/" + plan.job_branch)
                   .context("cannot find the job branch '" + plan.job_branch + "' of plan.json"));
  DIRECTOR_CHECK(check_tests(*vcs, plan, tip.tree));
  if (job.planning.stage == run::Stage::None) {
    run::JobCreated created;
    created.job = plan.job_id;
    created.task = plan.task;
    created.branch = plan.job_branch;
    DIRECTOR_TRY(created.base, base_of(*vcs, plan, tip.oid));
    created.adopted = true;
    DIRECTOR_CHECK(renew_agent_state(services, plan.job_id));
    books.set_job(plan.job_id);
    DIRECTOR_CHECK(record(books, job, created));
  }
  DIRECTOR_CHECK(record(books, job, run::PlanFrozen{plan::to_json(plan)}));
  return services.files.write(services.folders.stage(), stage_json(job.planning));
}

}  // namespace

Status make_ready(const Services& services, Books& books, JobWork& job) {
  // Also where a director died between the two events of an adoption.
  const bool half_adopted = job.planning.stage == run::Stage::Branching && job.planning.job.adopted;
  if (job.planning.stage == run::Stage::None || half_adopted) {
    return adopt(services, books, job);
  }
  if (!job.plan) {
    return Error(Errc::Conflict, "the plan of job '" + job.planning.job.job.value +
                                     "' is not ready (stage " +
                                     std::string(run::stage_name(job.planning.stage)) +
                                     "); go on with `director plan --continue`");
  }
  if (const Result<std::string> stage = services.files.read(services.folders.stage());
      !stage && stage.error().code() == Errc::NotFound) {
    DIRECTOR_CHECK(services.files.write(services.folders.stage(), stage_json(job.planning)));
  }
  // The journal is the truth; the file is what people look at, and must not lie to them.
  const Result<std::string> text = services.files.read(services.folders.plan());
  if (!text) {
    return services.files.write(services.folders.plan(), plan::to_json(*job.plan));
  }
  const Result<plan::Plan> shown = plan::parse_plan(*text);
  if (!shown || plan::to_json(*shown) != plan::to_json(*job.plan)) {
    return Error(Errc::Conflict,
                 "'" + services.folders.plan().string() +
                     "' was changed after the plan was frozen; delete the file to get the frozen "
                     "plan back, or start over with `director plan --new \"<task>\"`");
  }
  return ok();
}

}  // namespace director::engine
