#include "core/platform/sandboxed_launcher.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/nesting.hpp"
#include "core/platform/landlock_rules.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/other_mounts.hpp"
#include "core/platform/private_folder.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

Result<std::string> real_path(const std::string& path, const std::string& what) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) {
    return os_error(what + " in '" + path + "'", error.value());
  }
  return real.string();
}

}  // namespace

bool is_needed_to_run(const SandboxPolicy& policy, const std::string& real) {
  return holds_any(real, {policy.temp, "/usr", "/dev", "/proc"}) || lies_below(real, "/dev") ||
         lies_below(real, "/proc");
}

bool is_out_of_sight(const SandboxPolicy& policy, const std::string& real) {
  return policy.backend == SandboxBackend::Bubblewrap && lies_below(real, policy.temp) &&
         !holds_any(real.substr(0, real.find('/', policy.temp.size() + 1)), policy.visible) &&
         !lies_within_any(real, policy.writable);
}

std::optional<std::string> hideable(const SandboxPolicy& policy, const std::string& path) {
  std::error_code error;
  const std::string real = fs::canonical(path, error).string();
  if (error || holds_any(real, policy.protect) || is_needed_to_run(policy, real)) {
    return std::nullopt;
  }
  return real;
}

void hide_real(SandboxPolicy& policy, const std::string& real) {
  std::error_code error;
  (fs::is_directory(real, error) ? policy.empty : policy.blank).push_back(real);
}

SandboxPolicy policy_now(SandboxPolicy policy, ports::Purpose purpose) {
  for (const std::string& path : policy.awaited) {
    const std::optional<std::string> real =
        ::access(path.c_str(), F_OK) == 0 ? hideable(policy, path) : std::nullopt;
    if (real && !is_covered(*real, policy.empty, policy)) {
      hide_real(policy, *real);
    }
  }
  if (purpose != ports::Purpose::Agent) {
    policy.empty.insert(policy.empty.end(), policy.of_agents.begin(), policy.of_agents.end());
  }
  for (std::vector<std::string>* paths : {&policy.empty, &policy.blank, &policy.bare,
                                          &policy.daemons, &policy.sockets, &policy.names}) {
    std::erase_if(*paths,
                  [](const std::string& path) { return ::access(path.c_str(), F_OK) != 0; });
  }
  hide_other_names(policy, table_of_mounts());
  return policy;
}

Result<ports::Exit> SandboxedLauncher::run(const ports::Command& command,
                                           const ports::LineHandler& on_line,
                                           const ports::CancelToken& cancel) {
  if (!is_confined(command.purpose) || command.argv.empty() || !command.cwd.starts_with('/')) {
    return inner_.run(command, on_line, cancel);  // which refuses what makes no sense
  }
  const std::string what = "cannot start '" + command.argv.front() + "'";
  const SandboxPolicy policy = policy_now(policy_, command.purpose);
  DIRECTOR_TRY(const std::string folder, real_path(command.cwd, what));
  ports::Command confined = command;
  for (std::vector<std::string>* paths : {&confined.writable, &confined.readable}) {
    for (std::string& path : *paths) {
      DIRECTOR_TRY(path, real_path(path, what));
    }
  }
  confined.env_unset.insert(confined.env_unset.end(), {"TMP", "TEMP"});
  // First, so that a plugin that knows better has the last word.
  const auto set_temp = [&confined](const std::string& temp) {
    confined.env_set.insert(confined.env_set.begin(), "TMPDIR=" + temp);
  };
  if (policy.backend == SandboxBackend::Bubblewrap) {
    set_temp(policy.temp);
    confined.within = bubblewrap_arguments(policy, confined, folder);
    return policy.layers && command.scratch && lies_below(folder, policy.workspaces)
               ? run_on_layer(std::move(confined), folder, on_line, cancel)
               : inner_.run(confined, on_line, cancel);
  }
  DIRECTOR_TRY(const PrivateFolder temp, PrivateFolder::make(policy.temps));
  set_temp(temp.path());
  confined.within = landlock_arguments(policy, confined, folder, temp.path());
  return inner_.run(confined, on_line, cancel);
}

Result<ports::Exit> SandboxedLauncher::run_on_layer(ports::Command confined,
                                                    const std::string& folder,
                                                    const ports::LineHandler& on_line,
                                                    const ports::CancelToken& cancel) {
  DIRECTOR_TRY(const PrivateFolder place, PrivateFolder::make(policy_.temps));
  confined.layer = ports::Layer{folder, place.path() + "/upper", place.path() + "/work"};
  for (const std::string& path : {confined.layer->upper, confined.layer->work}) {
    if (::mkdir(path.c_str(), 0755) != 0) {
      return os_error("cannot create folder '" + path + "'", errno);
    }
  }
  DIRECTOR_TRY(ports::Exit exit, inner_.run(confined, on_line, cancel));
  exit.spared = true;
  return exit;
}

Status try_sandbox(ports::ProcessLauncher& inner, const SandboxPolicy& policy,
                   const ports::Clock& clock, const ports::CancelToken& cancel) {
  constexpr std::chrono::seconds kPatience{20};
  SandboxedLauncher launcher(inner, policy);
  DIRECTOR_TRY(const PrivateFolder workspace, PrivateFolder::make(policy.temps));
  const fs::path written = fs::path(workspace.path()) / "written";
  const fs::path replaced = fs::path(workspace.path()) / "replaced";
  // Agents' and gates' are all there is: preparing a workspace is confined as agents are.
  for (const ports::Purpose purpose : {ports::Purpose::Agent, ports::Purpose::Gate}) {
    std::error_code error;
    fs::remove(written, error);
    if (!fs::create_directories(replaced / "inner", error) && error) {
      return os_error("cannot create folder '" + replaced.string() + "'", error.value());
    }
    ports::Command command;
    command.purpose = purpose;
    command.cwd = workspace.path();
    command.scratch = policy.layers && purpose == ports::Purpose::Gate;
    // On a layer, what takes more than a write; elsewhere nothing that a PATH could lack.
    command.argv = {
        "/bin/sh", "-c",
        command.scratch ? "rm -r replaced && mkdir replaced && : >written" : ": >written"};
    command.deadline = clock.now() + kPatience;
    DIRECTOR_TRY(const ports::Exit exit, launcher.run(command, {}, cancel));
    if (exit.kind != ports::ExitKind::Exited || exit.exit_code != 0) {
      return Error(Errc::External, "'" + policy.program + "' does not run a command to its end");
    }
    if (exit.spared != command.scratch || fs::exists(written, error) == exit.spared ||
        !fs::exists(replaced / "inner", error)) {
      return Error(Errc::External,
                   "what a command writes in '" + policy.program + "' is not where it should be");
    }
  }
  return ok();
}

}  // namespace director::platform
