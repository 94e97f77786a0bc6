#include "core/platform/sandboxed_launcher.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/platform/landlock_rules.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/private_folder.hpp"

namespace director::platform {
namespace {

Result<std::string> real_path(const std::string& path, const std::string& what) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error) {
    return os_error(what + " in '" + path + "'", error.value());
  }
  return real.string();
}

}  // namespace

Result<ports::Exit> SandboxedLauncher::run(const ports::Command& command,
                                           const ports::LineHandler& on_line,
                                           const ports::CancelToken& cancel) {
  if (!is_confined(command.purpose) || command.argv.empty() || !command.cwd.starts_with('/')) {
    return inner_.run(command, on_line, cancel);  // which refuses what makes no sense
  }
  const std::string what = "cannot start '" + command.argv.front() + "'";
  DIRECTOR_TRY(const std::string folder, real_path(command.cwd, what));
  ports::Command confined = command;
  for (std::string& path : confined.writable) {
    DIRECTOR_TRY(path, real_path(path, what));
  }
  confined.env_unset.insert(confined.env_unset.end(), {"TMP", "TEMP"});
  // First, so that a plugin that knows better has the last word.
  const auto set_temp = [&confined](const std::string& temp) {
    confined.env_set.insert(confined.env_set.begin(), "TMPDIR=" + temp);
  };
  if (policy_.backend == SandboxBackend::Bubblewrap) {
    set_temp(policy_.temp);
    confined.within = bubblewrap_arguments(policy_, confined, folder);
    return inner_.run(confined, on_line, cancel);
  }
  DIRECTOR_TRY(const PrivateFolder temp, PrivateFolder::make(policy_.temps));
  set_temp(temp.path());
  confined.within = landlock_arguments(policy_, confined, folder, temp.path());
  return inner_.run(confined, on_line, cancel);
}

Status try_sandbox(ports::ProcessLauncher& inner, const SandboxPolicy& policy,
                   const ports::Clock& clock, const ports::CancelToken& cancel) {
  constexpr std::chrono::seconds kPatience{20};
  SandboxedLauncher launcher(inner, policy);
  // Agents' and gates' are all there is: preparing a workspace is confined as agents are.
  for (const ports::Purpose purpose : {ports::Purpose::Agent, ports::Purpose::Gate}) {
    ports::Command command;
    command.purpose = purpose;
    command.argv = {"/bin/sh", "-c", "true"};
    command.cwd = policy.workspaces;
    command.deadline = clock.now() + kPatience;
    DIRECTOR_TRY(const ports::Exit exit, launcher.run(command, {}, cancel));
    if (exit.kind != ports::ExitKind::Exited || exit.exit_code != 0) {
      return Error(Errc::External, "'" + policy.program + "' does not run a command to its end");
    }
  }
  return ok();
}

}  // namespace director::platform
