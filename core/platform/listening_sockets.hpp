/// Sockets in the file system that somebody listens at. A read-only mount and a network namespace
/// stop no connection to one: what listens there does as it is told, and is not confined.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/platform/sandbox.hpp"

namespace director::platform {

/// Their absolute names, as /proc/net/unix has them. What bears such a name now may be something
/// else, or nothing; those that were bound by a relative name are not among them. Pure.
[[nodiscard]] std::vector<std::string> listening_sockets(std::string_view table);

/// Adds to `daemons` and `sockets` where somebody has listened for some seconds, but for what the
/// user opens and what is director's own: what was only just made may be gone again when it is to
/// be mounted on, and then nothing starts. Looks at the file system and the clock.
void hide_listeners(SandboxPolicy& policy, std::string_view table);

/// /proc/net/unix; empty if it cannot be read.
[[nodiscard]] std::string table_of_sockets();

}  // namespace director::platform
