/// The program that OpenCode is.
#pragma once

#include <string>

namespace runner_opencode {

/// Whether the host would find it. A path that is not absolute depends on the call's folder and is
/// left to it.
[[nodiscard]] bool may_exist(const std::string& command);

/// That it does not, and what helps.
[[nodiscard]] std::string not_installed(const std::string& command);

/// Tells one installed version from the next. Empty: not known.
[[nodiscard]] std::string program_identity(const std::string& command);

}  // namespace runner_opencode
