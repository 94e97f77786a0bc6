/// The processes of this machine, by system calls only: for code that must not allocate.
#pragma once

#include <sys/types.h>

namespace director::platform {

/// Sends SIGKILL to every process whose parent is `parent` and for which `spare` is false; how
/// many. Async-signal-safe if `spare` is.
int kill_children_of(pid_t parent, bool (*spare)(pid_t child));

/// Whether no process has this id.
[[nodiscard]] bool is_gone(pid_t process);

}  // namespace director::platform
