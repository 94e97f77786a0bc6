#include "cli/bench_job.hpp"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "cli/plan_job.hpp"
#include "cli/run_job.hpp"
#include "core/engine/journal.hpp"
#include "core/plan/plan_json.hpp"

namespace director::cli {
namespace {

struct Measured {
  engine::JobState job;
  engine::WorkTime time;
};

Result<Measured> measure(ports::FileStore& files, const std::filesystem::path& journal) {
  Measured all;
  DIRECTOR_TRY(const std::uint64_t bytes,
               engine::read_journal(files, journal, [&all](const engine::Entry& entry) {
                 all.time.note(entry);
                 return engine::apply(all.job, entry);
               }));
  (void)bytes;
  return all;
}

/// Of the plan's job and every profile's. Those of the old bench may be others than `profiles`:
/// then any of these says where records go.
Status close_all_books(Session& session, const BenchFolders& folders,
                       const ProfileSettings& profiles) {
  std::error_code error;
  for (std::filesystem::directory_iterator one(folders.root(), error), end; !error && one != end;
       one.increment(error)) {
    const std::string name = one->path().filename().string();
    const Result<engine::JobState> job =
        engine::read_job(session.files(), folders.of(name).journal());
    if (!job || job->ledger.open.empty()) {
      continue;  // a journal that cannot be read is put aside as it is
    }
    const auto own = profiles.find(name);
    DIRECTOR_CHECK(
        session.equip(folders.of(name), (own == profiles.end() ? profiles.begin() : own)->second));
    DIRECTOR_CHECK(close_books(session.services()));
  }
  return ok();
}

engine::BenchRow row_of(const std::string& profile, const Measured& measured) {
  if (!measured.job.plan) {
    engine::BenchRow row;
    row.profile = profile;
    return row;
  }
  return engine::make_row(profile, measured.job, measured.time.seconds());
}

}  // namespace

Result<std::optional<engine::Bench>> read_bench(ports::FileStore& files,
                                                const BenchFolders& folders) {
  const Result<std::string> text = files.read(folders.bench());
  if (!text) {
    return text.error().code() == Errc::NotFound
               ? Result<std::optional<engine::Bench>>(std::optional<engine::Bench>())
               : text.error();
  }
  Result<engine::Bench> bench = engine::parse_bench(*text);
  if (!bench) {
    return Error(Errc::Invalid, "cannot read '" + folders.bench().string() +
                                    "': " + bench.error().message() + "; start over with --new");
  }
  return std::optional(std::move(bench).value());
}

Result<engine::BenchRow> read_row(ports::FileStore& files, const BenchFolders& folders,
                                  const std::string& profile) {
  DIRECTOR_TRY(const Measured measured, measure(files, folders.of(profile).journal()));
  return row_of(profile, measured);
}

Status put_aside(Session& session, const BenchFolders& folders, const ProfileSettings& profiles) {
  ports::FileStore& files = session.files();
  DIRECTOR_CHECK(close_all_books(session, folders, profiles));
  const std::string what = "cannot put the last bench in '" + folders.root().string() + "' aside";
  const Result<engine::JobState> planned =
      engine::read_job(files, folders.of(kBenchPlanFolder).journal());
  if (!planned) {
    return Error(planned.error()).context(what + "; move it away yourself");
  }
  if (planned->planning.stage == run::Stage::None) {
    return files.remove(folders.root());
  }
  return files
      .move(folders.root(),
            folders.repository.state / "history" / ("bench-" + planned->planning.job.job.value))
      .context(what);
}

Status BenchJob::save() { return session_.files().write(folders_.bench(), to_json(bench_)); }

Status BenchJob::plan() {
  if (!bench_.commit.empty()) {
    return ok();
  }
  DIRECTOR_CHECK(save());
  DIRECTOR_CHECK(session_.equip(folders_.of(kBenchPlanFolder), profiles_.at(bench_.plan_profile)));
  DIRECTOR_CHECK(create_plan());
  return freeze();
}

Status BenchJob::create_plan() {
  engine::Services& services = session_.services();
  PlanStart start;
  DIRECTOR_TRY(start.job, engine::read_job(services.files, services.folders.journal()));
  if (start.job.planning.stage == run::Stage::None) {
    DIRECTOR_TRY(start.created, new_job(services, {bench_.task, true, true}));
  }
  return plan_to_end(session_, std::move(start));
}

Status BenchJob::freeze() {
  engine::Services& services = session_.services();
  DIRECTOR_TRY(const engine::JobState planned,
               engine::read_job(services.files, services.folders.journal()));
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip,
               vcs->resolve("refs/heads/" + planned.planning.job.branch));
  bench_.job = planned.planning.job.job;
  bench_.branch = planned.planning.job.branch;
  bench_.commit = Oid(tip.oid);
  return save();
}

