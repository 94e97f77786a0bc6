#include "tests/contract/process/keyrings.hpp"

#include <linux/keyctl.h>
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
/// By the door of 32-bit programs, where keyctl has another number. A kernel without one kills.
std::string ask_as_i386() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer has its own
    constexpr long kKeyctl = 288;
    long result = kKeyctl;
    asm volatile("int $0x80"
                 : "+a"(result)
                 : "b"(KEYCTL_GET_KEYRING_ID), "c"(KEY_SPEC_SESSION_KEYRING), "d"(0)
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
  all.push_back(ask_as_i386());
#endif
  return all;
}

}  // namespace director::process_test
