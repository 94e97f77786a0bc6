/// How long the parts of a call over a server may take. Pure: time is given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "director/runner.hpp"

namespace runner_opencode {

/// In milliseconds; 0: no limit.
struct CallLimits {
  std::int64_t busy_ms = 0;     ///< from the message until the server takes it up
  std::int64_t start_ms = 0;    ///< until the first sign of life; 0: that of silence
  std::int64_t silence_ms = 0;  ///< without a sign of life after one, while no tool runs
  std::int64_t tool_ms = 0;     ///< that one tool runs, its input's writing included
};

struct LimitReached {
  director::agent_failure failure = director::agent_failure::transport;
  std::string why;
  std::int64_t retry_after_ms = 0;
};

/// What is going on, as seen now.
struct CallProgress {
  bool was_busy = false;
  bool waits_to_retry = false;
  std::map<std::string, std::string> running_tools;  ///< names, by what tells the calls apart
};

class CallWatch {
 public:
  CallWatch(const CallLimits& limits, std::int64_t now_ms)
      : limits_(limits), begun_ms_(now_ms), last_life_ms_(now_ms) {}

  void saw_life(std::int64_t now_ms) {
    spoke_ = true;
    last_life_ms_ = now_ms;
  }
  /// The server waits until then (in the same clock) before it tries again.
  void saw_retry(std::int64_t now_ms, std::int64_t until_ms, std::string why);

  /// The limit that has been reached, if one has.
  [[nodiscard]] std::optional<LimitReached> check(const CallProgress& progress,
                                                  std::int64_t now_ms);

 private:
  [[nodiscard]] std::optional<LimitReached> check_tools(const CallProgress& progress,
                                                        std::int64_t now_ms);

  CallLimits limits_;
  std::int64_t begun_ms_;
  std::int64_t last_life_ms_;
  bool spoke_ = false;
  std::int64_t retry_at_ms_ = 0;
  std::string retry_why_;
  std::map<std::string, std::int64_t> tools_since_ms_;
};

}  // namespace runner_opencode
