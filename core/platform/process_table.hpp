/// The processes of this machine, by system calls only: for code that must not allocate.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace director::platform {

/// Sends SIGKILL to every process whose parent is `parent` and for which `spare` is false; how
/// many. -1: there may be others, since not all could be looked at. Async-signal-safe if `spare`
/// is. Those of this process are found where /proc hides them, too, unless knows_own_children() is
/// false.
int kill_children_of(pid_t parent, bool (*spare)(pid_t child));

/// Whether the kernel tells this process its children, hidden or not.
[[nodiscard]] bool knows_own_children();

/// Whether every process stands in /proc: mounted with hidepid, it hides those that cannot be
/// traced, and whoever likes can become one. Async-signal-safe.
[[nodiscard]] bool sees_all_processes();

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  std::uint64_t started = 0;  ///< in clock ticks since boot: tells it from a later one of this id
  std::int64_t resident_pages = 0;
  std::uint64_t cpu_ticks = 0;  ///< of the processor, with those of its children that it reaped
  bool is_below = false;        ///< descends from whoever was asked for
};

/// Puts the living descendants of `root` at the beginning of `table`, which for that has to have
/// room for every process of this machine; how many. -1: they cannot be told. Async-signal-safe.
[[nodiscard]] int descendants_of(pid_t root, Process* table, int capacity);

/// False: there is none with this id that lives.
[[nodiscard]] bool read_process(pid_t pid, Process& process);

/// Whether no process has this id.
[[nodiscard]] bool is_gone(pid_t process);

}  // namespace director::platform
