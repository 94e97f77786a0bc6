#include "core/platform/local_launcher.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/platform/os_error.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/running_command.hpp"
#include "core/platform/spawn.hpp"

namespace director::platform {
namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Status check(const ports::Command& command) {
  if (command.argv.empty() || command.argv.front().empty()) {
    return Error(Errc::Invalid, "cannot start a command: it has no program");
  }
  const std::string what = "cannot start '" + command.argv.front() + "'";
  if (std::any_of(command.argv.begin(), command.argv.end(), has_nul) ||
      std::any_of(command.env_set.begin(), command.env_set.end(), has_nul)) {
    return Error(Errc::Invalid, what + ": an argument or variable holds a NUL byte");
  }
  if (!command.cwd.starts_with('/') || has_nul(command.cwd)) {
    return Error(Errc::Invalid, what + ": '" + command.cwd + "' is not an absolute path");
  }
  struct stat info {};
  if (::stat(command.cwd.c_str(), &info) != 0) {
    return os_error(what + " in '" + command.cwd + "'", errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return os_error(what + " in '" + command.cwd + "'", ENOTDIR);
  }
  return ok();
}

}  // namespace

LocalLauncher::LocalLauncher(const ports::Clock& clock, Environment environment, Grace grace)
    : clock_(clock), environment_(std::move(environment)), grace_(grace) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (const Result<Installation> installation = find_installation()) {
    supervisor_ = installation->supervisor.string();
  }
}

Result<ports::Exit> LocalLauncher::run(const ports::Command& command,
                                       const ports::LineHandler& on_line,
                                       const ports::CancelToken& cancel) {
  DIRECTOR_CHECK(check(command));
  SpawnRequest request;
  request.environment = environment_.for_command(command);
  DIRECTOR_TRY(request.program,
               find_program(command.argv.front(), request.environment, command.cwd));
  if (cancel.cancelled()) {
    return ports::Exit{ports::ExitKind::Cancelled, 0, 0, {}};
  }
  if (command.deadline && clock_.now() >= *command.deadline) {
    return ports::Exit{ports::ExitKind::TimedOut, 0, 0, {}};
  }
  request.supervisor = supervisor_;
  request.within = command.within;
  if (command.layer) {
    request.layer = layer_mount(*command.layer);
    if (!request.layer) {
      return Error(Errc::Invalid, "cannot lay a layer over '" + command.layer->folder +
                                      "': a path with ',', ':' or '\\' in it");
    }
  }
  request.argv = command.argv;
  request.cwd = command.cwd;
  request.wants_stdin = !command.stdin_text.empty() || command.dialogue != nullptr;
  std::unique_ptr<CommandCgroup> cgroup;
  if (cgroups_ != nullptr && command.purpose != ports::Purpose::Tool) {
    DIRECTOR_TRY(cgroup, cgroups_->make().context("cannot start '" + command.argv.front() + "'"));
    request.cgroup_procs = cgroup->procs_fd();
  }
  const ports::SteadyTime started = clock_.now();
  DIRECTOR_TRY(Spawned spawned, spawn(request).context("'" + command.argv.front() + "'"));
  RunningCommand running(clock_, grace_, command, on_line, cancel, started, std::move(spawned),
                         cgroup.get());
  return running.finish();
}

}  // namespace director::platform
