#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "core/base/text.hpp"
#include "sdk/kit/calls.hpp"
#include "sdk/kit/check.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

/// All that a job does with it: loads it, makes instances, calls them, ends them.
Status live(const Subject& subject) {
  DIRECTOR_TRY(const std::vector<Kind> kinds, subject.kinds());
  for (const Kind kind : kinds) {
    DIRECTOR_TRY(const std::unique_ptr<Made> made, subject.make(kind));
    const auto host = subject.host();
    Arena in;
    for (int i = 0; i < 2; ++i) {
      (void)typical_call(subject, kind, *made, host->services().raw(), in);
    }
  }
  return ok();
}

/// What `look` sees must be the same after a life as before it.
Outcome unchanged(const Subject& subject, std::string (*look)(), std::string_view what) {
  // What the check needs itself, first.
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const std::string before = look();
  const Status lived = live(subject);
  const std::string after = look();
  if (before != after) {
    return failed("it changed " + std::string(what) + " from " +
                  text::printable(text::cut_middle(before, 300)) + " to " +
                  text::printable(text::cut_middle(after, 300)));
  }
  return lived ? passed() : unchecked(lived.error().message());
}

std::string environment() {
  std::string all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    all += std::string(*variable) + "\n";
  }
  return all;
}

/// Only the variables that are in one and not in the other.
Outcome keeps_environment(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const std::string before = environment();
  const Status lived = live(subject);
  const std::string after = environment();
  if (before == after) {
    return lived ? passed() : unchecked(lived.error().message());
  }
  for (const auto& [from, in] : {std::pair{&after, &before}, std::pair{&before, &after}}) {
    for (const std::string& variable : lines_of(*from)) {
      if (("\n" + *in).find("\n" + variable + "\n") == std::string::npos) {
        return failed("it changed the environment, at " +
                      text::printable(variable.substr(0, variable.find('='))));
      }
    }
  }
  return failed("it changed the order of the environment");
}

std::string directory() {
  std::error_code error;
  return fs::current_path(error).string();
}

std::string mask() {
  const mode_t now = ::umask(0);
  ::umask(now);
  return std::to_string(now);
}

std::string signals() {
  std::string all;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0) {
      char text[64];
      std::snprintf(text, sizeof text, "%d:%p/%x ", number,
                    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
                    reinterpret_cast<void*>(action.sa_handler),
                    static_cast<unsigned>(action.sa_flags));
      all += text;
    }
  }
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (int number = 1; number < NSIG; ++number) {
    all += ::sigismember(&blocked, number) == 1 ? "b" : ".";
  }
  return all;
}

std::string limits() {
  std::string all;
  for (int which = 0; which < static_cast<int>(RLIM_NLIMITS); ++which) {
    struct rlimit limit {};
    if (::getrlimit(static_cast<__rlimit_resource_t>(which), &limit) == 0) {
      all += std::to_string(limit.rlim_cur) + "/" + std::to_string(limit.rlim_max) + " ";
    }
  }
  return all;
}

Outcome keeps_directory(const Subject& subject) {
  return unchanged(subject, &directory, "the working directory");
}
Outcome keeps_umask(const Subject& subject) { return unchanged(subject, &mask, "the umask"); }
Outcome keeps_limits(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const std::string before = limits();
  const Status lived = live(subject);
  if (limits() != before) {
    return failed("it changed a limit of the process (setrlimit)");
  }
  return lived ? passed() : unchecked(lived.error().message());
}

Outcome keeps_signals(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const std::string before = signals();
  const Status lived = live(subject);
  if (signals() != before) {
    return failed("it changed a signal's handler or the mask of signals");
  }
  return lived ? passed() : unchecked(lived.error().message());
}

Outcome is_silent(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  const fs::path file = subject.work() / "said";
  const int said = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (said < 0 || ::dup2(said, STDOUT_FILENO) < 0) {
    return unchecked("cannot take its standard output to a file");
  }
  const Status lived = live(subject);
  std::fflush(nullptr);
  char text[200] = {};
  const ssize_t size = ::pread(said, text, sizeof text, 0);
  if (size > 0) {
    return failed("it wrote to standard output, which is the program's own: '" +
                  text::printable(std::string_view(text, static_cast<std::size_t>(size))) + "'");
  }
  return lived ? passed() : unchecked(lived.error().message());
}

Outcome starts_nothing(const Subject& subject) {
  DIRECTOR_CHECK_OUTCOME(subject.places());
  // Making the places may have run commands of ours.
  struct rusage before {};
  ::getrusage(RUSAGE_CHILDREN, &before);
  const Status lived = live(subject);
  struct rusage after {};
  ::getrusage(RUSAGE_CHILDREN, &after);
  siginfo_t child{};
  const bool left = ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0;
  if (left || before.ru_minflt != after.ru_minflt) {
    return failed("it started a process by itself; a plugin asks the host (director.host.exec/1)");
  }
  return lived ? passed() : unchecked(lived.error().message());
}

}  // namespace

const std::vector<Check>& process_checks() {
  static const std::vector<Check> kAll{
      {"common.environment", "the environment stays as it is", Needs::Answer, &keeps_environment},
      {"common.directory", "the working directory stays", Needs::Answer, &keeps_directory},
      {"common.umask", "the umask stays", Needs::Answer, &keeps_umask},
      {"common.limits", "the process's limits stay", Needs::Answer, &keeps_limits},
      {"common.signals", "signals are left alone", Needs::Answer, &keeps_signals},
      {"common.silent", "nothing is written to standard output", Needs::Answer, &is_silent},
      {"common.no-processes", "processes are the host's to start", Needs::Answer, &starts_nothing},
  };
  return kAll;
}

}  // namespace director::kit
