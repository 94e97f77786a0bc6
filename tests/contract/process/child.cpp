#include "tests/contract/process/child.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "core/platform/supervisor.hpp"
#include "tests/contract/process/child_directors.hpp"
#include "tests/contract/process/child_strays.hpp"
#include "tests/contract/process/keyrings.hpp"

namespace director::process_test {
namespace {

using Args = std::vector<std::string>;

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
      {"limits",
       [](const Args&) {
         for (const std::string& answer : ask_limits()) {
           say(answer + "\n");
         }
         return 0;
       }},
      {"shared-memory",
       [](const Args& args) {
         say(ask_shared_memory(std::stoi(args.at(0))) + "\n");
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
