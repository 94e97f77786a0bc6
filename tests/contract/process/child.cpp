#include "tests/contract/process/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <latch>
#include <map>
#include <thread>

#include "core/platform/local_launcher.hpp"
#include "core/platform/supervisor.hpp"
#include "core/platform/system_clock.hpp"
#include "tests/contract/process/keyrings.hpp"

namespace director::process_test {
namespace {

using Args = std::vector<std::string>;

[[noreturn]] void live_for_ever() {
  for (;;) {
    ::pause();
  }
}

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// A line of /proc/<pid>/status; empty: there is none.
std::string status_of(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) {
      return line.substr(name.size() + 2);
    }
  }
  return {};
}

/// What stands between this process and the director: supervisor and sandbox.
std::vector<pid_t> watchers() {
  std::vector<pid_t> found;
  for (pid_t pid = ::getppid(); pid > 0;) {
    const std::string name = status_of(pid, "Name");
    if (name != "director-superv" && name != "bwrap") {
      break;
    }
    found.push_back(pid);
    pid = static_cast<pid_t>(std::strtol(status_of(pid, "PPid").c_str(), nullptr, 10));
  }
  return found;
}

/// Tells the director, in the supervisor's place, that all went well.
void forge_report(pid_t pid) {
  const platform::Report report{platform::ReportKind::Exited, 0};
  const std::string fd = "/proc/" + std::to_string(pid) + "/fd/";
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  for (int number = 3; number < 16; ++number) {
    for (const int pipe : {::open((fd + std::to_string(number)).c_str(), O_WRONLY | O_NONBLOCK),
                           static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0))}) {
      if (pipe >= 0 && ::write(pipe, &report, sizeof(report)) > 0) {
        say("written to " + std::to_string(number) + " of " + std::to_string(pid) + "\n");
      }
    }
  }
}

void release_streams() {
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) {
    ::dup2(null, fd);
  }
}

/// Forks a process that leaves group and session, tells its pid, and lives for ever.
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

/// Kills its supervisor, which leaves a stray to the director: there is a file "orphaned" then, and
/// its lines go on and on.
[[noreturn]] void leave_orphan(bool hidden) {
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

/// Leaves a stray before it is ready, or when there is a file "cue". Whoever is left has the file
/// "held" locked.
[[noreturn]] void serve(const Args& args) {
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

/// A generation every few microseconds, each the orphan of the last.
[[noreturn]] void fork_on_and_on() {
  ::setsid();
  release_streams();
  for (;;) {
    if (::fork() > 0) {
      ::_exit(0);
    }
    ::setsid();
  }
}

int copy_stdin() {
  std::array<char, 65536> buffer{};
  ssize_t got = 0;
  while ((got = ::read(0, buffer.data(), buffer.size())) > 0) {
    for (ssize_t done = 0; done < got;) {
      const ssize_t wrote = ::write(1, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (wrote <= 0) {
        return 1;
      }
      done += wrote;
    }
  }
  return 0;
}

int write_bytes(char byte, std::size_t count) {
  const std::string block(1 << 16, byte);
  for (std::size_t done = 0; done < count; done += block.size()) {
    std::fwrite(block.data(), 1, std::min(block.size(), count - done), stdout);
  }
  std::fflush(stdout);
  return 0;
}

/// Has so many megabytes in memory, all of them touched.
int eat(const Args& args) {
  constexpr std::size_t kMegabyte = std::size_t{1} << 20U;
  const std::vector<char> food(std::stoul(args.at(0)) * kMegabyte, 'x');
  if (args.size() > 1) {
    live_for_ever();
  }
  return food.back() == 'x' ? 0 : 1;
}

/// Forks processes that live for ever, and says how many there could be.
int fork_many(const Args& args) {
  int born = 0;
  for (int i = std::stoi(args.at(0)); i > 0; --i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      release_streams();
      live_for_ever();
    }
    born += pid > 0 ? 1 : 0;
  }
  say(std::to_string(born) + "\n");
  return 0;
}

int list_descriptors() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (!error && target.string().find("/proc/") != 0) {
      say(entry.path().filename().string() + "\n");
    }
  }
  return 0;
}

