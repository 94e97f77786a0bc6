#include "tests/contract/process/child_strays.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace director::process_test {
namespace {

/// Forks a process that lives on although its first thread has ended: at a glance it looks dead.
void leave_without_leader() {
  if (::fork() == 0) {
    std::thread([] {
      say("stray\n");
      live_for_ever();
    }).detach();
    ::syscall(SYS_exit, 0);
  }
}

}  // namespace

void live_for_ever() {
  for (;;) {
    ::pause();
  }
}

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void release_streams() {
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) {
    ::dup2(null, fd);
  }
}

void leave_stray(bool twice, bool keep_streams) {
  std::array<int, 2> born{};
  if (::pipe(born.data()) != 0) {
    std::abort();
  }
  if (::fork() == 0) {
    ::setsid();
    if (twice && ::fork() != 0) {
      ::_exit(0);
    }
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    say("stray " + std::to_string(::getpid()) + "\n");
    if (!keep_streams) {
      release_streams();
    }
    ::close(born[0]);
    ::close(born[1]);
    live_for_ever();
  }
  ::close(born[1]);
  char byte = 0;
  while (::read(born[0], &byte, 1) > 0) {
  }
}

void leave_orphan(bool hidden) {
  const pid_t command = ::getpid();
  ::prctl(PR_SET_DUMPABLE, hidden ? 0 : 1);
  if (::fork() == 0) {
    ::setsid();
    while (::getppid() == command) {
      ::usleep(1000);
    }
    const std::string line = std::string(1000, 'x') + "\n";
    ::fcntl(1, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 300; ++i) {
      say(line);
    }
    ::fcntl(1, F_SETFL, 0);
    ::close(::open("orphaned", O_CREAT | O_WRONLY, 0600));
    for (;;) {
      say(line);
    }
  }
  say("ready\n");
  ::kill(::getppid(), SIGKILL);
  live_for_ever();
}

void serve(const std::vector<std::string>& args) {
  const bool early = args.at(0) == "early";
  if (!early) {
    say("ready\n");
    while (::access("cue", F_OK) != 0) {
      ::usleep(1000);
    }
  }
  const pid_t starter = ::fork();
  if (starter == 0) {
    const int held = ::open("held", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ::flock(held, LOCK_EX);
    ::prctl(PR_SET_DUMPABLE, args.at(1) == "hidden" ? 0 : 1);
    if (args.at(1) == "leaderless") {
      leave_without_leader();
    } else {
      leave_stray(args.at(1) == "daemon", true);
    }
    ::_exit(0);
  }
  ::waitpid(starter, nullptr, 0);
  if (early) {
    say("ready\n");
  }
  live_for_ever();
}

void fork_on_and_on() {
  ::setsid();
  release_streams();
  for (;;) {
    if (::fork() > 0) {
      ::_exit(0);
    }
    ::setsid();
  }
}

}  // namespace director::process_test
