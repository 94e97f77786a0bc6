/// Ctrl-C, SIGTERM, and a terminal that goes away.
#pragma once

#include <csignal>

#include "core/ports/cancel.hpp"

namespace director::platform {

/// While it lives, SIGINT, SIGTERM and SIGHUP cancel the token, and a second SIGINT or SIGTERM ends
/// the program with status 130 at once: the supervisors of commands still running see it go and
/// kill them. A SIGHUP that is ignored, as under nohup, stays ignored. One at a time; made before
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
  struct sigaction old_hangup_ {};
};

}  // namespace director::platform
