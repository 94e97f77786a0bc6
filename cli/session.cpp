#include "cli/session.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "cli/plugin_catalog.hpp"
#include "cli/repository.hpp"
#include "cli/settings_files.hpp"
#include "cli/version.hpp"
#include "core/config/schema.hpp"
#include "core/engine/prompts.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/paths.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/instance_pool.hpp"
#include "core/plugin/prepared_launcher.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;

/// A terminal that understands cursor movements.
bool is_live_terminal() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

/// The agents' prompts: the repository's own where it has them, else the installed ones.
Result<engine::RolePrompts> read_prompts(ports::FileStore& files, const fs::path& repository) {
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  engine::RolePrompts prompts;
  for (const char* agent :
       {"brainstorm", "planner", "explorer", "test-author", "executor", "reviewer"}) {
    const std::string name = std::string(agent) + ".md";
    Result<std::string> text = files.read(repository / ".opencode" / "agents" / name);
    if (!text) {
      text = files.read(installation.agents / name);
    }
    if (!text) {
      return std::move(text).error().context("cannot find the prompt of agent '" +
                                             std::string(agent) + "'");
    }
    prompts[agent] = engine::without_front_matter(*text);
  }
  return prompts;
}

}  // namespace

/// The loaded plugins and what hosts them, in the order in which they depend on each other.
struct Session::Plugins {
  Plugins(const ports::Clock& clock, ports::Log& log, plugin::Catalog found,
          const config::Settings& settings, const engine::Folders& folders)
      : catalog(std::move(found)),
        configured(settings),
        local(clock, platform::Environment::of_this_process()),
        local_host(local, clock, log, kVersion),
        info{"{}", folders.repo.string(), folders.state.string(), folders.cache.string()} {}

  template <typename Backend>
  using Maker = Result<std::unique_ptr<Backend>> (*)(const plugin::Making&);

  /// A pool of one plugin's instances; one is made at once, to see that it can be.
  template <typename Backend>
  Result<std::unique_ptr<plugin::InstancePool<Backend>>> pool(const std::string& id,
                                                              plugin::Kind kind,
                                                              Maker<Backend> make) {
    DIRECTOR_TRY(const plugin::Library* library, catalog.load(id, kind));
    DIRECTOR_TRY(std::string json, config_of(id, library->descriptor()));
    instance_info own = info;
    own.config_json = std::move(json);
    ports::HostServices& hosts_for = host ? static_cast<ports::HostServices&>(*host) : local_host;
    auto made = std::make_unique<plugin::InstancePool<Backend>>(
        [library, own = std::move(own), &hosts_for, make, id] {
          ports::CallScope scope;
          scope.label = id;
          return make({*library, own, hosts_for, scope});
        });
    DIRECTOR_CHECK(check(made->lease()));
    return made;
  }

  template <typename T>
  static Status check(const Result<T>& made) {
    return made ? ok() : Status(made.error());
  }

  Result<std::string> config_of(const std::string& id, const plugin::Descriptor& descriptor) {
    const auto table = configured.plugin_tables.find(id);
    return config::check_plugin_config(
        table == configured.plugin_tables.end() ? config::PluginTable() : table->second,
        descriptor.config_schema.value_or(""), id);
  }

  plugin::Catalog catalog;
  const config::Settings& configured;
  platform::LocalLauncher local;
  plugin::PluginHost local_host;
  std::unique_ptr<plugin::InstancePool<director::launcher>> launchers;
  std::unique_ptr<plugin::PreparedLauncher> prepared;
  std::unique_ptr<plugin::PluginHost> host;
  instance_info info;
  std::unique_ptr<plugin::InstancePool<director::vcs>> vcs;
  std::unique_ptr<plugin::InstancePool<director::gate>> gate;
  std::unique_ptr<plugin::InstancePool<director::reviewer>> reviewer;
  std::map<std::string, std::unique_ptr<plugin::InstancePool<director::runner>>> runners;
  std::map<std::string, std::unique_ptr<plugin::InstancePool<director::sink>>> sinks;
  std::map<std::string, std::shared_ptr<director::sink>> open_sinks;

