#include "core/plugin/crash_guard.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace director::plugin {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

thread_local const char* t_plugin = nullptr;
std::atomic<bool> g_on = false;
std::atomic<int> g_status = 1;

struct Calls {
  std::mutex mutex;
  std::map<std::uint64_t, const CallUnderWay*> under_way;
  std::uint64_t last = 0;
};

/// Never destroyed: a plugin may be in a call while the program ends.
Calls& calls() {
  static auto* all = new Calls;
  return *all;
}

/// Async-signal-safe.
void say(const char* text) {
  // There is nobody left to tell if it fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void end(const char* plugin, const char* how) {
  say("director: error: plugin '");
  say(plugin);
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
    end(t_plugin, words_for(number));
  }
  // Ours: as if nobody had been listening.
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void on_exit() {
  if (g_on && t_plugin != nullptr) {
    end(t_plugin, "' ended the program (exit)");
  }
}

}  // namespace

InCall::InCall(const std::string& id, const director_host* host, bool is_vcs)
    : before_(t_plugin), call_{0, &id, host, is_vcs} {
  t_plugin = id.c_str();
  const std::lock_guard lock(calls().mutex);
  call_.number = ++calls().last;
  calls().under_way.emplace(call_.number, &call_);
}

InCall::~InCall() {
  t_plugin = before_;
  const std::lock_guard lock(calls().mutex);
  calls().under_way.erase(call_.number);
}

void for_each_call(const std::function<void(const CallUnderWay&)>& look) {
  const std::lock_guard lock(calls().mutex);
  for (const auto& [number, call] : calls().under_way) {
    look(*call);
  }
}

void end_for(const std::string& plugin, const std::string& why, std::optional<int> status) {
  if (status) {
    g_status = *status;
  }
  end(plugin.c_str(), ("' " + why).c_str());
}

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
