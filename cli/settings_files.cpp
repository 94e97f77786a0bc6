#include "cli/settings_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/text.hpp"
#include "core/platform/paths.hpp"

namespace director::cli {
namespace {

Result<std::optional<config::SourceFile>> read_optional(ports::FileStore& files,
                                                        const std::filesystem::path& path) {
  Result<std::string> text = files.read(path);
  if (text) {
    return std::optional(config::SourceFile{path.string(), std::move(text).value()});
  }
  if (text.error().code() == Errc::NotFound) {
    return std::optional<config::SourceFile>();
  }
  return std::move(text).error();
}

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> all;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return all;
}

Result<config::SourceFile> read_profile(ports::FileStore& files,
                                        const std::filesystem::path& repository,
                                        const std::string& profile) {
  const std::filesystem::path path = profile_file(repository, profile);
  Result<std::string> text = files.read(path);
  if (text) {
    return config::SourceFile{path.string(), std::move(text).value()};
  }
  if (text.error().code() != Errc::NotFound) {
    return std::move(text).error();
  }
  const std::vector<std::string> names = profile_names(repository);
  return Error(Errc::NotFound, "there is no profile '" + profile + "' ('" + path.string() +
                                   "' is missing); " +
                                   (names.empty() ? "this repository has none: put one into '" +
                                                        path.parent_path().string() + "'"
                                                  : "there are: " + text::join(names, ", ")));
}

}  // namespace

std::filesystem::path profile_file(const std::filesystem::path& repository,
                                   const std::string& profile) {
  if (profile.find('/') != std::string::npos || profile.ends_with(".toml")) {
    std::error_code ignored;
    return (std::filesystem::current_path(ignored) / profile).lexically_normal();
  }
  return repository / ".director" / "profiles" / (profile + ".toml");
}

std::vector<std::string> profile_names(const std::filesystem::path& repository) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(repository / ".director" / "profiles", error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".toml") {
      names.push_back(entry->path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<config::Loaded> load_settings(ports::FileStore& files,
                                     const std::filesystem::path& repository,
                                     const CommonOptions& common) {
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  config::Sources sources;
  sources.environment = environment();
  sources.overrides = common.set;
  if (common.profile) {
    DIRECTOR_TRY(sources.profile, read_profile(files, repository, *common.profile));
    return config::load(sources);
  }
  DIRECTOR_TRY(sources.user, read_optional(files, user.config / "config.toml"));
  DIRECTOR_TRY(sources.repository, read_optional(files, repository / ".director" / "config.toml"));
  if (!sources.user && !sources.repository) {
    return Error(Errc::NotFound,
                 "there is no configuration: '" +
                     (repository / ".director" / "config.toml").string() +
                     "' is missing; `director init` asks for what it needs, `director sync-agents` "
                     "writes an example");
  }
  return config::load(sources);
}

Result<config::Loaded> load_settings_with(ports::FileStore& files, const CommonOptions& common,
                                          config::SourceFile repository) {
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  config::Sources sources;
  sources.environment = environment();
  sources.overrides = common.set;
  DIRECTOR_TRY(sources.user, read_optional(files, user.config / "config.toml"));
  sources.repository = std::move(repository);
  return config::load(sources);
}

}  // namespace director::cli
