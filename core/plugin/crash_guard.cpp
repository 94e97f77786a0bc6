#include "core/plugin/crash_guard.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace director::plugin {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

thread_local const char* t_plugin = nullptr;
std::atomic<bool> g_on = false;
std::atomic<int> g_status = 1;

/// Async-signal-safe.
void say(const char* text) {
  // There is nobody left to tell if it fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void end(const char* how) {
  say("director: error: plugin '");
  say(t_plugin);
  say(how);
  say("; this is a bug of that plugin. Nothing that was done is lost: the same command goes on "
      "once "
      "the plugin is mended or another takes its place\n");
  ::_exit(g_status.load());
}

const char* words_for(int number) {
  switch (number) {
    case SIGSEGV:
      return "' crashed (segmentation fault)";
    case SIGBUS:
      return "' crashed (bus error)";
    case SIGFPE:
      return "' crashed (arithmetic error)";
    case SIGILL:
      return "' crashed (illegal instruction)";
    default:
      return "' ended the program (abort)";
  }
}

void on_signal(int number) {
  if (t_plugin != nullptr) {
    end(words_for(number));
  }
  // Ours: as if nobody had been listening.
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void on_exit() {
  if (g_on && t_plugin != nullptr) {
    end("' ended the program (exit)");
  }
}

}  // namespace

InCall::InCall(const std::string& id) : before_(t_plugin) { t_plugin = id.c_str(); }

InCall::~InCall() { t_plugin = before_; }

CrashGuard::CrashGuard(int status) {
  g_status = status;
  g_on = true;
  static const bool kRegistered = std::atexit(&on_exit) == 0;
  (void)kRegistered;
  for (const int number : kSignals) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) {
      struct sigaction ours {};
      ours.sa_handler = &on_signal;
      ours.sa_flags = SA_ONSTACK | SA_NODEFER;
      ::sigaction(number, &ours, nullptr);
    }
  }
}

CrashGuard::~CrashGuard() {
  g_on = false;
  for (const int number : kSignals) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == &on_signal) {
      ::signal(number, SIG_DFL);
    }
  }
}

}  // namespace director::plugin
