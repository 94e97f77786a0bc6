/// What a confined command cannot ask of the kernel, since no namespace and no Landlock rule holds
/// it: filters of seccomp. Each holds for this process and what it starts, for ever, and wants
/// PR_SET_NO_NEW_PRIVS. System calls only.
#pragma once

namespace director::platform {

/// No socket but unix and netlink ones, and no io_uring, which could make others. 0 or errno.
[[nodiscard]] int close_network();

/// No keyrings of the kernel: those of the user and of the session are the same in every sandbox,
/// and stay when a command has ended. 0 or errno.
[[nodiscard]] int close_keyrings();

/// No limits of other processes: who has none of descriptors cannot end a command in time. 0 or
/// errno.
[[nodiscard]] int close_limits();

}  // namespace director::platform
