#include "cli/loaded_plugins.hpp"

#include <filesystem>
#include <set>
#include <system_error>

#include "cli/version.hpp"
#include "core/config/schema.hpp"
#include "core/platform/environment.hpp"

namespace director::cli {

LoadedPlugins::LoadedPlugins(const ports::Clock& clock, ports::Log& log, plugin::Catalog found,
                             const config::Settings& settings, const engine::Folders& folders)
    : clock_(clock),
      log_(log),
      catalog_(std::move(found)),
      configured_(settings),
      folders_(folders),
      redactor_(platform::secrets_of_this_process(settings.sandbox.secrets)),
      local_(clock, platform::Environment::of_this_process(settings.sandbox.pass_env)),
      local_host_(local_, clock, log, kVersion, redactor_),
      info_{"{}", folders.repo.string(), folders.state.string(), folders.cache.string()} {}

std::vector<std::pair<plugin::Kind, std::string>> LoadedPlugins::wanted(
    const config::Settings& settings) {
  const config::Plugins& names = settings.plugins;
  std::vector<std::pair<plugin::Kind, std::string>> all{{plugin::Kind::Vcs, names.vcs},
                                                        {plugin::Kind::Gate, names.gate},
                                                        {plugin::Kind::Reviewer, names.reviewer}};
  std::set<std::string> runners;
  for (const auto& [role, tier] : settings.tiers) {
    const std::string& id = tier.runner.empty() ? names.runner : tier.runner;
    if (runners.insert(id).second) {
      all.emplace_back(plugin::Kind::Runner, id);
    }
  }
  const std::set<std::string> sinks(names.sinks.begin(), names.sinks.end());
  for (const std::string& id : sinks) {
    all.emplace_back(plugin::Kind::Sink, id);
  }
  return all;
}

Result<instance_info> LoadedPlugins::info_for(const std::string& id,
                                              const plugin::Descriptor& descriptor) const {
  DIRECTOR_TRY(std::string json, config_of(id, descriptor));
  instance_info own = info_;
  own.config_json = std::move(json);
  own.cache_dir = folders_.plugin(id).string();
  std::error_code error;
  std::filesystem::create_directories(folders_.agent_state(id), error);
  if (error) {
    return Error(Errc::Io,
                 "cannot create '" + folders_.agent_state(id).string() + "': " + error.message());
  }
  return own;
}

template <typename Backend>
Result<LoadedPlugins::Pool<Backend>> LoadedPlugins::pool(const std::string& id, plugin::Kind kind,
                                                         Makers<Backend> make) {
  DIRECTOR_TRY(const plugin::Entry* found, catalog_.find(id, kind));
  if (found->form == plugin::Form::Executable && make.program != nullptr) {
    DIRECTOR_TRY(plugin::exec::Executable program, catalog_.executable(id, kind));
    DIRECTOR_TRY(instance_info own, info_for(id, program.descriptor));
    return std::make_unique<plugin::InstancePool<Backend>>(
        [make, making = plugin::exec::Making{std::move(program), std::move(own)}] {
          return Result<std::unique_ptr<Backend>>(make.program(making));
        });
  }
  DIRECTOR_TRY(const plugin::Library* library, catalog_.load(id, kind));
  DIRECTOR_TRY(instance_info own, info_for(id, library->descriptor()));
  ports::HostServices& hosts_for = host_ ? static_cast<ports::HostServices&>(*host_) : local_host_;
  auto made = std::make_unique<plugin::InstancePool<Backend>>(
      [library, own = std::move(own), &hosts_for, make, id] {
        ports::CallScope scope;
        scope.label = id;
        return make.library({*library, own, hosts_for, scope});
      });
  if (const auto first = made->lease(); !first) {
    return first.error();
  }
  return made;
}

Result<std::string> LoadedPlugins::config_of(const std::string& id,
                                             const plugin::Descriptor& descriptor) const {
  const auto table = configured_.plugin_tables.find(id);
  return config::check_plugin_config(
      table == configured_.plugin_tables.end() ? config::PluginTable() : table->second,
      descriptor.config_schema.value_or(""), id);
}

Status LoadedPlugins::confine_commands(const ports::CancelToken& cancel) {
  containment_ = contain(configured_.limits);
  local_.use(containment_.groups.get());
  DIRECTOR_TRY(confinement_, confine(configured_.sandbox, folders_, local_, clock_, cancel));
  if (confinement_.policy) {
    confined_ = std::make_unique<platform::SandboxedLauncher>(local_, *confinement_.policy);
  }
  return ok();
}

Status LoadedPlugins::load_launcher() {
  ports::ProcessLauncher& base =
      confined_ ? static_cast<ports::ProcessLauncher&>(*confined_) : local_;
  if (!configured_.plugins.launcher.empty()) {
    DIRECTOR_TRY(launchers_,
                 pool<director::launcher>(configured_.plugins.launcher, plugin::Kind::Launcher,
                                          {&plugin::make_launcher}));
    prepared_ = std::make_unique<plugin::PreparedLauncher>(
        base, *launchers_, local_host_,
        [environment = platform::Environment::of_this_process(configured_.sandbox.pass_env)](
            const ports::Command& command) { return environment.for_command(command); });
  }
  ports::ProcessLauncher& launcher =
      prepared_ ? static_cast<ports::ProcessLauncher&>(*prepared_) : base;
  host_ = std::make_unique<plugin::PluginHost>(launcher, clock_, log_, kVersion, redactor_);
  return ok();
}

Status LoadedPlugins::load(plugin::Kind kind, const std::string& id) {
  switch (kind) {
    case plugin::Kind::Vcs: {
      DIRECTOR_TRY(vcs_, pool<director::vcs>(id, kind, {&plugin::make_vcs}));
      checked_vcs_ = std::make_unique<plugin::CheckedVcsPool>(id, *vcs_);
      return ok();
    }
    case plugin::Kind::Gate: {
      DIRECTOR_TRY(gate_,
                   pool<director::gate>(id, kind, {&plugin::make_gate, &plugin::exec::make_gate}));
      return ok();
    }
    case plugin::Kind::Reviewer: {
      DIRECTOR_TRY(reviewer_,
                   pool<director::reviewer>(
                       id, kind, {&plugin::make_reviewer, &plugin::exec::make_reviewer}));
      return ok();
    }
    case plugin::Kind::Runner: {
      DIRECTOR_TRY(runners_[id], pool<director::runner>(
                                     id, kind, {&plugin::make_runner, &plugin::exec::make_runner}));
      return ok();
    }
    case plugin::Kind::Sink: {
      DIRECTOR_TRY(sinks_[id],
                   pool<director::sink>(id, kind, {&plugin::make_sink, &plugin::exec::make_sink}));
      DIRECTOR_TRY(open_sinks_[id], sinks_[id]->lease());
      return ok();
    }
    case plugin::Kind::Launcher:
      break;
  }
  return Error(Errc::Internal, "the launcher is loaded by load_launcher()");
}

Status LoadedPlugins::load_all() {
  for (const auto& [kind, id] : wanted(configured_)) {
    DIRECTOR_CHECK(load(kind, id));
  }
  return ok();
}

engine::Backends LoadedPlugins::backends() {
  engine::Backends all;
  all.vcs = checked_vcs_.get();
  all.gate = gate_.get();
  all.reviewer = reviewer_.get();
  for (const auto& [id, runner] : runners_) {
    if (runner != nullptr) {
      all.runners[id] = runner.get();
    }
  }
  for (const auto& [id, sink] : open_sinks_) {
    if (sink != nullptr) {
      all.sinks[id] = sink.get();
    }
  }
  return all;
}

}  // namespace director::cli
