#include "core/platform/call_filter.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace director::platform {
namespace {

/// The architecture of this program, and the one whose programs the same kernel runs with it: the
/// numbers of its calls. Those of add_key, request_key and keyctl follow one another everywhere.
#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
constexpr unsigned kOtherArchitecture = AUDIT_ARCH_I386;
constexpr unsigned kOtherAddKey = 286;
constexpr unsigned kOtherPrlimit = 340;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
constexpr unsigned kOtherArchitecture = AUDIT_ARCH_ARM;
constexpr unsigned kOtherAddKey = 309;
constexpr unsigned kOtherPrlimit = 369;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr unsigned kArchitecture = AUDIT_ARCH_RISCV64;
constexpr unsigned kOtherArchitecture = 0;
constexpr unsigned kOtherAddKey = 0;
constexpr unsigned kOtherPrlimit = 0;
#else
constexpr unsigned kArchitecture = 0;  // not known: no filter can be made
constexpr unsigned kOtherArchitecture = 0;
constexpr unsigned kOtherAddKey = 0;
constexpr unsigned kOtherPrlimit = 0;
#endif
static_assert(SYS_request_key == SYS_add_key + 1 && SYS_keyctl == SYS_add_key + 2);

constexpr unsigned kNoCall = SECCOMP_RET_ERRNO | ENOSYS;
constexpr unsigned kForeignCalls = 0x40000000;  // x32, on x86

template <std::size_t Size>
int install(struct sock_filter (&code)[Size]) {
  if (kArchitecture == 0) {
    return ENOTSUP;
  }
  const struct sock_fprog program { Size, code };
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

}  // namespace

// A name that is looked up in another architecture's table is another call, so those programs do
// not run at all.
int close_network() {
  constexpr unsigned kRefused = SECCOMP_RET_ERRNO | EACCES;
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kNoCall),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kForeignCalls, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 2),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kNoCall),
      BPF_STMT(BPF_RET | BPF_K, kRefused),
  };
  return install(code);
}

// Programs of the other architecture go on without them, those of a third do not run.
int close_keyrings() {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kOtherArchitecture, 4, 8),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~kForeignCalls),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_add_key, 0, 4),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_keyctl, 3, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherAddKey, 0, 1),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, kOtherAddKey + 2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kNoCall),
  };
  return install(code);
}

// The process is 0, which is whoever asks (only the lower half of the word counts for the kernel),
// or there are no new limits, and nothing changes.
int close_limits() {
  constexpr unsigned kRefused = SECCOMP_RET_ERRNO | EPERM;
  constexpr unsigned kNewLimits = offsetof(struct seccomp_data, args) + 2 * sizeof(std::uint64_t);
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kOtherArchitecture, 3, 12),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~kForeignCalls),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 2, 8),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kOtherPrlimit, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNewLimits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNewLimits + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kNoCall),
      BPF_STMT(BPF_RET | BPF_K, kRefused),
  };
  return install(code);
}

}  // namespace director::platform
