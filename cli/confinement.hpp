/// How the commands of agents and gates are confined on this machine.
#pragma once

#include <optional>
#include <string>

#include "core/config/settings.hpp"
#include "core/engine/services.hpp"
#include "core/platform/sandbox.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::cli {

struct Confinement {
  std::optional<platform::SandboxPolicy> policy;  ///< nullopt: they are not
  /// For people: why they are not confined, or not by bubblewrap; empty: nobody wants it.
  std::string why_not;
  std::string shortfall;  ///< what the sandbox in use does not hold that bubblewrap holds
};

/// The sentence about a sandbox with a shortfall.
[[nodiscard]] std::string limits_of(const Confinement& confinement);

/// Starts short commands with `launcher`, to see that it works. Errors: Invalid for a folder in
/// `wanted` that is missing, or that would open the repository; External if it is required and does
/// not work, with what to do.
[[nodiscard]] Result<Confinement> confine(const config::Sandbox& wanted,
                                          const engine::Folders& folders,
                                          ports::ProcessLauncher& launcher,
                                          const ports::Clock& clock,
                                          const ports::CancelToken& cancel);

}  // namespace director::cli
