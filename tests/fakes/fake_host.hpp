/// A scripted host for plugins under test: commands and questions are answered from data, and what
/// was asked is kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "director/daemon.hpp"
#include "director/host.hpp"

namespace director::testing {

struct ScriptedLine {
  std::string text;
  bool is_stderr = false;
  bool cut = false;
};

/// How a command goes: its lines, then its end; or a failure to start it.
struct ScriptedCommand {
  std::vector<ScriptedLine> lines;
  exec_result end;
  director_status failure = DIRECTOR_OK;
  std::string failure_text;
};

struct ScriptedAnswer {
  std::string text;
  director_status failure = DIRECTOR_OK;  ///< then `text` is the error's
};

/// What acquiring a daemon gives, or a failure to start it.
struct ScriptedDaemon {
  std::string ready_line;
  std::string secret;
  bool is_fresh = true;
  daemon_state state{true, 1, {}};
  director_status failure = DIRECTOR_OK;
  std::string failure_text;
};

struct Question {
  std::string role;
  std::string message;
  std::string workdir;
};

/// A command or question beyond the script fails with Internal. Single-threaded.
class FakeHost {
 public:
  FakeHost() : raw_{sizeof(director_host), 1, 0, 0, "0.0.0-fake", this, &FakeHost::find} {}
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  std::deque<ScriptedCommand> commands;
  std::deque<ScriptedAnswer> answers;
  std::deque<ScriptedDaemon> daemons;      ///< the service is there if there is one, or was
  std::atomic<bool> is_cancelled = false;  ///< may be set on any thread
  std::int64_t left_ms = -1;               ///< until the call's deadline; -1: it has none
  std::string cancelled_by_log;  ///< what is logged with this in it cancels; empty: nothing
  std::int64_t now_ms = 1'700'000'000'000;

  std::vector<exec_request> executed;
  std::vector<std::size_t> lines_taken;  ///< by each command, until it was stopped
  std::vector<Question> asked;
  std::vector<daemon_request> acquired;
  std::vector<director_daemon_end> released;
  daemon_state daemon;                  ///< of the one acquired last
  std::vector<std::string> transcript;  ///< lines that a plugin put there
  std::vector<std::pair<log_level, std::string>> logged;

  /// Of what was logged.
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> found;
    for (const auto& [level, text] : logged) {
      if (level == log_level::warning) {
        found.push_back(text);
      }
    }
    return found;
  }

  [[nodiscard]] host services() { return host(&raw_); }
  [[nodiscard]] const director_host* raw() const { return &raw_; }

 private:
  static FakeHost& of(const director_host* raw) { return *static_cast<FakeHost*>(raw->impl); }

  static const void* find(const director_host* raw, const char* id) {
    static constexpr director_log_service log{sizeof(director_log_service), 0, &FakeHost::log};
    static constexpr director_cancel_service cancel{sizeof(director_cancel_service), 0,
                                                    &FakeHost::cancelled, &FakeHost::remaining};
    static constexpr director_clock_service clock{sizeof(director_clock_service), 0, &FakeHost::now,
                                                  &FakeHost::now};
    static constexpr director_exec_service exec{sizeof(director_exec_service), 0, &FakeHost::exec};
    static constexpr director_agent_service agent{sizeof(director_agent_service), 0,
                                                  &FakeHost::ask};
    static constexpr director_daemon_service daemons{sizeof(director_daemon_service), 0,
                                                     &FakeHost::acquire, &FakeHost::inspect,
                                                     &FakeHost::release};
    static constexpr director_transcript_service transcript{sizeof(director_transcript_service), 0,
                                                            &FakeHost::line};
    const std::string_view wanted(id);
    if (wanted == DIRECTOR_SERVICE_DAEMON) {
      return of(raw).daemons.empty() && of(raw).acquired.empty() ? nullptr : &daemons;
    }
    if (wanted == DIRECTOR_SERVICE_TRANSCRIPT) {
      return &transcript;
    }
    return wanted == DIRECTOR_SERVICE_LOG      ? static_cast<const void*>(&log)
           : wanted == DIRECTOR_SERVICE_CANCEL ? static_cast<const void*>(&cancel)
           : wanted == DIRECTOR_SERVICE_CLOCK  ? static_cast<const void*>(&clock)
           : wanted == DIRECTOR_SERVICE_EXEC   ? static_cast<const void*>(&exec)
           : wanted == DIRECTOR_SERVICE_AGENT  ? static_cast<const void*>(&agent)
                                               : nullptr;
  }

  static void log(const director_host* raw, director_log_level level, director_string text) {
    FakeHost& self = of(raw);
    self.logged.emplace_back(static_cast<log_level>(level), view(text));
    if (!self.cancelled_by_log.empty() &&
        view(text).find(self.cancelled_by_log) != std::string_view::npos) {
      self.is_cancelled = true;
    }
  }
  static std::int32_t cancelled(const director_host* raw) { return of(raw).is_cancelled ? 1 : 0; }
  static std::int64_t remaining(const director_host* raw) { return of(raw).left_ms; }
  static std::int64_t now(const director_host* raw) { return of(raw).now_ms; }

