/// Everything a command works with, wired together: the one place where ports meet what implements
/// them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/loaded_plugins.hpp"
#include "cli/screen.hpp"
#include "core/config/load.hpp"
#include "core/engine/services.hpp"
#include "core/platform/disk_file_store.hpp"
#include "core/platform/disk_slot_folders.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/masking_log.hpp"
#include "core/platform/repo_lock.hpp"
#include "core/platform/spdlog_log.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/call_watch.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Lives as long as the command. Not movable: its parts refer to each other.
class Session {
 public:
  /// Takes the repository's lock, reads the configuration, loads the plugins and makes one instance
  /// of each, so that what is not set up is found before anything is started. Errors: Conflict:
  /// another director holds the repository. Anything else: nothing was started.
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(const CommonOptions& common);
  /// Only the lock of the repository's own .director, and what does not depend on a configuration:
  /// equip() comes before services(). Errors as of open().
  [[nodiscard]] static Result<std::unique_ptr<Session>> lock(const CommonOptions& common,
                                                             const engine::Folders& repository);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Loads the plugins of a configuration for a job in `folders`, in the place of those before:
  /// references to the services of before are void. Errors: never Conflict; without services then.
  [[nodiscard]] Status equip(const engine::Folders& folders, const config::Settings& settings);

  [[nodiscard]] engine::Services& services() { return *services_; }
  [[nodiscard]] Screen& screen() { return *screen_; }
  [[nodiscard]] ports::FileStore& files() { return files_; }
  [[nodiscard]] ports::Log& log() { return *masking_log_; }
  /// Whether the person asked to stop.
  [[nodiscard]] bool interrupted() const { return interrupt_.cancelled(); }

 private:
  Session(const CommonOptions& common, platform::RepoLock lock, platform::RepoLock shared);
  [[nodiscard]] Status wire(const engine::Folders& folders);
  void warn_of(const Confinement& confinement);

  platform::RepoLock lock_;
  platform::RepoLock shared_lock_;  ///< of all worktrees: refs and their objects are everybody's
  ports::CancelToken interrupt_;
  platform::InterruptGuard guard_;
  platform::SystemClock clock_;
  plugin::HangGuard hang_guard_;
  platform::DiskFileStore files_;
  config::Settings settings_;
  std::unique_ptr<platform::SpdlogLog> log_;
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<ScreenLog> screen_log_;
  Redactor redactor_;
  std::unique_ptr<platform::MaskingLog> masking_log_;
  std::unique_ptr<LoadedPlugins> plugins_;
  std::unique_ptr<platform::DiskSlotFolders> slot_folders_;
  std::unique_ptr<engine::Services> services_;
};

}  // namespace director::cli
