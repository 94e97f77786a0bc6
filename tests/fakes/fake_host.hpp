/// A scripted host for plugins under test: commands and questions are answered from data, and what
/// was asked is kept.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

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
  bool is_cancelled = false;
  std::int64_t now_ms = 1'700'000'000'000;

  std::vector<exec_request> executed;
  std::vector<std::size_t> lines_taken;  ///< by each command, until it was stopped
  std::vector<Question> asked;
  std::vector<std::pair<log_level, std::string>> logged;

  [[nodiscard]] host services() { return host(&raw_); }
  [[nodiscard]] const director_host* raw() const { return &raw_; }

 private:
  static FakeHost& of(const director_host* raw) { return *static_cast<FakeHost*>(raw->impl); }

  static const void* find(const director_host*, const char* id) {
    static constexpr director_log_service log{sizeof(director_log_service), 0, &FakeHost::log};
    static constexpr director_cancel_service cancel{sizeof(director_cancel_service), 0,
                                                    &FakeHost::cancelled, &FakeHost::remaining};
    static constexpr director_clock_service clock{sizeof(director_clock_service), 0, &FakeHost::now,
                                                  &FakeHost::now};
    static constexpr director_exec_service exec{sizeof(director_exec_service), 0, &FakeHost::exec};
    static constexpr director_agent_service agent{sizeof(director_agent_service), 0,
                                                  &FakeHost::ask};
    const std::string_view wanted(id);
    return wanted == DIRECTOR_SERVICE_LOG      ? static_cast<const void*>(&log)
           : wanted == DIRECTOR_SERVICE_CANCEL ? static_cast<const void*>(&cancel)
           : wanted == DIRECTOR_SERVICE_CLOCK  ? static_cast<const void*>(&clock)
           : wanted == DIRECTOR_SERVICE_EXEC   ? static_cast<const void*>(&exec)
           : wanted == DIRECTOR_SERVICE_AGENT  ? static_cast<const void*>(&agent)
                                               : nullptr;
  }

  static void log(const director_host* raw, director_log_level level, director_string text) {
    of(raw).logged.emplace_back(static_cast<log_level>(level), view(text));
  }
  static std::int32_t cancelled(const director_host* raw) { return of(raw).is_cancelled ? 1 : 0; }
  static std::int64_t remaining(const director_host*) { return -1; }
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
