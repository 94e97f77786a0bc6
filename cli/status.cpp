#include <cstdio>
#include <string>

#include "cli/commands.hpp"
#include "cli/report.hpp"
#include "cli/repository.hpp"
#include "core/engine/replay.hpp"
#include "core/platform/disk_file_store.hpp"

namespace director::cli {
namespace {

Result<engine::JobState> read_job(const CommonOptions& common) {
  DIRECTOR_TRY(const std::filesystem::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  DIRECTOR_TRY(engine::JobState job,
               engine::read_job(files, repository / ".director" / "journal.jsonl"));
  if (job.planning.stage == run::Stage::None) {
    return Error(Errc::NotFound, "there is no job in '" + repository.string() +
                                     "'; start one with `director plan \"<task>\"`");
  }
  return job;
}

}  // namespace

ExitCode status_command(const CommonOptions& common, const JsonOption& options) {
  const Result<engine::JobState> job = read_job(common);
  if (!job) {
    print_error(job.error());
    return ExitCode::Usage;
  }
  const std::string shown = options.json ? status_json(*job) : status_text(*job);
  print_text(stdout, shown);
  return ExitCode::Done;
}

}  // namespace director::cli
