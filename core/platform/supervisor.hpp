/// How this program and director-supervise talk.
///
/// director-supervise stands between this program and a command, so that nothing the command starts
/// can outlive it. As a subreaper it inherits whatever leaves the command's process group or
/// session by daemonising. When the command ends, when it is told to, or when the control pipe
/// closes because this program died, it kills every descendant, however often they fork, reaps
/// them, and exits. It is a program of its own so that starting a command costs the same whatever
/// this program has in memory.
///
/// Its arguments: the command's folder, the program's file, the command's argv from argv[0] on. It
/// is started with every signal blocked, the command's environment and standard streams, and the
/// two pipes below. With what landlock.hpp says before them, it confines the command and not
/// itself.
#pragma once

#include <cstdint>

namespace director::platform {

/// Orders are read here, a byte each. End of file means Kill.
inline constexpr int kControlFd = 3;
/// Reports are written here.
inline constexpr int kStatusFd = 4;

inline constexpr char kTerminate = 'T';
inline constexpr char kKill = 'K';

enum class ReportKind : std::int32_t {
  Exited = 1,        ///< value: exit code
  Signaled = 2,      ///< value: signal
  NoFolder = 3,      ///< value: errno of chdir
  NoExec = 4,        ///< value: errno of execve
  NoFork = 5,        ///< value: errno of fork
  NoSupervisor = 6,  ///< value: errno of starting director-supervise itself
  NoSandbox = 7      ///< value: errno of confining the command
};
struct Report {
  ReportKind kind;
  std::int32_t value;
};

}  // namespace director::platform
