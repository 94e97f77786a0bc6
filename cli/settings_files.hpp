/// Reading the configuration of a repository.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "core/config/load.hpp"
#include "core/ports/file_store.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The file of a profile: `.director/profiles/<name>.toml`, or a path (with a '/' or ending in
/// ".toml") from the current folder. It need not exist.
[[nodiscard]] std::filesystem::path profile_file(const std::filesystem::path& repository,
                                                 const std::string& profile);
/// The names of the repository's profiles, sorted.
[[nodiscard]] std::vector<std::string> profile_names(const std::filesystem::path& repository);

/// The user's file, the repository's over it, then the environment and --set; with a profile, that
/// file alone in the place of the first two. Errors: NotFound if there is neither file, or no such
/// profile, naming those that there are; Invalid with every problem at once.
[[nodiscard]] Result<config::Loaded> load_settings(ports::FileStore& files,
                                                   const std::filesystem::path& repository,
                                                   const CommonOptions& common);

/// The same with this text in the place of the repository's file.
[[nodiscard]] Result<config::Loaded> load_settings_with(ports::FileStore& files,
                                                        const CommonOptions& common,
                                                        config::SourceFile repository);

}  // namespace director::cli
