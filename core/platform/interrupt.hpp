/// Ctrl-C and SIGTERM.
#pragma once

#include <csignal>

#include "core/ports/cancel.hpp"

namespace director::platform {

/// While it lives, the first SIGINT or SIGTERM cancels the token and the second ends the program
/// with status 130 at once (commands still running die with it). One at a time; made before
/// threads are.
class InterruptGuard {
 public:
  explicit InterruptGuard(ports::CancelToken token);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  /// Whether a signal came.
  [[nodiscard]] bool interrupted() const;

 private:
  ports::CancelToken token_;
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

}  // namespace director::platform
