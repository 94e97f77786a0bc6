/// What `opencode run --format json` writes to standard output, one JSON object a line (1.18.33).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "director/runner.hpp"

namespace runner_opencode {

struct TextEvent {
  std::string text;
  std::int64_t time_ms = 0;
};

struct ToolEvent {
  std::string name;
  std::string input;  ///< JSON
  std::string output;
  int exit_code = -1;
  std::int64_t time_ms = 0;
};

struct UsageEvent {
  director::usage usage;
};

using Event = std::variant<TextEvent, ToolEvent, UsageEvent>;

/// An `error` line.
struct ReportedError {
  std::string name;  ///< "APIError", "ContextOverflowError", ...
  std::string message;
  std::string body;  ///< the endpoint's own answer
  std::string url;
  int status = 0;  ///< HTTP status, 0 where there was none
  bool retryable = false;
  std::int64_t retry_after_ms = 0;
};

/// Everything that the events said about how the call went.
struct Transcript {
  std::string last_reason;             ///< of the last finished step; empty: none finished
  std::string answer;                  ///< of the last finished step
  bool answer_cut = false;             ///< there was more text than is kept
  bool working = false;                ///< something began after the last step or error
  bool may_go_on = false;              ///< the model may be asked again after that all the same
  bool rejected = false;               ///< a permission stopped a tool, and no step began after it
  std::optional<ReportedError> error;  ///< not followed by a finished step
  std::size_t events = 0;
  std::size_t ignored = 0;  ///< lines that are no event of a known type
};

/// Pure: lines in, events out.
class EventParser {
 public:
  /// Of a message's text no more is kept for the answer, however much comes.
  static constexpr std::size_t kMostAnswerBytes = std::size_t{16} << 20;

  /// `cut`: the host kept only the beginning of the line.
  [[nodiscard]] std::optional<Event> feed(std::string_view line, bool cut = false);
  [[nodiscard]] const Transcript& transcript() const { return seen_; }

 private:
  struct Line;  // keeps RapidJSON out of this header

  std::optional<Event> on_text(const Line& line);
  std::optional<Event> on_tool(const Line& line);
  std::optional<Event> on_step_finish(const Line& line);
  void on_step_start();
  void on_error(const Line& line);

  Transcript seen_;
  std::string message_id_;  // of the text collected so far
  std::string text_;
  std::string calling_;  // the last message with a call of a tool that opencode answers
};

}  // namespace runner_opencode
