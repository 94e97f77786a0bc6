/// The host's services over the kernel's ports.
#pragma once

#include <string>

#include "core/base/redactor.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/host_services.hpp"
#include "core/ports/log.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::plugin {

/// Hands each call of a plugin its host. What it is made with outlives it.
class PluginHost final : public ports::HostServices {
 public:
  /// `version`: of this program, for messages. `redactor`: for what commands print, along with the
  /// secrets that a plugin hands to its commands in their environment.
  PluginHost(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::Log& log,
             std::string version, Redactor redactor = {})
      : launcher_(launcher),
        clock_(clock),
        log_(log),
        version_(std::move(version)),
        redactor_(std::move(redactor)) {}

  [[nodiscard]] std::unique_ptr<ports::CallHost> open(ports::CallScope scope) override;

 private:
  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::Log& log_;
  std::string version_;
  Redactor redactor_;
};

/// Runs a command that is talked with (Command::dialogue), for the kernel's own backends: otherwise
/// as the exec service that plugins see, which sets purpose, deadline and writable folders. `host`:
/// of a call, from a PluginHost. Errors: those of the launcher; Internal if it is another host.
[[nodiscard]] Result<ports::Exit> converse(const director::host& host, ports::Command command,
                                           const ports::LineHandler& on_line);

}  // namespace director::plugin
