// Finding and reading the user's OpenCode files.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "user_config.hpp"

namespace runner_opencode {

namespace {

namespace fs = std::filesystem;
using director::Errc;
using director::Error;
using director::Result;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The folder that an XDG variable names, else its default under the home folder.
std::string xdg_folder(const char* name, const std::string& home, const char* fallback) {
  const std::string base = variable(name);
  return (base.starts_with('/') ? fs::path(base) : fs::path(home) / fallback) / "opencode";
}

/// Empty optional: there is no such file.
Result<std::optional<std::string>> read_if_there(const fs::path& path) {
  std::error_code failure;
  if (!fs::exists(path, failure)) {
    return std::optional<std::string>();
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return Error(Errc::Io, "cannot read '" + path.string() + "': " + std::strerror(errno));
  }
  return std::optional(std::move(text));
}

}  // namespace

UserFolders user_folders() {
  const std::string home = variable("HOME");
  return {home, xdg_folder("XDG_CONFIG_HOME", home, ".config"),
          xdg_folder("XDG_DATA_HOME", home, ".local/share"),
          xdg_folder("XDG_CACHE_HOME", home, ".cache")};
}

Result<std::vector<ConfigText>> read_user_config(const UserFolders& folders,
                                                 const std::string& repo_dir) {
  const fs::path global(folders.config);
  const fs::path repo(repo_dir);
  const fs::path named(variable("OPENCODE_CONFIG"));
  std::vector<ConfigText> files;
  for (const fs::path& path :
       {global / "config.json", global / "opencode.json", global / "opencode.jsonc", named,
        repo / "opencode.json", repo / "opencode.jsonc", repo / ".opencode" / "opencode.json",
        repo / ".opencode" / "opencode.jsonc"}) {
    if (!path.is_absolute()) {
      continue;
    }
    DIRECTOR_TRY(auto text, read_if_there(path));
    if (text && !text->empty()) {
      files.push_back({path.string(), *std::move(text)});
    }
  }
  return files;
}

std::string read_user_auth(const UserFolders& folders) {
  std::string given = variable("OPENCODE_AUTH_CONTENT");
  if (!given.empty()) {
    return given;
  }
  auto text = read_if_there(fs::path(folders.data) / "auth.json");
  return text && *text ? **text : std::string();
}

}  // namespace runner_opencode