  static std::vector<std::string> copy(const director_string* texts, std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.emplace_back(view(texts[i]));
    }
    return all;
  }

  static director_status exec(const director_host* raw, const director_exec_request* request,
                              const director_exec_sink* sink, director_exec_result* result,
                              director_error* error) {
    FakeHost& self = of(raw);
    self.executed.push_back(
        {copy(request->argv, request->argv_count), std::string(view(request->cwd)),
         copy(request->env_set, request->env_set_count),
         copy(request->env_unset, request->env_unset_count), std::string(view(request->stdin_text)),
         request->timeout_ms, request->stall_timeout_ms, request->start_timeout_ms});
    if (self.commands.empty()) {
      write_error(error, "the script has no further command");
      return DIRECTOR_INTERNAL;
    }
    const ScriptedCommand command = self.commands.front();
    self.commands.pop_front();
    if (command.failure != DIRECTOR_OK) {
      write_error(error, command.failure_text);
      return command.failure;
    }
    exec_result end = command.end;
    std::size_t taken = 0;
    for (const ScriptedLine& line : command.lines) {
      const director_exec_line seen{
          sizeof(director_exec_line), line.cut ? static_cast<std::uint32_t>(DIRECTOR_LINE_CUT) : 0u,
          line.is_stderr ? DIRECTOR_STDERR : DIRECTOR_STDOUT, 0, borrow(line.text)};
      ++taken;
      if (sink != nullptr && sink->line(sink->context, &seen) != 0) {
        end.outcome = exec_outcome::stopped;
        break;
      }
    }
    self.lines_taken.push_back(taken);
    result->outcome = static_cast<director_exec_outcome>(end.outcome);
    result->exit_code = end.exit_code;
    result->signal = end.signal;
    result->wall_ms = end.wall_ms;
    return DIRECTOR_OK;
  }

  static director_status acquire(const director_host* raw, const director_daemon_request* request,
                                 director_daemon_lease* lease, const director_text_sink* ready_line,
                                 const director_text_sink* secret, director_error* error) {
    FakeHost& self = of(raw);
    self.acquired.push_back(
        {copy(request->argv, request->argv_count), std::string(view(request->cwd)),
         copy(request->env_set, request->env_set_count),
         copy(request->env_unset, request->env_unset_count),
         copy(request->writable, request->writable_count),
         (request->flags & DIRECTOR_DAEMON_EVERY_WORKSPACE) != 0,
         std::string(view(request->secret_variable)), std::string(view(request->ready_prefix)),
         request->start_timeout_ms, (request->flags & DIRECTOR_DAEMON_EVERY_WORKSPACE_READ) != 0});
    if (self.daemons.empty()) {
      write_error(error, "the script has no further daemon");
      return DIRECTOR_INTERNAL;
    }
    const ScriptedDaemon given = self.daemons.front();
    self.daemons.pop_front();
    if (given.failure != DIRECTOR_OK) {
      write_error(error, given.failure_text);
      return given.failure;
    }
    self.daemon = given.state;
    lease->id = self.acquired.size();
    lease->flags = given.is_fresh ? static_cast<std::uint32_t>(DIRECTOR_DAEMON_FRESH) : 0u;
    ready_line->write(ready_line->context, borrow(given.ready_line));
    secret->write(secret->context, borrow(given.secret));
    return DIRECTOR_OK;
  }

  static director_status inspect(const director_host* raw, std::uint64_t,
                                 director_daemon_state* state, const director_text_sink* last_words,
                                 director_error*) {
    const daemon_state& now = of(raw).daemon;
    state->alive = now.alive ? 1 : 0;
    state->memory_bytes = now.memory_bytes;
    last_words->write(last_words->context, borrow(now.last_words));
    return DIRECTOR_OK;
  }

  static director_status release(const director_host* raw, std::uint64_t, director_daemon_end end,
                                 director_error*) {
    of(raw).released.push_back(end);
    return DIRECTOR_OK;
  }

  static director_status line(const director_host* raw, director_string text, director_error*) {
    of(raw).transcript.emplace_back(view(text));
    return DIRECTOR_OK;
  }

  static director_status ask(const director_host* raw, const director_agent_request* request,
                             const director_text_sink* answer, director_error* error) {
    FakeHost& self = of(raw);
    self.asked.push_back({std::string(view(request->role)), std::string(view(request->message)),
                          std::string(view(request->workdir))});
    if (self.answers.empty()) {
      write_error(error, "the script has no further answer");
      return DIRECTOR_INTERNAL;
    }
    const ScriptedAnswer given = self.answers.front();
    self.answers.pop_front();
    if (given.failure != DIRECTOR_OK) {
      write_error(error, given.text);
      return given.failure;
    }
    answer->write(answer->context, borrow(given.text));
    return DIRECTOR_OK;
  }

  director_host raw_;
};

}  // namespace director::testing
