#include "tests/contract/process/keyrings.hpp"

#include <linux/keyctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace director::process_test {
namespace {

std::string answer(const std::string& call, long result) {
  return call + " " + std::to_string(result < 0 ? errno : 0);
}

#if defined(__x86_64__)
/// By the door of 32-bit programs, where calls have other numbers. A kernel without one kills.
std::string ask_as_i386(long call, long first, long second, long third) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer has its own
    long result = call;
    asm volatile("int $0x80"
                 : "+a"(result)
                 : "b"(first), "c"(second), "d"(third), "S"(0)
                 : "memory", "r8", "r9", "r10", "r11");
    const auto error = static_cast<int>(result);
    ::_exit(error < 0 ? -error : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return "i386 " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : ENOSYS);
}
#endif

}  // namespace

std::vector<std::string> ask_keyrings() {
  std::vector<std::string> all;
  all.push_back(answer("add_key", ::syscall(SYS_add_key, "user", "director-test", "x", 1,
                                            KEY_SPEC_PROCESS_KEYRING)));
  all.push_back(answer("request_key", ::syscall(SYS_request_key, "user", "director-test", 0, 0)));
  all.push_back(
      answer("keyctl", ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)));
#if defined(__x86_64__)
  constexpr long kX32 = 0x40000000;
  all.push_back(answer(
      "x32", ::syscall(SYS_keyctl | kX32, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)));
  constexpr long kKeyctl = 288;
  all.push_back(ask_as_i386(kKeyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
#endif
  return all;
}

std::vector<std::string> ask_limits() {
  std::vector<std::string> all;
  // New limits that cannot be read: whoever may set them is told so, and none are set.
  constexpr long kNowhere = 1;
  const auto ask = [](long call, pid_t process, long limits) {
    return ::syscall(call, process, RLIMIT_NOFILE, limits, nullptr);
  };
  const pid_t parent = ::getppid();
  all.push_back(answer("own", ask(SYS_prlimit64, 0, kNowhere)));
  all.push_back(answer("look", ask(SYS_prlimit64, parent, 0)));
  all.push_back(answer("parent", ask(SYS_prlimit64, parent, kNowhere)));
#if defined(__x86_64__)
  constexpr long kX32 = 0x40000000;
  constexpr long kPrlimit = 340;
  all.push_back(answer("x32", ask(SYS_prlimit64 | kX32, parent, kNowhere)));
  all.push_back("own " + ask_as_i386(kPrlimit, 0, RLIMIT_NOFILE, kNowhere));
  all.push_back("look " + ask_as_i386(kPrlimit, parent, RLIMIT_NOFILE, 0));
  all.push_back("parent " + ask_as_i386(kPrlimit, parent, RLIMIT_NOFILE, kNowhere));
#endif
  return all;
}

std::string ask_shared_memory(int key) { return answer("shmget", ::shmget(key, 0, 0)); }

}  // namespace director::process_test
