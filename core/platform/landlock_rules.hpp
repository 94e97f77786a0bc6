/// What a confined command may touch, as the arguments of director-supervise. See landlock.hpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/platform/sandbox.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::platform {

/// Full paths of what lies in a folder, without symbolic links; empty if it cannot be read.
using Listing = std::function<std::vector<std::string>(const std::string& folder)>;
[[nodiscard]] std::vector<std::string> list_folder(const std::string& folder);

/// ports::Command::within. `folder` is the real path of the command's cwd, `temp` its private
/// folder for temporary files, and `command.writable` holds real paths. Landlock knows no
/// exceptions: a folder that holds something which is to be shut is named child by child, so what
/// comes to lie directly in it later is shut, too.
[[nodiscard]] std::vector<std::string> landlock_arguments(const SandboxPolicy& policy,
                                                          const ports::Command& command,
                                                          const std::string& folder,
                                                          const std::string& temp,
                                                          const Listing& list = list_folder);

/// What a sandbox has that Landlock of this version does not have, for people.
[[nodiscard]] std::string landlock_shortfall(int abi);

}  // namespace director::platform
