/// A launcher plugin in front of the built-in launcher.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/ports/backends.hpp"
#include "core/ports/host_services.hpp"
#include "core/ports/pool.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::plugin {

/// Lets a launcher rewrite each command, then runs what it made of it. What it is made with
/// outlives it.
class PreparedLauncher final : public ports::ProcessLauncher {
 public:
  /// The whole environment that a command is going to have, "NAME=value" each.
  using EnvironmentOf = std::function<std::vector<std::string>(const ports::Command&)>;

  /// `hosts` runs the launcher's own commands, so it must not lead back here.
  PreparedLauncher(ports::ProcessLauncher& inner, ports::Pool<director::launcher>& launchers,
                   ports::HostServices& hosts, EnvironmentOf environment_of)
      : inner_(inner),
        launchers_(launchers),
        hosts_(hosts),
        environment_of_(std::move(environment_of)) {}

  /// Further errors: the launcher's, with its name.
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override;
  [[nodiscard]] bool is_reachable(const ports::Command& command) const override {
    return inner_.is_reachable(command);
  }

 private:
  ports::ProcessLauncher& inner_;
  ports::Pool<director::launcher>& launchers_;
  ports::HostServices& hosts_;
  EnvironmentOf environment_of_;
};

}  // namespace director::plugin
