/// Commands on this machine.
#pragma once

#include <chrono>

#include "core/platform/cgroups.hpp"
#include "core/platform/environment.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::platform {

/// How long a command has between SIGTERM and SIGKILL.
struct Grace {
  std::chrono::milliseconds normal{2000};
  std::chrono::milliseconds cancelled{500};
};

/// Runs each command under director-supervise (supervisor.hpp), found beside this program. Making
/// one turns this process into the reaper of its descendants' orphans; such a process starts
/// children in no other way.
class LocalLauncher final : public ports::ProcessLauncher {
 public:
  LocalLauncher(const ports::Clock& clock, Environment environment, Grace grace = {});

  /// From now on each command of an agent, a gate or the setup runs in a control group of its own.
  /// `cgroups` outlives this; nullptr: no more. Not while commands run.
  void use(Cgroups* cgroups) { cgroups_ = cgroups; }

  /// As the port says. Further errors: Invalid for a NUL in an argument, a cwd that is not
  /// absolute, or more arguments and environment than the system takes.
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override;

 private:
  const ports::Clock& clock_;
  Environment environment_;
  Grace grace_;
  std::string supervisor_;  ///< the file of director-supervise
  Cgroups* cgroups_ = nullptr;
};

}  // namespace director::platform
