/// Confining a process by Landlock and seccomp, where there is no bubblewrap: what director knows
/// of it, and what director-supervise does before it starts the command.
///
/// director-supervise takes, before its own arguments: kConfined, any of the options below, and
/// kRulesEnd; what follows is its own file again and then its arguments.
#pragma once

#include <cstdint>

namespace director::platform::landlock {

inline constexpr char kConfined[] = "--confined";
inline constexpr char kRulesEnd[] = "--";
/// No network: no socket but those of this machine's own files, and no io_uring, which could make
/// others.
inline constexpr char kNoNetwork[] = "--no-network";
/// Each is followed by a path, for all that lies there. What no option names is shut.
inline constexpr char kList[] = "--list";      ///< names may be listed
inline constexpr char kRead[] = "--read";      ///< read and executed
inline constexpr char kWrite[] = "--write";    ///< anything but devices made
inline constexpr char kDevice[] = "--device";  ///< a device that is read and written

/// Before version 3 anybody may empty any file of theirs.
inline constexpr int kLeastAbi = 3;
/// Before version 6 signals and abstract sockets get out.
inline constexpr int kScopingAbi = 6;

/// The version of the running kernel; 0: there is none, and errno says why.
[[nodiscard]] int abi();

/// Confines this process and what it starts, for ever, as the words say up to kRulesEnd, and takes
/// every capability from it. A path that is not there is left out. Returns how many words there
/// were with kRulesEnd, or -errno; then the process is to start nothing. System calls only.
[[nodiscard]] int confine(char** words);

}  // namespace director::platform::landlock
