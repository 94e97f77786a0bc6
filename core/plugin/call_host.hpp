/// The host's services over the kernel's ports.
#pragma once

#include <string>

#include "core/base/redactor.hpp"
#include "core/plugin/daemons.hpp"
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
        redactor_(std::move(redactor)),
        daemons_(launcher_, clock_) {}

  [[nodiscard]] std::unique_ptr<ports::CallHost> open(ports::CallScope scope) override;
  void stop_daemons() override { daemons_.stop_all(); }
  [[nodiscard]] bool has_served(const std::string& folder) const override {
    return daemons_.has_served(folder);
  }

 private:
  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::Log& log_;
  std::string version_;
  Redactor redactor_;
  Daemons daemons_;
};

/// Runs a command that is talked with (Command::dialogue), for the kernel's own backends: otherwise
/// as the exec service that plugins see, which sets purpose, deadline and writable folders. `host`:
/// of a call, from a PluginHost. Errors: those of the launcher; Internal if it is another host.
[[nodiscard]] Result<ports::Exit> converse(const director::host& host, ports::Command command,
                                           const ports::LineHandler& on_line);

/// Whether a plugin is in a service of its call's host that may take long, on any thread; not while
/// that calls it back. False for another host.
[[nodiscard]] bool is_serving(const director_host& host);

}  // namespace director::plugin
