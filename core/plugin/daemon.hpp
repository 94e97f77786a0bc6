/// One command that goes on from call to call.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/redactor.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::plugin {

/// See director_daemon_request. `command` has no deadline.
struct DaemonRequest {
  ports::Command command;
  std::string secret_variable;
  std::string ready_prefix;
  std::vector<std::string> workspaces{};  ///< that it may write, beside those of the command
};

/// Runs from its making to its end on a thread of its own. Safe from any thread.
class Daemon {
 public:
  /// `redactor` covers what the command is handed, but for the secret made here.
  Daemon(DaemonRequest request, ports::ProcessLauncher& launcher, const Redactor& redactor);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  /// Stops it and waits for the end of all that it started.
  ~Daemon();

  /// Waits for the line that says so. Errors: Timeout; Cancelled; those of starting it; External if
  /// it ended.
  [[nodiscard]] Result<std::string> ready(const ports::Clock& clock,
                                          std::optional<ports::SteadyTime> until,
                                          const ports::CancelToken& cancel) const;
  /// The value of the secret variable; empty: it has none.
  [[nodiscard]] const std::string& secret() const { return secret_; }
  [[nodiscard]] bool alive() const;
  [[nodiscard]] std::int64_t memory_bytes() const { return hold_.look().memory_bytes; }
  /// How it ended, and its last words on standard error, masked.
  [[nodiscard]] std::string last_words() const;
  /// Which limit of resources it ran into, as in ports::Exit. Known when it has ended.
  [[nodiscard]] std::string limit() const;

  /// From now on a call has it, with all that it used so far if that call started it. What it uses
  /// while several calls have it counts for each of them in equal parts; its memory, in whole.
  /// Returns what to ask for that with.
  [[nodiscard]] std::uint64_t begin_use(bool fresh);
  /// Zero for a use that has ended.
  [[nodiscard]] ports::Usage usage_of(std::uint64_t use);
  [[nodiscard]] ports::Usage end_use(std::uint64_t use);
  /// Whether a limit that it ran into is that use's doing: no other one had it at the same time,
  /// and there was none before.
  [[nodiscard]] bool is_accountable(std::uint64_t use) const;

  /// Ends what it has started since it was ready. False: that cannot be done.
  [[nodiscard]] bool weed();
  /// Returns at once.
  void stop() const { stop_.cancel(); }
  /// Until it and all that it started is gone.
  void wait() const;

 private:
  void run();
  void take(const ports::OutputLine& line);
  void account(const ports::CommandLook& look);
  [[nodiscard]] std::string how_it_ended() const;

  DaemonRequest request_;
  ports::ProcessLauncher& launcher_;
  std::string secret_;
  Redactor redactor_;
  ports::CancelToken stop_;
  ports::CommandHold hold_{[this](const ports::CommandLook& look) {
    const std::lock_guard lock(mutex_);
    account(look);
  }};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<std::string> ready_line_;
  std::string tail_;  ///< of both streams until it is ready, then of standard error
  std::optional<Result<ports::Exit>> end_;
  std::chrono::microseconds accounted_{0};  ///< of the processor, to whoever had it
  struct Use {
    ports::Usage usage;
    bool is_accountable = true;
  };
  std::map<std::uint64_t, Use> uses_;
  std::uint64_t last_use_ = 0;
  std::thread thread_;  ///< last: it uses the rest
};

}  // namespace director::plugin