Status BenchJob::fork(const std::string& profile) {
  ports::FileStore& files = session_.files();
  const engine::Folders folders = folders_.of(profile);
  DIRECTOR_TRY(const engine::JobState forked, engine::read_job(files, folders.journal()));
  if (forked.plan) {
    return ok();
  }
  // Without a frozen plan in its journal, nothing of it was run: a fork that was cut short.
  DIRECTOR_CHECK(files.remove(folders.state));
  DIRECTOR_TRY(const engine::JobState planned,
               engine::read_job(files, folders_.of(kBenchPlanFolder).journal()));
  if (!planned.plan) {
    return Error(Errc::NotFound, "the bench's plan is gone; start over with --new");
  }
  const plan::Plan own = engine::fork_plan(*planned.plan, profile);
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, session_.services().backends.vcs->lease());
  const std::string ref = "refs/heads/" + own.job_branch;
  const Result<director::commit_info> present = vcs->resolve(ref);
  if (!present) {
    DIRECTOR_CHECK(vcs->update_ref(ref, "", bench_.commit.value));
  } else if (present->oid != bench_.commit.value) {
    return Error(Errc::Conflict, "cannot create branch '" + own.job_branch +
                                     "': it exists and is somewhere else; delete it, or start over "
                                     "with --new");
  }
  return files.write(folders.plan(), plan::to_json(own));
}

Status BenchJob::run_profile(const std::string& profile) {
  DIRECTOR_CHECK(session_.equip(folders_.of(profile), profiles_.at(profile)));
  DIRECTOR_CHECK(fork(profile));
  engine::Services& services = session_.services();
  DIRECTOR_TRY(OpenJob open, open_job(services));
  // It has run to its end and yet was not measured: nodes ended as errors, or a ceiling was met.
  const std::string& outcome = open.job.run->outcome;
  const bool again = outcome == "incomplete" || outcome == "ceiling";
  DIRECTOR_TRY(const engine::JobState ended,
               run_job(session_, std::move(open),
                       {.parallel = options_.parallel.value_or(1),
                        .max_attempts =
                            options_.max_attempts.value_or(services.settings.limits.max_attempts),
                        .retry = again}));
  if (ended.run->outcome == "interrupted") {
    return Error(Errc::Cancelled, "interrupted");
  }
  return ok();
}

Result<engine::BenchRow> BenchJob::finish_row(const std::string& profile, const Status& ran) {
  ports::FileStore& files = session_.files();
  engine::BenchRow row;
  row.profile = profile;
  const Result<Measured> measured = measure(files, folders_.of(profile).journal());
  if (measured) {
    row = row_of(profile, *measured);
    if (measured->job.plan) {
      DIRECTOR_CHECK(files.write(folders_.metrics(profile),
                                 profile_metrics(measured->job, profiles_.at(profile))));
    }
  }
  const Status& failed = ran && !measured ? Status(measured.error()) : ran;
  if (!failed) {
    row.outcome = "error";
    row.error = failed.error().message();
  }
  return row;
}

Result<engine::BenchSummary> BenchJob::summarize(
    const std::vector<engine::BenchRow>& had_their_turn) {
  ports::FileStore& files = session_.files();
  engine::BenchSummary summary;
  summary.bench = bench_;
  DIRECTOR_TRY(const engine::JobState planned,
               engine::read_job(files, folders_.of(kBenchPlanFolder).journal()));
  summary.planning_usd = planned.ledger.total.usd;
  summary.nodes = planned.plan ? planned.plan->nodes.size() : 0;
  summary.rows = had_their_turn;
  for (std::size_t i = summary.rows.size(); i < bench_.profiles.size(); ++i) {
    Result<engine::BenchRow> row = read_row(files, folders_, bench_.profiles[i]);
    if (!row) {
      row = engine::BenchRow();  // its turn will tell
      row->profile = bench_.profiles[i];
    }
    summary.rows.push_back(std::move(row).value());
  }
  DIRECTOR_CHECK(files.write(folders_.summary(), summary_json(summary)));
  return summary;
}

Result<engine::BenchSummary> BenchJob::run() {
  bench_.ended = false;
  DIRECTOR_CHECK(save());
  std::vector<engine::BenchRow> rows;
  engine::BenchSummary so_far;
  for (const std::string& profile : bench_.profiles) {
    const std::string place = "profile " + profile + " (" + std::to_string(rows.size() + 1) +
                              " of " + std::to_string(bench_.profiles.size()) + ")";
    const Result<engine::BenchRow> before = read_row(session_.files(), folders_, profile);
    Status ran = ok();
    if (before && is_measured(*before)) {
      session_.log().write(ports::LogLevel::Info,
                           place + " is measured already; --new measures anew");
    } else {
      session_.log().write(ports::LogLevel::Info, place);
      ran = run_profile(profile);
    }
    if (session_.interrupted()) {
      DIRECTOR_TRY(so_far, summarize(rows));
      return Error(Errc::Cancelled, "interrupted");
    }
    DIRECTOR_TRY(engine::BenchRow row, finish_row(profile, ran));
    rows.push_back(std::move(row));
    bench_.ended = rows.size() == bench_.profiles.size();
    DIRECTOR_TRY(so_far, summarize(rows));
  }
  DIRECTOR_CHECK(save());
  return so_far;
}

}  // namespace director::cli