/// A director at work: runs "daemon-hang" and passes on what it says.
int act_as_director() {
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  ports::Command command;
  command.argv = {"/proc/self/exe", "--child=daemon-hang"};
  command.argv.front() = std::filesystem::read_symlink("/proc/self/exe").string();
  command.cwd = "/";
  const auto exit = launcher.run(command,
                                 [](const ports::OutputLine& line) {
                                   say(std::string(line.text) + "\n");
                                   return true;
                                 },
                                 {});
  if (!exit) {
    say(exit.error().message() + "\n");
    return 1;
  }
  return 0;
}

/// A director of a user who may have so many processes, itself included.
int act_as_poor_director(const Args& args) {
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  const rlim_t most = std::stoul(args.at(0));
  const struct rlimit limit { most, most };
  constexpr uid_t kNobody = 64'999;
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || ::setresuid(kNobody, kNobody, kNobody) != 0) {
    say("cannot become poor\n");
    return 1;
  }
  ports::Command command;
  command.argv = {"/bin/true"};
  command.cwd = "/";
  const auto exit = launcher.run(command, {}, {});
  say((exit ? "started" : exit.error().message()) + "\n");
  say(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? "nothing left\n" : "a child\n");
  ::_exit(0);  // a sanitizer that looks for leaks would start a process
}

/// A director of a user from whom /proc hides what cannot be traced; false if that cannot be.
bool become_blind() {
  constexpr uid_t kNobody = 64'998;
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("proc", "/proc", "proc", 0, "hidepid=2") == 0 && ::setgroups(0, nullptr) == 0 &&
         ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
}

/// Tells what is left when a command has ended that killed its supervisor, and whether a stray of
/// one that goes on is said to be gone.
int act_as_blind_director() {
  const std::string folder = std::filesystem::current_path().string();
  ports::Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(),
                  "--child=leave-hidden-orphan"};
  command.cwd = folder;
  command.env_set = {"MARK=" + std::string(std::getenv("MARK"))};
  if (!become_blind()) {
    say("cannot be blind\n");
    return 0;
  }
  const platform::SystemClock clock;
  platform::LocalLauncher launcher(clock, platform::Environment::of_this_process());
  const auto exit = launcher.run(command, {}, {});
  say(exit ? "ended\n" : exit.error().message() + "\n");
  say(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? "nothing left\n" : "a child\n");

  ports::CommandHold hold;
  const ports::CancelToken cancel;
  std::latch has_stray(1);
  command.argv = {command.argv.front(), "--child=serve", "late", "hidden"};
  command.hold = &hold;
  std::thread runner([&] {
    const auto end = launcher.run(
        command,
        [&](const ports::OutputLine& line) {
          if (line.text == "ready") {
            hold.mark();
            std::ofstream("cue") << "\n";
          } else if (line.text.starts_with("stray")) {
            has_stray.count_down();
          }
          return true;
        },
        cancel);
    say(end ? "ended\n" : end.error().message() + "\n");
  });
  has_stray.wait();
  say(hold.weed(std::chrono::seconds(60)) ? "clean\n" : "not clean\n");
  cancel.cancel();
  runner.join();
  ::_exit(0);  // a sanitizer that looks for leaks would start a process
}

int read_signals() {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0 && signal == SIGPIPE &&
        action.sa_handler != SIG_DFL) {
      say("SIGPIPE is not default\n");
    }
    if (::sigismember(&mask, signal) == 1) {
      say("blocked " + std::to_string(signal) + "\n");
    }
  }
  say(::getpgrp() == ::getpid() && ::getsid(0) == ::getpid() ? "own session\n" : "shared\n");
  return 0;
}

