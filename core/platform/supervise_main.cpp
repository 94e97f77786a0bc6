#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "core/platform/call_filter.hpp"
#include "core/platform/landlock.hpp"
#include "core/platform/process_table.hpp"
#include "core/platform/supervisor.hpp"

// director-supervise: see supervisor.hpp. System calls only, nothing that can fail half-way.
namespace director::platform {
namespace {

void send(const Report& report) {
  while (::write(kStatusFd, &report, sizeof(report)) < 0 && errno == EINTR) {
  }
}

void send_report(ReportKind kind, int value) { send(Report{kind, value}); }

std::int64_t microseconds(const struct timeval& time) {
  constexpr std::int64_t kMillion = 1'000'000;
  return time.tv_sec * kMillion + time.tv_usec;
}

void send_usage() {
  struct rusage usage {};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  send(Report{ReportKind::Used, 0, microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
              usage.ru_maxrss});
}

/// Where close_range is missing or forbidden, one by one.
void close_on_exec_from(unsigned first) {
  if (::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    return;
  }
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (unsigned fd = first; fd < limit.rlim_cur && fd < (1U << 20U); ++fd) {
    ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
  }
}

class Supervisor {
 public:
  Supervisor(pid_t command, int signals) : command_(command), signals_(signals) {}

  [[noreturn]] void run() {
    while (!told_to_kill() && !command_ended_) {
    }
    sweep();
    send_usage();
    ::_exit(0);
  }

 private:
  /// Waits for something to happen; true once everything is to be killed.
  bool told_to_kill() {
    struct pollfd fds[2] = {{kControlFd, POLLIN, 0}, {signals_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) {
      return errno != EINTR;
    }
    drain_signals();
    reap();
    if (fds[0].revents == 0) {
      return false;
    }
    char order = 0;
    const ssize_t got = ::read(kControlFd, &order, 1);
    if (got != 1 || (order != kTerminate && order != kMark && order != kWeed)) {
      return !(got < 0 && errno == EINTR);
    }
    if (order == kTerminate) {
      signal_group(SIGTERM);
    } else if (order == kMark) {
      spared_count_ = descendants_of(::getpid(), spared, kMostSpared);
      send_report(ReportKind::Marked, 0);
    } else {
      send_report(ReportKind::Weeded, weed() ? 0 : 1);
    }
    return false;
  }

  void drain_signals() const {
    struct signalfd_siginfo info {};
    while (::read(signals_, &info, sizeof(info)) > 0) {
    }
  }

  /// The group's id is the command's own and stays taken until the command is reaped.
  void signal_group(int signal) const {
    if (!command_ended_) {
      ::kill(-command_, signal);
      ::kill(command_, signal);
    }
  }

  /// Reaps what has ended; false when there is no child left.
  bool reap() {
    for (;;) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0) {
        if (errno == EINTR) {
          continue;
        }
        return errno != ECHILD;
      }
      if (info.si_pid == 0) {
        return true;
      }
      if (info.si_pid == command_) {
        command_ended_ = true;
        send_report(info.si_code == CLD_EXITED ? ReportKind::Exited : ReportKind::Signaled,
                    info.si_status);
      }
    }
  }

  /// Whatever loses its parent becomes our child, so killing children until there are none kills
  /// the whole tree.
  void sweep() {
    signal_group(SIGKILL);
    while (reap()) {
      kill_children_of(::getpid(), [](pid_t) { return false; });
      struct pollfd fds[1] = {{signals_, POLLIN, 0}};
      ::poll(fds, 1, 2);
      drain_signals();
    }
  }

  [[nodiscard]] bool is_spared(const Process& process) const {
    for (int i = 0; i < spared_count_; ++i) {
      if (spared[i].pid == process.pid && spared[i].started == process.started) {
        return true;
      }
    }
    return process.pid == command_;
  }

  /// Kills whatever was started since the mark. Its children take its place meanwhile, so until
  /// there is none; false if that has no end, or if somebody could hide. One look may miss who
  /// changes places while it lasts.
  bool weed() {
    if (!sees_all_processes()) {
      return false;
    }
    constexpr int kPasses = 1000;
    bool was_clean = false;
    for (int pass = 0; pass < kPasses; ++pass) {
      reap();
      const int count = descendants_of(::getpid(), seen, kMostSeen);
      bool clean = count >= 0;
      for (int i = 0; i < count; ++i) {
        if (!is_spared(seen[i])) {
          ::kill(seen[i].pid, SIGKILL);
          clean = false;
        }
      }
      if (count < 0 || (clean && was_clean)) {
        return clean;
      }
      was_clean = clean;
      if (clean) {
        continue;
      }
      struct pollfd fds[1] = {{signals_, POLLIN, 0}};
      ::poll(fds, 1, 2);
      drain_signals();
    }
    return false;
  }

