#include <cstdio>
#include <filesystem>
#include <string>

#include "cli/commands.hpp"
#include "cli/exec_command.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/private_folder.hpp"
#include "core/platform/system_clock.hpp"
#include "sdk/kit/child.hpp"
#include "sdk/kit/examiner.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

Result<kit::Report> examine(const PluginCheckOptions& options, const ports::CancelToken& cancel) {
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  platform::SystemClock clock;
  platform::DiskFileStore files;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  std::error_code error;
  const fs::path temp = fs::temp_directory_path(error);
  DIRECTOR_TRY(const platform::PrivateFolder work,
               platform::PrivateFolder::make((temp / "director-kit").string()));
  kit::ExamineSettings settings;
  settings.child = {installation.program.string(), "--check-plugin"};
  settings.probe = {installation.program.string(), "--probe-plugin"};
  settings.config = options.config;
  settings.work = fs::canonical(work.path(), error);
  settings.library = options.library;
  if (!options.program.empty()) {
    settings.form = plugin::Form::Executable;
    DIRECTOR_TRY(settings.library, program_of(options.program, settings.work / "program", files));
  }
  settings.only = options.only;
  settings.timeout = std::chrono::seconds(options.timeout_secs);
  for (const std::string& rule : options.only) {
    if (kit::find_check(rule) == nullptr) {
      return Error(Errc::Invalid,
                   "there is no rule '" + rule + "'; docs/writing-a-plugin.md has all");
    }
  }
  const bool is_command = settings.library.parent_path() == settings.work / "program";
  DIRECTOR_TRY(kit::Report report,
               kit::Examiner(launcher, clock, files, std::move(settings)).run(cancel));
  if (is_command) {
    report.library = options.program;
  }
  return report;
}

}  // namespace

ExitCode plugin_check_command(const PluginCheckOptions& options) {
  const ports::CancelToken cancel;
  const platform::InterruptGuard guard(cancel);
  const Result<kit::Report> report = examine(options, cancel);
  if (!report) {
    print_error(report.error());
    return cancel.cancelled() ? ExitCode::Interrupted : ExitCode::Usage;
  }
  print_text(stdout, options.json ? kit::to_json(*report, options.strict)
                                  : kit::to_text(*report, options.strict, options.all));
  return report->passed(options.strict) ? ExitCode::Done : ExitCode::Incomplete;
}

void check_plugin_child(const std::string& rule, const std::string& library,
                        const std::string& work, const std::string& config, bool is_program) {
  kit::run_child(
      {rule, library, work, config, is_program ? plugin::Form::Executable : plugin::Form::Library});
}

}  // namespace director::cli
