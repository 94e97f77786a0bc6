/// How a call of OpenCode ended, judged from its events; its exit status says too little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "director/host.hpp"
#include "director/runner.hpp"
#include "event_parser.hpp"

namespace runner_opencode {

/// Pure: what standard error said that matters.
class StderrNotes {
 public:
  void feed(std::string_view line);

  /// The role's agent was not found: the call runs with another one.
  [[nodiscard]] bool fell_back() const { return fell_back_; }
  /// A permission asked, and nobody is there to answer. Empty: no.
  [[nodiscard]] const std::string& rejected() const { return rejected_; }
  /// The model, its provider or the configuration is not set up. Empty: nothing of the kind.
  [[nodiscard]] const std::string& misconfigured() const { return misconfigured_; }
  /// The last lines, without colours, bounded.
  [[nodiscard]] const std::string& tail() const { return tail_; }

 private:
  bool fell_back_ = false;
  std::string rejected_;
  std::string misconfigured_;
  std::string tail_;
};

struct Call {
  std::string_view model;
  bool may_edit = false;
  std::int64_t stall_ms = 0;  ///< of silence, also before the first event
  std::int64_t start_ms = 0;  ///< until the first event; 0: that of silence
};

struct Outcome {
  bool finished = false;
  std::string answer;  ///< when finished
  director::agent_failure failure = director::agent_failure::transport;
  std::string why;
  std::int64_t retry_after_ms = 0;
};

/// Nothing can follow what was said: so the call ended, however it was cut off then. Pure.
[[nodiscard]] bool is_decided(const Transcript& seen);

/// Pure.
[[nodiscard]] Outcome judge(const Call& call, const Transcript& seen, const StderrNotes& notes,
                            const director::exec_result& ended);

}  // namespace runner_opencode
