/// One call over OpenCode's server: a session of its own, from its making to its totals.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "call_limits.hpp"
#include "director/runner.hpp"
#include "event_parser.hpp"
#include "event_stream.hpp"
#include "outcome.hpp"
#include "server_events.hpp"
#include "server_lease.hpp"
#include "session_api.hpp"

namespace runner_opencode {

/// What is asked of the server.
struct ServerQuestion {
  std::string title;
  std::string agent;
  ModelName model;
  std::string_view message;
  std::string_view workdir;
  Call call;  ///< for the verdict
  CallLimits limits;
  /// How long a server of others, too, is told to abort the session, and they have to leave it if
  /// it does not. Together they are far less than what the host waits for a call that is cancelled.
  std::int64_t abort_ms = 6000;
  std::int64_t leave_ms = 8000;
};

/// Reports what the session does as it happens, writes its transcript as `opencode run` would print
/// it, and says how it ended.
class ServerCall {
 public:
  /// What it is made with outlives it.
  ServerCall(LeasedServer& server, const ServerQuestion& question,
             const director::agent_events& events, director::host& services);
  ServerCall(const ServerCall&) = delete;
  ServerCall& operator=(const ServerCall&) = delete;

  /// To the end of the session. A server that did not end it by itself is stopped, else it is given
  /// back for the next call. Errors: certainly before the model was asked, of the server, which is
  /// stopped then, too; Conflict: it is given back, but does not take this call now. Blocks.
  [[nodiscard]] director::Result<Outcome> run();

 private:
  /// Why the session is not waited for any longer.
  enum class Stop { Idle, Cancelled, Deadline, Limit, Broken };

  [[nodiscard]] director::Status begin(EventStream& stream);
  [[nodiscard]] Stop follow(EventStream& stream);
  [[nodiscard]] std::optional<Stop> interrupted() const;
  /// The events that the server sent before it ended.
  void take_last_words(EventStream& stream);
  void take(const std::string& data);
  void add_unreported(const director::usage& total);
  [[nodiscard]] Outcome judge_end(Stop stop);
  [[nodiscard]] std::string end_of_server() const;
  void await_end_of_server() const;
  /// The call is cancelled, or the server of all is to be left.
  [[nodiscard]] bool is_unwanted() const;
  void end_session(Stop stop);
  /// Has the server end a session that others' sessions go on beside.
  [[nodiscard]] director::Status end_beside_others(const SessionApi& api) const;
  /// Until the host has ended the server, if the others leave it in time.
  void leave_with_all();

  LeasedServer& server_;
  const ServerQuestion& question_;
  const director::agent_events& events_;
  director::host& services_;
  std::shared_ptr<SharedServer> shared_;
  SessionApi api_;  ///< whose requests end when the call is unwanted
  std::string session_;
  ServerEvents news_;
  EventParser parser_;
  StderrNotes notes_;
  CallWatch watch_;
  director::usage reported_;
  LimitReached limit_;
  std::string broken_;
  bool transcript_fails_ = false;
};

/// Hands an event of a transcript on.
void report(const Event& event, const director::agent_events& events);

}  // namespace runner_opencode
