#include "core/engine/bench.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench_job.hpp"
#include "cli/bench_profiles.hpp"
#include "cli/bench_report.hpp"
#include "cli/commands.hpp"
#include "cli/repository.hpp"
#include "cli/session.hpp"
#include "cli/task_text.hpp"
#include "core/platform/disk_file_store.hpp"

namespace director::cli {
namespace {

/// What the command line asks for. Errors: Invalid.
Result<engine::Bench> wanted_bench(const BenchOptions& options) {
  engine::Bench wanted;
  wanted.task = normal_task(options.task);
  if (wanted.task.empty()) {
    return Error(Errc::Invalid, "`bench` needs a task: director bench \"<task>\" --profiles a,b");
  }
  DIRECTOR_TRY(wanted.profiles, parse_profile_names(options.profiles));
  wanted.plan_profile = default_plan_profile(wanted.profiles);
  if (options.plan_profile) {
    DIRECTOR_TRY(const std::vector<std::string> named, parse_profile_names(*options.plan_profile));
    if (named.size() != 1) {
      return Error(Errc::Invalid, "--plan-profile takes one profile");
    }
    wanted.plan_profile = named.front();
  }
  return wanted;
}

/// Every profile's plugins load and take their configuration. Errors: Invalid, all at once.
Status check_plugins(Session& session, const BenchFolders& folders,
                     const ProfileSettings& profiles) {
  std::string problems;
  for (const auto& [name, settings] : profiles) {
    if (const Status equipped = session.equip(folders.of(name), settings); !equipped) {
      problems += "\nprofile '" + name + "': " + equipped.error().message();
    }
  }
  return problems.empty()
             ? ok()
             : Status(Error(Errc::Invalid,
                            "cannot use the profiles; nothing was started:" + problems));
}

/// The bench to go on with, or the new one; what it takes the place of is put aside. Errors:
/// nothing was started.
Result<engine::Bench> settle_bench(Session& session, const BenchFolders& folders,
                                   const ProfileSettings& profiles, engine::Bench wanted,
                                   bool anew) {
  std::optional<engine::Bench> open;
  if (!anew) {
    DIRECTOR_TRY(open, read_bench(session.files(), folders));
  }
  DIRECTOR_TRY(const engine::BenchStart how, engine::how_to_start(open, wanted, anew));
  if (how == engine::BenchStart::Anew) {
    DIRECTOR_CHECK(put_aside(session, folders, profiles));
    return wanted;
  }
  open->profiles = wanted.profiles;
  return *open;
}

ExitCode report_failure(const Session& session, const Error& error) {
  if (session.interrupted()) {
    std::fputs("interrupted; the same command goes on\n", stderr);
    return ExitCode::Interrupted;
  }
  print_error(error);
  std::fputs("director: the same command tries again from here\n", stderr);
  return ExitCode::Incomplete;
}

ExitCode report(const engine::BenchSummary& summary, bool json) {
  print_text(stdout, (json ? engine::summary_json(summary) : bench_text(summary)));
  return std::all_of(summary.rows.begin(), summary.rows.end(), engine::is_measured)
             ? ExitCode::Done
             : ExitCode::Incomplete;
}

/// What is known before the lock is taken.
struct Prepared {
  engine::Bench wanted;
  BenchFolders folders;
  ProfileSettings profiles;
  std::vector<std::string> warnings;
};

Result<Prepared> prepare(const CommonOptions& common, const BenchOptions& options) {
  Prepared ready;
  DIRECTOR_TRY(ready.wanted, wanted_bench(options));
  DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
  std::vector<std::string> names = ready.wanted.profiles;
  names.push_back(ready.wanted.plan_profile);
  platform::DiskFileStore files;
  DIRECTOR_TRY(ready.profiles, load_profiles(files, repository, common, names, ready.warnings));
  DIRECTOR_TRY(ready.folders.repository, folders_of(repository));
  return ready;
}

}  // namespace

ExitCode bench_command(const CommonOptions& common, const BenchOptions& options) {
  Result<Prepared> ready = prepare(common, options);
  if (!ready) {
    print_error(ready.error());
    return ExitCode::Usage;
  }
  Result<std::unique_ptr<Session>> opened = Session::lock(common, ready->folders.repository);
  if (!opened) {
    print_error(opened.error());
    return opened.error().code() == Errc::Conflict ? ExitCode::Locked : ExitCode::Usage;
  }
  Session& session = **opened;
  for (const std::string& warning : ready->warnings) {
    session.log().write(ports::LogLevel::Warning, warning);
  }
  const Status usable = check_plugins(session, ready->folders, ready->profiles);
  Result<engine::Bench> bench =
      usable ? settle_bench(session, ready->folders, ready->profiles, ready->wanted, options.anew)
             : Result<engine::Bench>(usable.error());
  if (!bench) {
    print_error(bench.error());
    return ExitCode::Usage;
  }
  BenchJob job(session, ready->folders, ready->profiles, options, std::move(bench).value());
  if (const Status planned = job.plan(); !planned) {
    return report_failure(session, planned.error());
  }
  const Result<engine::BenchSummary> summary = job.run();
  if (!summary) {
    return report_failure(session, summary.error());
  }
  return report(*summary, options.json);
}

}  // namespace director::cli
