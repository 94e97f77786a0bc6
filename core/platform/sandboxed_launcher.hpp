/// Commands confined by bubblewrap or Landlock.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/platform/sandbox.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::platform {

/// Whether nothing runs where this real path is hidden.
[[nodiscard]] bool is_needed_to_run(const SandboxPolicy& policy, const std::string& real);

/// Whether bubblewrap's private folder for temporary files covers it: of what is in that, commands
/// see the folders that hold something which is needed.
[[nodiscard]] bool is_out_of_sight(const SandboxPolicy& policy, const std::string& real);

/// The real path of what is to be hidden by this name. Nothing if there is no such thing, or if
/// commands cannot do without it: a link may lead anywhere. Looks at the file system.
[[nodiscard]] std::optional<std::string> hideable(const SandboxPolicy& policy,
                                                  const std::string& path);
/// Hides a real path: what is in it, if it is a folder.
void hide_real(SandboxPolicy& policy, const std::string& real);

/// The policy for a command that starts now: with what came into being and is to be hidden, without
/// what has gone since, where nothing can be mounted. Looks at the file system.
[[nodiscard]] SandboxPolicy policy_now(SandboxPolicy policy, ports::Purpose purpose);

/// In front of a launcher that heeds ports::Command::within.
class SandboxedLauncher final : public ports::ProcessLauncher {
 public:
  SandboxedLauncher(ports::ProcessLauncher& inner, SandboxPolicy policy)
      : inner_(inner), policy_(std::move(policy)) {}

  /// As the port says. Further errors: NotFound if a folder that the command may write is missing;
  /// Io if the sandbox cannot be made.
  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override;
  [[nodiscard]] bool is_reachable(const ports::Command& command) const override {
    return inner_.is_reachable(command) &&
           (!is_confined(command.purpose) || has_network(policy_, command));
  }

 private:
  [[nodiscard]] Result<ports::Exit> run_on_layer(ports::Command confined, const std::string& folder,
                                                 const ports::LineHandler& on_line,
                                                 const ports::CancelToken& cancel);

  ports::ProcessLauncher& inner_;
  SandboxPolicy policy_;
};

/// Starts a command of each confined purpose. Errors: what bubblewrap says where that fails.
[[nodiscard]] Status try_sandbox(ports::ProcessLauncher& inner, const SandboxPolicy& policy,
                                 const ports::Clock& clock, const ports::CancelToken& cancel);

}  // namespace director::platform
