#include "environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "text.hpp"

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Status;

namespace {

namespace fs = std::filesystem;

// OpenCode installs a package into each configuration folder unless this file says that it is
// there already.
constexpr std::string_view kPackageLock =
    R"({"packages":{"":{"dependencies":{"@opencode-ai/plugin":"*"}}}})";

bool holds(const fs::path& path, std::string_view content) {
  std::ifstream file(path, std::ios::binary);
  return file.is_open() && std::string{std::istreambuf_iterator<char>(file),
                                       std::istreambuf_iterator<char>()} == content;
}

Error io_error(const fs::path& path) {
  return Error(Errc::Io, "cannot write '" + path.string() + "': " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

/// Readers see the old file or the new one. Does nothing if the content is there already.
Status replace_file(const fs::path& scratch, const fs::path& path, std::string_view content) {
  if (holds(path, content)) {
    return director::ok();
  }
  static std::atomic<unsigned> counter{0};
  const fs::path temporary =
      scratch / (std::to_string(::getpid()) + "-" + std::to_string(++counter));
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return io_error(temporary);
  }
  const bool written = write_all(descriptor, content);
  const Status result = written ? director::ok() : Status(io_error(temporary));
  ::close(descriptor);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    Status failure = written ? Status(io_error(path)) : result;
    ::unlink(temporary.c_str());
    return failure;
  }
  return director::ok();
}

Status make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) {
    return Error(Errc::Io, "cannot create '" + path.string() + "': " + failure.message());
  }
  return director::ok();
}

}  // namespace

Status Home::prepare() const {
  const fs::path home(dir_);
  for (const char* folder :
       {"config/agents", "config/node_modules", "xdg-config/opencode/node_modules", "agent/data",
        "agent/state", "agent/cache", "tmp"}) {
    DIRECTOR_CHECK(make_folder(home / folder));
  }
  if (::chmod(dir_.c_str(), 0700) != 0) {
    return io_error(home);
  }
  for (const char* folder : {"config", "xdg-config/opencode"}) {
    DIRECTOR_CHECK(replace_file(home / "tmp", home / folder / "package-lock.json", kPackageLock));
    // Written by OpenCode where it is missing; these folders may be read-only for it.
    DIRECTOR_CHECK(replace_file(home / "tmp", home / folder / ".gitignore", "*\n"));
  }
  DIRECTOR_CHECK(replace_file(home / "tmp", home / "empty-catalogue.json", "{}"));
  return install(make_locked_agent());
}

Status Home::install(const AgentFile& agent) const {
  const fs::path home(dir_);
  return replace_file(home / "tmp", home / "config" / "agents" / (agent.name + ".md"),
                      agent.content);
}

std::string Home::state_dir(std::string_view kind, std::string_view what) const {
  return agent_dir() + "/states/" + std::string(kind) + "-" +
         plugin_support::hex64(plugin_support::hash64(what));
}

std::string Home::lock_file(const std::string& state_dir) const {
  return dir_ + "/." + fs::path(state_dir).filename().string() + ".lock";
}

std::string Home::stamp_file(const std::string& state_dir) const {
  return dir_ + "/." + fs::path(state_dir).filename().string() + ".started";
}

std::vector<std::string> Home::variables(const UserFolders& user, const CallConfig& config,
                                         const std::string& state_dir) const {
  std::vector<std::string> set{
      "XDG_CONFIG_HOME=" + dir_ + "/xdg-config",
      "XDG_DATA_HOME=" + state_dir + "/data",
      "XDG_STATE_HOME=" + state_dir + "/state",
      "XDG_CACHE_HOME=" + state_dir + "/cache",
      "OPENCODE_CONFIG_DIR=" + dir_ + "/config",
      "OPENCODE_CONFIG_CONTENT=" + config.config,
      "OPENCODE_DISABLE_PROJECT_CONFIG=1",
      "OPENCODE_DISABLE_AUTOUPDATE=1",
      "OPENCODE_DISABLE_SHARE=1",
      "OPENCODE_DISABLE_CLAUDE_CODE=1",
      "OPENCODE_DISABLE_EXTERNAL_SKILLS=1",
      "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
      "OPENCODE_DISABLE_EMBEDDED_WEB_UI=1",
      "OPENCODE_DISABLE_TERMINAL_TITLE=1",
      "OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER=1",
      "OPENCODE_PURE=1",
  };
  if (!config.auth.empty()) {
    set.push_back("OPENCODE_AUTH_CONTENT=" + config.auth);
  }
  // The catalogue of models costs a start 0.7 s and 190 MiB. Without one, the copy that the user's
  // own opencode keeps has what the user sees; without that, OpenCode's own ways are left alone.
  std::error_code failure;
  if (!config.needs_catalogue) {
    set.push_back("OPENCODE_MODELS_PATH=" + dir_ + "/empty-catalogue.json");
    set.emplace_back("OPENCODE_DISABLE_MODELS_FETCH=1");
  } else if (fs::exists(user.cache + "/models.json", failure)) {
    set.push_back("OPENCODE_MODELS_PATH=" + user.cache + "/models.json");
    set.emplace_back("OPENCODE_DISABLE_MODELS_FETCH=1");
  }
  return set;
}

std::vector<std::string> inherited_to_unset() { return {"OPENCODE*", "AGENT"}; }

}  // namespace runner_opencode
