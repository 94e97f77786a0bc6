/// Ending the program when a plugin does not come back: a thread that hangs cannot be ended alone.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/plugin/crash_guard.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"

namespace director::plugin {

/// How long a call may take. The time within services of the host is not the plugin's.
struct Patience {
  std::chrono::milliseconds late{30'000};  ///< behind its deadline, or its being cancelled
  /// Of calls without a deadline, such as making and ending an instance, and sinks; and behind an
  /// interrupt, of those that are not told of one.
  std::chrono::milliseconds call{120'000};
  std::chrono::milliseconds vcs{3'600'000};  ///< of a repository of any size
};

/// Looks at the calls of plugins that are under way. One thread at a time.
class CallWatch {
 public:
  struct Late {
    std::string plugin;
    std::string why;           ///< "has not come back for 30 s after its deadline"
    bool interrupted = false;  ///< the person asked to stop
  };

  /// `clock` outlives it.
  CallWatch(const ports::Clock& clock, ports::CancelToken interrupt, Patience patience = {});

  /// The first call that is out of time. To be asked every second or so: a call is as old as the
  /// look that saw it first.
  [[nodiscard]] std::optional<Late> look();

 private:
  struct Seen {
    ports::SteadyTime since;  ///< in the plugin's own code, without a break
    std::optional<ports::SteadyTime> over;
  };
  [[nodiscard]] std::optional<Late> judge(const CallUnderWay& call, Seen& seen,
                                          ports::SteadyTime now) const;

  const ports::Clock& clock_;
  ports::CancelToken interrupt_;
  Patience patience_;
  std::map<std::uint64_t, Seen> seen_;  ///< by CallUnderWay::number
};

/// While it lives, a plugin that is out of time ends the program, as CrashGuard does where one
/// crashes: with a line on stderr that names it, and its status, or `interrupted` if the person
/// asked to stop. Supervisors see the program go and end the commands that are still running.
class HangGuard {
 public:
  HangGuard(const ports::Clock& clock, ports::CancelToken interrupt, int interrupted);
  HangGuard(const HangGuard&) = delete;
  HangGuard& operator=(const HangGuard&) = delete;
  ~HangGuard();

 private:
  void work(int interrupted);

  CallWatch watch_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace director::plugin
