#include "cli/plugin_catalog.hpp"

#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "core/platform/paths.hpp"
#include "core/plugin/probe.hpp"

namespace director::cli {

namespace fs = std::filesystem;

Result<plugin::SearchPath> search_path(const config::Plugins& configured,
                                       const fs::path& repository) {
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  plugin::SearchPath search;
  for (const std::string& path : configured.path) {
    search.configured.push_back(platform::resolve_path(path, repository));
  }
  if (const char* variable = std::getenv("DIRECTOR_PLUGIN_PATH"); variable != nullptr) {
    search.variable = variable;
  }
  search.user = user.data / "plugins";
  search.installed = installation.plugins;
  return search;
}

Result<plugin::Catalog> scan_plugins(const config::Plugins& configured, const fs::path& repository,
                                     ports::ProcessLauncher& launcher, const ports::Clock& clock,
                                     ports::FileStore& files) {
  DIRECTOR_TRY(const plugin::SearchPath search, search_path(configured, repository));
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  plugin::ProbeSettings settings;
  settings.command = {installation.program.string(), "--probe-plugin"};
  settings.cache_file = user.cache / "plugins.json";
  plugin::Probe probe(launcher, clock, files, settings);
  std::error_code ignored;
  const plugin::TrustRules trust{geteuid(), repository, fs::current_path(ignored)};
  plugin::Catalog catalog = plugin::Catalog::scan(search, trust, probe);
  // Without the cache the next start is slower, nothing else.
  (void)probe.save();
  return catalog;
}

}  // namespace director::cli
