/// Reading the configuration of a repository.
#pragma once

#include <filesystem>

#include "cli/commands.hpp"
#include "core/config/load.hpp"
#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The user's file, the repository's over it, then the environment and --set. Errors: NotFound if
/// there is neither file; Invalid with every problem at once.
[[nodiscard]] Result<config::Loaded> load_settings(ports::FileStore& files,
                                                   const std::filesystem::path& repository,
                                                   const CommonOptions& common);

}  // namespace director::cli
