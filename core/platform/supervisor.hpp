/// How this program and director-supervise talk.
///
/// director-supervise stands between this program and a command, so that nothing the command starts
/// can outlive it. As a subreaper it inherits whatever leaves the command's process group or
/// session by daemonising. When the command ends, when it is told to, or when the control pipe
/// closes because this program died, it kills every descendant, however often they fork, reaps
/// them, and exits. It is a program of its own so that starting a command costs the same whatever
/// this program has in memory.
///
/// Its arguments: kSealed if the command is confined, kInCgroup or kPlain, the command's folder,
/// the program's file, the command's argv from argv[0] on. It is started with every signal blocked,
/// the command's environment and standard streams, the two pipes below and, with kInCgroup, an open
/// cgroup.procs. With what landlock.hpp says before them, it confines the command and not itself.
#pragma once

#include <cstdint>

namespace director::platform {

/// Orders are read here, a byte each. End of file means Kill.
inline constexpr int kControlFd = 3;
/// Reports are written here.
inline constexpr int kStatusFd = 4;

/// The command enters this control group before its first instruction; its supervisor stays out.
inline constexpr int kCgroupFd = 5;

/// Besides what confines it otherwise, the command is kept from what no sandbox around it keeps it
/// from: see close_keyrings().
inline constexpr const char* kSealed = "sealed";
inline constexpr const char* kPlain = "plain";
inline constexpr const char* kInCgroup = "cgroup";

inline constexpr char kTerminate = 'T';
inline constexpr char kKill = 'K';
/// What the command has started so far is spared by kWeed. Answered by Marked.
inline constexpr char kMark = 'M';
/// Ends all that the command has started since, the command itself not. Answered by Weeded.
inline constexpr char kWeed = 'W';

enum class ReportKind : std::int32_t {
  Exited = 1,        ///< value: exit code
  Signaled = 2,      ///< value: signal
  NoFolder = 3,      ///< value: errno of chdir
  NoExec = 4,        ///< value: errno of execve
  NoFork = 5,        ///< value: errno of fork
  NoSupervisor = 6,  ///< value: errno of starting director-supervise itself
  NoSandbox = 7,     ///< value: errno of confining the command
  NoCgroup = 8,      ///< value: errno of entering the control group
  Used = 9,          ///< of all that ended, in the fields for that; comes last
  Weeded = 10,       ///< value: 0 if nothing is left that was to go
  Marked = 11
};
struct Report {
  ReportKind kind = ReportKind::Exited;
  std::int32_t value = 0;
  std::int64_t cpu_us = 0;
  std::int64_t largest_kb = 0;  ///< the most that one process had in memory
};

}  // namespace director::platform