const std::map<std::string, std::function<int(const Args&)>>& modes() {
  static const std::map<std::string, std::function<int(const Args&)>> all{
      {"exit", [](const Args& args) { return std::stoi(args.at(0)); }},
      {"signal",
       [](const Args& args) {
         std::signal(std::stoi(args.at(0)), SIG_DFL);  // a sanitizer has handlers of its own
         ::kill(::getpid(), std::stoi(args.at(0)));
         return 0;
       }},
      {"say",
       [](const Args& args) {
         say(args.at(0));
         return 0;
       }},
      {"both",
       [](const Args&) {
         say("one\ntwo\n");
         std::fputs("uno\ndue\n", stderr);
         return 0;
       }},
      {"hang", [](const Args&) -> int { live_for_ever(); }},
      {"say-hang",
       [](const Args&) -> int {
         say("ready\n");
         live_for_ever();
       }},
      {"ignore-term",
       [](const Args&) -> int {
         std::signal(SIGTERM, SIG_IGN);
         say("ready\n");
         live_for_ever();
       }},
      {"obey-term",
       [](const Args&) -> int {
         // Waited for, since ThreadSanitizer puts off what a handler is to do.
         sigset_t asked;
         ::sigemptyset(&asked);
         ::sigaddset(&asked, SIGTERM);
         ::sigprocmask(SIG_BLOCK, &asked, nullptr);
         say("ready\n");
         int signal = 0;
         ::sigwait(&asked, &signal);
         say("tidied\n");
         return 0;
       }},
      {"setsid",
       [](const Args&) {
         leave_stray(false, true);
         return 7;
       }},
      {"daemon",
       [](const Args&) {
         leave_stray(true, false);
         return 0;
       }},
      {"daemon-hang",
       [](const Args&) -> int {
         leave_stray(true, false);
         leave_stray(false, true);
         say("self " + std::to_string(::getpid()) + "\n");
         live_for_ever();
       }},
      {"chatty-stray",
       [](const Args&) {
         if (::fork() == 0) {
           ::setsid();
           for (;;) {
             say("noise\n");
           }
         }
         return 0;
       }},
      {"fork-on",
       [](const Args&) {
         if (::fork() == 0) {
           fork_on_and_on();
         }
         return 0;
       }},
      {"tree",
       [](const Args&) {
         for (int depth = 0; depth < 20 && ::fork() == 0; ++depth) {
           ::setsid();
         }
         live_for_ever();
         return 0;
       }},
      {"leave-orphan", [](const Args&) -> int { leave_orphan(false); }},
      {"leave-hidden-orphan", [](const Args&) -> int { leave_orphan(true); }},
      {"serve", [](const Args& args) -> int { serve(args); }},
      {"kill-watcher",
       [](const Args&) -> int {
         leave_stray(true, true);
         const pid_t watcher = ::getppid();
         const bool refused = ::kill(watcher, SIGKILL) != 0;
         if (refused || watcher == 1) {  // no signal reaches it in a sandbox
           ::raise(SIGKILL);
         }
         live_for_ever();
       }},
      {"stop-watcher",
       [](const Args&) -> int {
         leave_stray(true, true);
         ::kill(::getppid(), SIGSTOP);
         say("ready\n");
         live_for_ever();
       }},
      {"forge-report",
       [](const Args&) {
         for (const pid_t pid : watchers()) {
           forge_report(pid);
         }
         return 1;
       }},
      {"cat", [](const Args&) { return copy_stdin(); }},
      {"close-stdin",
       [](const Args&) {
         ::close(0);
         say("closed\n");
         return 0;
       }},
      {"bytes",
       [](const Args& args) { return write_bytes(args.at(0)[0], std::stoul(args.at(1))); }},
      {"env",
       [](const Args&) {
         for (char** entry = ::environ; *entry != nullptr; ++entry) {
           say(std::string(*entry) + "\n");
         }
         return 0;
       }},
      {"cwd",
       [](const Args&) {
         say(std::filesystem::current_path().string() + "\n");
         return 0;
       }},
      {"keyrings",
       [](const Args&) {
         for (const std::string& answer : ask_keyrings()) {
           say(answer + "\n");
         }
         return 0;
       }},
      {"fds", [](const Args&) { return list_descriptors(); }},
      {"signals", [](const Args&) { return read_signals(); }},
      {"eat", [](const Args& args) { return eat(args); }},
      {"fork-many", [](const Args& args) { return fork_many(args); }},
      {"args",
       [](const Args& args) {
         for (const std::string& arg : args) {
           say("[" + arg + "]\n");
         }
         return 0;
       }},
      {"poor-director", [](const Args& args) { return act_as_poor_director(args); }},
      {"blind-director", [](const Args&) { return act_as_blind_director(); }},
      {"director", [](const Args&) { return act_as_director(); }},
  };
  return all;
}

}  // namespace

int act_as_child(const std::string& mode, const Args& args) { return modes().at(mode)(args); }

}  // namespace director::process_test
