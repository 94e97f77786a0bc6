#include "core/platform/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <utility>

namespace director::platform {
namespace {

// A signal handler reaches nothing but globals.
std::atomic<const ports::CancelToken*> g_token = nullptr;
std::atomic<int> g_signals = 0;  ///< that end the program, the second time
std::atomic<bool> g_interrupted = false;
static_assert(std::atomic<const ports::CancelToken*>::is_always_lock_free &&
              std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void director_on_interrupt(int signal) {
  g_interrupted = true;
  // A terminal that goes away sends one, and so does the shell in it.
  if (signal != SIGHUP && g_signals.fetch_add(1) != 0) {
    ::_exit(130);
  }
  if (const ports::CancelToken* token = g_token.load()) {
    token->cancel();
  }
}

}  // namespace

InterruptGuard::InterruptGuard(ports::CancelToken token) : token_(std::move(token)) {
  g_signals = 0;
  g_interrupted = false;
  g_token = &token_;
  struct sigaction action {};
  action.sa_handler = &director_on_interrupt;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &old_int_);
  ::sigaction(SIGTERM, &action, &old_term_);
  ::sigaction(SIGHUP, nullptr, &old_hangup_);
  if (old_hangup_.sa_handler != SIG_IGN) {
    ::sigaction(SIGHUP, &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &old_int_, nullptr);
  ::sigaction(SIGTERM, &old_term_, nullptr);
  ::sigaction(SIGHUP, &old_hangup_, nullptr);
  g_token = nullptr;
}

bool InterruptGuard::interrupted() const { return g_interrupted.load(); }

}  // namespace director::platform
