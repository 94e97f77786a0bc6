/// Starting one supervised command: its pipes, its supervisor. Boost.Process stays in the .cpp.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/platform/layer.hpp"
#include "core/platform/unique_fd.hpp"
#include "director/result.hpp"

namespace director::platform {

/// Descriptors that are read or written are non-blocking and close on exec.
struct Spawned {
  UniqueFd supervisor;    ///< pidfd
  pid_t pid = -1;         ///< of the supervisor
  UniqueFd control;       ///< orders to it; closing it ends everything
  UniqueFd status;        ///< Reports come here
  UniqueFd stdin_writer;  ///< absent if standard input is /dev/null
  UniqueFd stdout_reader;
  UniqueFd stderr_reader;
};

struct SpawnRequest {
  std::string supervisor;  ///< the file of director-supervise
  /// What starts the supervisor, see ports::Command::within; empty: this process does.
  std::vector<std::string> within;
  std::optional<LayerMount> layer;  ///< see ports::Command::layer
  std::string program;              ///< the file
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::string cwd;
  bool wants_stdin = false;
  int cgroup_procs = -1;  ///< open for writing: the control group that the command enters; -1: none
};

/// Starts it. That the program cannot be executed comes later, as a Report. Errors: Io.
[[nodiscard]] Result<Spawned> spawn(const SpawnRequest& request);

/// Waits until there is something to do at one of `fds`, of which the first is the supervisor's, as
/// poll() does. Where that cannot be done, as with more of them than this process may have by now,
/// a moment: then all count as ready, but for the supervisor if it has not ended.
[[nodiscard]] bool wait_for_any(const Spawned& spawned, struct pollfd* fds, std::size_t count,
                                int wait_ms);

/// Reaps a supervisor, or the sandbox around it, that has ended and forgets it. Its exit status;
/// nullopt if it was killed.
[[nodiscard]] std::optional<int> reap_supervisor(const Spawned& spawned);

/// For a supervisor that was killed, or ended in a sandbox: kills and reaps what fell to this
/// process, until there is nothing left or `patience` is over. True if nothing is left. This
/// process starts its children through spawn() alone.
[[nodiscard]] bool kill_orphans(std::chrono::milliseconds patience);

}  // namespace director::platform
