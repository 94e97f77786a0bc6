/// What the machine offers: sandboxing and disk space.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/confinement.hpp"
#include "cli/findings.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::cli {

/// What is in force of [sandbox].
[[nodiscard]] Finding confinement_finding(const Status& confined, const Confinement& confinement,
                                          const config::Sandbox& wanted);

/// Landlock and user namespaces, each tried. Notes only. Starts short commands.
[[nodiscard]] std::vector<Finding> sandbox_findings(ports::ProcessLauncher& launcher,
                                                    const ports::Clock& clock,
                                                    const ports::CancelToken& cancel);

/// Work in workspaces of repositories that are gone, a note each. `caches`: where those of all
/// repositories are.
[[nodiscard]] std::vector<Finding> gone_findings(const std::filesystem::path& caches);

/// Free space where `folder` is, or will be.
[[nodiscard]] Finding space_finding(const std::string& what, const std::filesystem::path& folder);

}  // namespace director::cli
