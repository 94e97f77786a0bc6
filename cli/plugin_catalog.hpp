/// Finding plugins, for every command that needs them.
#pragma once

#include <filesystem>

#include "core/config/settings.hpp"
#include "core/plugin/catalog.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/file_store.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Where this process looks for plugins. `repository` may be empty.
[[nodiscard]] Result<plugin::SearchPath> search_path(const config::Plugins& configured,
                                                     const std::filesystem::path& repository);

/// Scans those places; new libraries are looked at in a child process first.
[[nodiscard]] Result<plugin::Catalog> scan_plugins(const config::Plugins& configured,
                                                   const std::filesystem::path& repository,
                                                   ports::ProcessLauncher& launcher,
                                                   const ports::Clock& clock,
                                                   ports::FileStore& files);

}  // namespace director::cli
