#include "cli/settings_files.hpp"

#include <unistd.h>

#include <string>
#include <utility>

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

}  // namespace

Result<config::Loaded> load_settings(ports::FileStore& files,
                                     const std::filesystem::path& repository,
                                     const CommonOptions& common) {
  DIRECTOR_TRY(const platform::UserFolders user, platform::user_folders());
  config::Sources sources;
  DIRECTOR_TRY(sources.user, read_optional(files, user.config / "config.toml"));
  DIRECTOR_TRY(sources.repository, read_optional(files, repository / ".director" / "config.toml"));
  if (!sources.user && !sources.repository) {
    return Error(Errc::NotFound,
                 "there is no configuration: '" +
                     (repository / ".director" / "config.toml").string() +
                     "' is missing; `director sync-agents` writes one to start from");
  }
  sources.environment = environment();
  sources.overrides = common.set;
  return config::load(sources);
}

}  // namespace director::cli