  // No page of them is touched before it is needed.
  static constexpr int kMostSpared = 16384;
  static constexpr int kMostSeen = 16384;
  static inline Process spared[kMostSpared];
  static inline Process seen[kMostSeen];
  int spared_count_ = 0;
  pid_t command_;
  int signals_;
  bool command_ended_ = false;
};

[[noreturn]] void supervise(pid_t command) {
  ::close(0);
  ::close(1);
  ::close(2);
  // Holding the command's folder would keep it from being unmounted.
  if (::chdir("/") != 0) {
    ::_exit(127);
  }
  sigset_t child_ended;
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  const int signals = ::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  Supervisor(command, signals).run();
}

/// What there is to start, see supervisor.hpp.
struct Start {
  char** confined;  ///< how, see landlock.hpp; null: not by itself
  bool sealed;
  bool in_cgroup;
  const char* cwd;
  const char* program;
  char** argv;
};

/// 0 or errno.
int seal() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return errno;
  }
  const int error = close_keyrings();
  return error == 0 ? close_limits() : error;
}

/// In the process that becomes the command.
[[noreturn]] void become_command(pid_t supervisor, const Start& start) {
  // A session of its own: a process group that can be signalled, and no controlling terminal to
  // read the user's keys from or to push characters into.
  ::setsid();
  // Should the supervisor itself be killed, at least the command goes with it at once.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) {
    ::_exit(127);
  }
  if (start.in_cgroup && ::write(kCgroupFd, "0", 1) != 1) {
    send_report(ReportKind::NoCgroup, errno);
    ::_exit(127);
  }
  if (::chdir(start.cwd) != 0) {
    send_report(ReportKind::NoFolder, errno);
    ::_exit(127);
  }
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &standard, nullptr);
  ::sigaction(SIGCHLD, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (start.confined != nullptr) {
    if (const int result = landlock::confine(start.confined); result < 0) {
      send_report(ReportKind::NoSandbox, -result);
      ::_exit(127);
    }
  }
  if (start.sealed) {
    if (const int error = seal(); error != 0) {
      send_report(ReportKind::NoSandbox, error);
      ::_exit(127);
    }
  }
  ::execve(start.program, start.argv, ::environ);
  send_report(ReportKind::NoExec, errno);
  ::_exit(127);
}

/// False if that is no way to start it.
bool read_arguments(char** words, Start& start) {
  start.confined = nullptr;
  if (*words != nullptr && ::strcmp(*words, landlock::kConfined) == 0) {
    start.confined = ++words;
    while (*words != nullptr && ::strcmp(*words, landlock::kRulesEnd) != 0) {
      ++words;
    }
    // This program's file once more.
    words += words[0] != nullptr && words[1] != nullptr ? 2 : 0;
  }
  start.sealed = *words != nullptr && ::strcmp(*words, kSealed) == 0;
  words += start.sealed ? 1 : 0;
  constexpr int kLeast = 4;
  for (int i = 0; i < kLeast; ++i) {
    if (words[i] == nullptr) {
      return false;
    }
  }
  start.in_cgroup = ::strcmp(*words++, kInCgroup) == 0;
  start.cwd = words[0];
  start.program = words[1];
  start.argv = words + 2;
  return true;
}

int run(int argc, char** argv) {
  Start start{};
  if (argc < 1 || !read_arguments(argv + 1, start)) {
    constexpr char kHelp[] = "director-supervise is started by director, not by hand\n";
    [[maybe_unused]] const ssize_t written = ::write(2, kHelp, sizeof(kHelp) - 1);
    return 2;
  }
  // Else the command, which is the same user, could open our pipes in /proc and report for us.
  ::prctl(PR_SET_DUMPABLE, 0);
  // Where it is ignored, which is inherited, no end of a process is told.
  struct sigaction told {};
  told.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &told, nullptr);
  // In a sandbox what stands between has let some through.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  close_on_exec_from(kControlFd);
  ::setsid();  // the terminal's Ctrl-C is for the director alone
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t supervisor = ::getpid();
  const pid_t command = ::fork();
  if (command < 0) {
    send_report(ReportKind::NoFork, errno);
    return 127;
  }
  if (command == 0) {
    become_command(supervisor, start);
  }
  if (start.in_cgroup) {
    ::close(kCgroupFd);
  }
  supervise(command);
}

}  // namespace
}  // namespace director::platform

int main(int argc, char** argv) { return director::platform::run(argc, argv); }