  /// The launcher comes first: every other plugin's commands go through it.
  Status load_launcher(const ports::Clock& clock, ports::Log& log) {
    if (!configured.plugins.launcher.empty()) {
      DIRECTOR_TRY(launchers,
                   pool<director::launcher>(configured.plugins.launcher, plugin::Kind::Launcher,
                                            &plugin::make_launcher));
      prepared = std::make_unique<plugin::PreparedLauncher>(
          local, *launchers, local_host,
          [environment = platform::Environment::of_this_process()](const ports::Command& command) {
            return environment.for_command(command);
          });
    }
    ports::ProcessLauncher& launcher =
        prepared ? static_cast<ports::ProcessLauncher&>(*prepared) : local;
    host = std::make_unique<plugin::PluginHost>(launcher, clock, log, kVersion);
    return ok();
  }

  Status load_all() {
    const config::Plugins& names = configured.plugins;
    DIRECTOR_TRY(vcs, pool<director::vcs>(names.vcs, plugin::Kind::Vcs, &plugin::make_vcs));
    DIRECTOR_TRY(gate, pool<director::gate>(names.gate, plugin::Kind::Gate, &plugin::make_gate));
    DIRECTOR_TRY(reviewer, pool<director::reviewer>(names.reviewer, plugin::Kind::Reviewer,
                                                    &plugin::make_reviewer));
    for (const auto& [role, tier] : configured.tiers) {
      const std::string& id = tier.runner.empty() ? names.runner : tier.runner;
      if (!runners.contains(id)) {
        DIRECTOR_TRY(runners[id],
                     pool<director::runner>(id, plugin::Kind::Runner, &plugin::make_runner));
      }
    }
    for (const std::string& id : names.sinks) {
      DIRECTOR_TRY(sinks[id], pool<director::sink>(id, plugin::Kind::Sink, &plugin::make_sink));
      DIRECTOR_TRY(open_sinks[id], sinks[id]->lease());
    }
    return ok();
  }

  [[nodiscard]] engine::Backends backends() {
    engine::Backends all;
    all.vcs = vcs.get();
    all.gate = gate.get();
    all.reviewer = reviewer.get();
    for (const auto& [id, runner] : runners) {
      all.runners[id] = runner.get();
    }
    for (const auto& [id, sink] : open_sinks) {
      all.sinks[id] = sink.get();
    }
    return all;
  }
};

Session::Session(platform::RepoLock lock) : lock_(std::move(lock)), guard_(interrupt_) {}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const CommonOptions& common) {
  DIRECTOR_TRY(const fs::path repository, find_repository(common.repo));
  platform::DiskFileStore files;
  // Before anything of ours is made: a folder without a configuration stays as it is.
  DIRECTOR_TRY(const config::Loaded loaded, load_settings(files, repository, common));
  DIRECTOR_TRY(const engine::Folders folders, folders_of(repository));
  DIRECTOR_CHECK(make_state_folder(files, folders));
  DIRECTOR_TRY(platform::RepoLock lock, platform::RepoLock::acquire(folders.state / "lock"));
  std::unique_ptr<Session> session(new Session(std::move(lock)));
  if (const Status wired = session->wire(common, folders, loaded); !wired) {
    const Error& error = wired.error();
    // Conflict is kept for the lock, which has an exit status of its own.
    return error.code() == Errc::Conflict ? Error(Errc::Invalid, error.message()) : error;
  }
  return session;
}

Status Session::wire(const CommonOptions& common, const engine::Folders& folders,
                     const config::Loaded& loaded) {
  log_ = std::make_unique<platform::SpdlogLog>(common.verbose ? ports::LogLevel::Debug
                                                              : ports::LogLevel::Info);
  screen_ = std::make_unique<Screen>(stderr, is_live_terminal(), clock_);
  screen_log_ = std::make_unique<ScreenLog>(*screen_, *log_);
  for (const std::string& warning : loaded.warnings) {
    log_->write(ports::LogLevel::Warning, warning);
  }
  DIRECTOR_TRY(engine::RolePrompts prompts, read_prompts(files_, folders.repo));
  platform::LocalLauncher launcher(clock_, platform::Environment::of_this_process());
  DIRECTOR_TRY(plugin::Catalog catalog,
               scan_plugins(loaded.settings.plugins, folders.repo, launcher, clock_, files_));
  settings_ = loaded.settings;
  plugins_ =
      std::make_unique<Plugins>(clock_, *screen_log_, std::move(catalog), settings_, folders);
  DIRECTOR_CHECK(plugins_->load_launcher(clock_, *screen_log_));
  DIRECTOR_CHECK(plugins_->load_all());
  services_ = std::make_unique<engine::Services>(
      engine::Services{clock_, files_, *screen_log_, *plugins_->host, plugins_->backends(),
                       settings_, folders, std::move(prompts), interrupt_});
  return ok();
}

}  // namespace director::cli
