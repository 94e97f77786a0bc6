/// The loaded plugins and what hosts them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/confinement.hpp"
#include "cli/containment.hpp"
#include "core/config/settings.hpp"
#include "core/engine/services.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/sandboxed_launcher.hpp"
#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/catalog.hpp"
#include "core/plugin/checked_vcs.hpp"
#include "core/plugin/exec/backends.hpp"
#include "core/plugin/instance_pool.hpp"
#include "core/plugin/prepared_launcher.hpp"
#include "director/result.hpp"

namespace director::cli {

/// What it is made with by reference outlives it. Not movable: its parts refer to each other.
class LoadedPlugins {
 public:
  LoadedPlugins(const ports::Clock& clock, ports::Log& log, plugin::Catalog found,
                const config::Settings& settings, const engine::Folders& folders);
  LoadedPlugins(const LoadedPlugins&) = delete;
  LoadedPlugins& operator=(const LoadedPlugins&) = delete;

  /// What the settings ask for: (kind, id), each once, the launcher aside.
  [[nodiscard]] static std::vector<std::pair<plugin::Kind, std::string>> wanted(
      const config::Settings& settings);

  /// Comes first of all: control groups, and the sandbox. Errors: confine()'s.
  [[nodiscard]] Status confine_commands(const ports::CancelToken& cancel);
  [[nodiscard]] const Confinement& confinement() const { return confinement_; }
  [[nodiscard]] const Containment& containment() const { return containment_; }
  /// Of the secrets that this process's environment holds.
  [[nodiscard]] const Redactor& redactor() const { return redactor_; }
  /// Comes next: every other plugin's commands go through the launcher.
  [[nodiscard]] Status load_launcher();
  /// Loads one, checks its configuration and makes an instance, to see that it can be.
  [[nodiscard]] Status load(plugin::Kind kind, const std::string& id);
  /// All that is wanted; the first error ends it.
  [[nodiscard]] Status load_all();

  /// After load_launcher().
  [[nodiscard]] ports::HostServices& host() { return *host_; }
  /// What was loaded.
  [[nodiscard]] engine::Backends backends();

 private:
  template <typename Backend>
  using Pool = std::unique_ptr<plugin::InstancePool<Backend>>;
  /// How a backend is made from a library and, for the kinds that may be one, from a program.
  template <typename Backend>
  struct Makers {
    Result<std::unique_ptr<Backend>> (*library)(const plugin::Making&);
    std::unique_ptr<Backend> (*program)(const plugin::exec::Making&) = nullptr;
  };

  template <typename Backend>
  [[nodiscard]] Result<Pool<Backend>> pool(const std::string& id, plugin::Kind kind,
                                           Makers<Backend> make);
  [[nodiscard]] Result<instance_info> info_for(const std::string& id,
                                               const plugin::Descriptor& descriptor) const;
  [[nodiscard]] Result<std::string> config_of(const std::string& id,
                                              const plugin::Descriptor& descriptor) const;

  // In the order in which they depend on each other.
  const ports::Clock& clock_;
  ports::Log& log_;
  plugin::Catalog catalog_;
  const config::Settings& configured_;
  engine::Folders folders_;
  Redactor redactor_;
  Containment containment_;
  platform::LocalLauncher local_;
  Confinement confinement_;
  std::unique_ptr<platform::SandboxedLauncher> confined_;
  plugin::PluginHost local_host_;
  Pool<director::launcher> launchers_;
  std::unique_ptr<plugin::PreparedLauncher> prepared_;
  std::unique_ptr<plugin::PluginHost> host_;
  instance_info info_;
  Pool<director::vcs> vcs_;
  std::unique_ptr<plugin::CheckedVcsPool> checked_vcs_;
  Pool<director::gate> gate_;
  Pool<director::reviewer> reviewer_;
  std::map<std::string, Pool<director::runner>> runners_;
  std::map<std::string, Pool<director::sink>> sinks_;
  std::map<std::string, std::shared_ptr<director::sink>> open_sinks_;
};

}  // namespace director::cli
