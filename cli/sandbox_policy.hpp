/// What the commands of a session may touch on this machine.
#pragma once

#include <string>
#include <vector>

#include "core/config/settings.hpp"
#include "core/engine/services.hpp"
#include "core/platform/sandbox.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Looks at the file system, and makes the folders of the cache that are hidden. `environment`:
/// "NAME=value" each. Without the backend and its program, which are the caller's to set. Errors:
/// Invalid for a folder in `wanted` that is missing or would open the repository; External.
[[nodiscard]] Result<platform::SandboxPolicy> policy_for(
    const config::Sandbox& wanted, const engine::Folders& folders,
    const std::vector<std::string>& environment);

}  // namespace director::cli
