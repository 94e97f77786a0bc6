#include "cli/session.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/role_prompts.hpp"
#include "cli/settings_files.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/repository_caches.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

/// A terminal that understands cursor movements.
bool is_live_terminal() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

/// Conflict is kept for the lock, which has an exit status of its own.
Error not_the_lock(const Error& error) {
  return error.code() == Errc::Conflict ? Error(Errc::Invalid, error.message()) : error;
}

/// What a killed director left of files that it was writing.
void mend(const engine::Folders& folders) {
  std::vector<fs::path> places{folders.state, folders.cache, folders.cache.parent_path()};
  std::error_code error;
  for (const fs::path& grown : {folders.state / "bench", folders.cache / "slots"}) {
    places.push_back(grown);
    for (fs::directory_iterator entry(grown, error), end; !error && entry != end;
         entry.increment(error)) {
      places.push_back(entry->path());
    }
  }
  for (const fs::path& place : places) {
    platform::remove_cut_off_writes(place);
  }
}

}  // namespace

Session::Session(const CommonOptions& common, platform::RepoLock lock, platform::RepoLock shared)
    : lock_(std::move(lock)),
      shared_lock_(std::move(shared)),
      guard_(interrupt_),
      hang_guard_(clock_, interrupt_, static_cast<int>(ExitCode::Interrupted)),
      log_(std::make_unique<platform::SpdlogLog>(common.verbose ? ports::LogLevel::Debug
                                                                : ports::LogLevel::Info)),
      screen_(std::make_unique<Screen>(stderr, is_live_terminal(), clock_)),
      screen_log_(std::make_unique<ScreenLog>(*screen_, *log_)),
      redactor_(platform::secrets_of_this_process({})),
      masking_log_(std::make_unique<platform::MaskingLog>(*screen_log_, redactor_)) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may go: the job goes on
}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const CommonOptions& common) {
  DIRECTOR_TRY(const fs::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  // Before anything of ours is made: a folder without a configuration stays as it is.
  DIRECTOR_TRY(const config::Loaded loaded, load_settings(files, repository, common));
  const Result<engine::Folders> found = folders_of(repository);
  if (!found) {
    return not_the_lock(found.error());
  }
  const engine::Folders& folders = *found;
  DIRECTOR_TRY(std::unique_ptr<Session> session, lock(common, folders));
  for (const std::string& warning : loaded.warnings) {
    session->log().write(ports::LogLevel::Warning, warning);
  }
  DIRECTOR_CHECK(session->equip(folders, loaded.settings));
  return session;
}

Result<std::unique_ptr<Session>> Session::lock(const CommonOptions& common,
                                               const engine::Folders& repository) {
  platform::DiskFileStore files;
  if (const Status made = make_state_folder(files, repository); !made) {
    return not_the_lock(made.error());
  }
  DIRECTOR_TRY(platform::RepoLock lock, platform::RepoLock::acquire(repository.state / "lock"));
  std::error_code error;
  const fs::path git = fs::canonical(git_folders_of(repository.repo).shared, error);
  DIRECTOR_TRY(platform::RepoLock shared,
               platform::RepoLock::acquire_folder(error ? repository.repo : git));
  mend(repository);
  // Without it the folder is never taken for that of a repository that is gone; so much for a full
  // disk.
  (void)platform::note_repository(repository.cache, repository.repo);
  return std::unique_ptr<Session>(new Session(common, std::move(lock), std::move(shared)));
}

Status Session::equip(const engine::Folders& folders, const config::Settings& settings) {
  services_.reset();
  plugins_.reset();
  settings_ = settings;
  const Status wired = wire(folders);
  return wired ? wired : not_the_lock(wired.error());
}

void Session::warn_of(const Confinement& confinement) {
  // Who names Landlock knows what it does not hold.
  if (confinement.policy && !confinement.shortfall.empty() &&
      settings_.sandbox.backend != config::SandboxChoice::Landlock) {
    log().write(ports::LogLevel::Warning, limits_of(confinement));
  } else if (!confinement.policy && !confinement.why_not.empty()) {
    log().write(ports::LogLevel::Warning,
                "agents and gates are not confined: " + confinement.why_not +
                    "; sandbox.mode = \"off\" makes this line go away");
  }
}

Status Session::wire(const engine::Folders& folders) {
  DIRECTOR_TRY(engine::RolePrompts prompts, read_prompts(files_, folders.repo));
  platform::LocalLauncher launcher(clock_, platform::Environment::of_this_process());
  DIRECTOR_TRY(plugin::Catalog catalog,
               scan_plugins(settings_.plugins, folders.repo, launcher, clock_, files_));
  plugins_ = std::make_unique<LoadedPlugins>(clock_, log(), std::move(catalog), settings_, folders);
  redactor_ = plugins_->redactor();
  DIRECTOR_CHECK(plugins_->confine_commands(interrupt_));
  warn_of(plugins_->confinement());
  for (const std::string& limit : plugins_->containment().not_enforced) {
    log().write(ports::LogLevel::Warning, "a limit is not enforced: " + limit);
  }
  DIRECTOR_CHECK(plugins_->load_launcher());
  DIRECTOR_CHECK(plugins_->load_all());
  slot_folders_ = std::make_unique<platform::DiskSlotFolders>(folders.slots());
  // A token of its own: an engine cancels it when its journal fails, which is not the person's
  // wish.
  services_ = std::make_unique<engine::Services>(
      engine::Services{clock_, files_, log(), plugins_->host(), plugins_->backends(), settings_,
                       folders, std::move(prompts), ports::CancelToken::child_of(interrupt_),
                       slot_folders_.get(), redactor_});
  return ok();
}

}  // namespace director::cli
