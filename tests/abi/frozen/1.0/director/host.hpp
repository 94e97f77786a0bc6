/// The host's services, as a plugin written in C++ uses them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "director/fence.hpp"
#include "director/plugin.h"
#include "director/result.hpp"

namespace director {

/// One line that a command wrote. `text` is borrowed for the call; bytes as they came.
struct exec_line {
  bool is_stderr = false;
  bool cut = false;  ///< the host kept only the beginning
  std::string_view text;
};

/// See director_exec_request: the same fields, owned.
struct exec_request {
  std::vector<std::string> argv;
  std::string cwd;                     ///< absolute
  std::vector<std::string> env_set;    ///< "NAME=value"
  std::vector<std::string> env_unset;  ///< names; a trailing '*' matches a prefix
  std::string stdin_text;              ///< empty: /dev/null
  std::int64_t timeout_ms = 0;         ///< 0: the call's own deadline
  std::int64_t stall_timeout_ms = 0;   ///< 0: never
  std::int64_t start_timeout_ms = 0;   ///< 0: never
};

enum class exec_outcome : std::int32_t { exited, signaled, timed_out, stalled, cancelled, stopped };

struct exec_result {
  exec_outcome outcome = exec_outcome::exited;
  int exit_code = 0;
  int signal = 0;
  std::int64_t wall_ms = 0;
};

enum class log_level : std::int32_t { debug, info, warning, error };

/// Wraps the director_host of one call; valid as long as that call. Safe from any thread.
class host {
 public:
  /// Returns false to end the command.
  using line_handler = std::function<bool(const exec_line&)>;

  explicit host(const director_host* raw) : raw_(raw) {}

  void log(log_level level, std::string_view text) const {
    if (const auto* log = service<director_log_service>(DIRECTOR_SERVICE_LOG)) {
      log->log(raw_, static_cast<director_log_level>(level), borrow(text));
    }
  }

  /// True once the call should end.
  [[nodiscard]] bool cancelled() const {
    const auto* cancel = service<director_cancel_service>(DIRECTOR_SERVICE_CANCEL);
    return cancel != nullptr && cancel->cancelled(raw_) != 0;
  }

  /// Milliseconds to the call's deadline; -1 when there is none.
  [[nodiscard]] std::int64_t remaining_ms() const {
    const auto* cancel = service<director_cancel_service>(DIRECTOR_SERVICE_CANCEL);
    return cancel == nullptr ? -1 : cancel->remaining_ms(raw_);
  }

  [[nodiscard]] std::int64_t unix_ms() const {
    const auto* clock = service<director_clock_service>(DIRECTOR_SERVICE_CLOCK);
    return clock == nullptr ? 0 : clock->unix_ms(raw_);
  }

  /// Runs a command to its end and hands over each line as it appears. NotFound: no such program.
  [[nodiscard]] Result<exec_result> exec(const exec_request& request,
                                         const line_handler& on_line) const {
    const auto* exec = service<director_exec_service>(DIRECTOR_SERVICE_EXEC);
    if (exec == nullptr) {
      return Error(Errc::Internal, "this host has no service '" DIRECTOR_SERVICE_EXEC "'");
    }
    const std::vector<director_string> argv = borrow_all(request.argv);
    const std::vector<director_string> set = borrow_all(request.env_set);
    const std::vector<director_string> unset = borrow_all(request.env_unset);
    const director_exec_request raw_request{sizeof(director_exec_request),
                                            0,
                                            argv.data(),
                                            argv.size(),
                                            borrow(request.cwd),
                                            set.data(),
                                            set.size(),
                                            unset.data(),
                                            unset.size(),
                                            borrow(request.stdin_text),
                                            request.timeout_ms,
                                            request.stall_timeout_ms,
                                            request.start_timeout_ms};
    const director_exec_sink sink{sizeof(director_exec_sink), 0,
                                  const_cast<line_handler*>(&on_line), &host::deliver_line};
    director_exec_result result{sizeof(director_exec_result), 0, 0, 0, 0};
    ErrorBuffer error;
    const director_status status =
        exec->exec(raw_, &raw_request, on_line ? &sink : nullptr, &result, error.raw());
    if (status != DIRECTOR_OK) {
      return Error(to_errc(status), std::string(error.text()));
    }
    return exec_result{static_cast<exec_outcome>(result.outcome), result.exit_code, result.signal,
                       result.wall_ms};
  }

  /// Asks a role; the answer is the agent's final text.
  [[nodiscard]] Result<std::string> ask(std::string_view role, std::string_view message,
                                        std::string_view workdir) const {
    const auto* agent = service<director_agent_service>(DIRECTOR_SERVICE_AGENT);
    if (agent == nullptr) {
      return Error(Errc::Internal, "this host has no service '" DIRECTOR_SERVICE_AGENT "'");
    }
    const director_agent_request request{sizeof(director_agent_request), 0, borrow(role),
                                         borrow(message), borrow(workdir)};
    std::string answer;
    const director_text_sink sink{sizeof(director_text_sink), 0, &answer, &host::append_text};
    ErrorBuffer error;
    const director_status status = agent->ask(raw_, &request, &sink, error.raw());
    if (status != DIRECTOR_OK) {
      return Error(to_errc(status), std::string(error.text()));
    }
    return answer;
  }

  [[nodiscard]] const director_host* raw() const { return raw_; }

 private:
  template <typename Table>
  [[nodiscard]] const Table* service(const char* id) const {
    return static_cast<const Table*>(raw_->get_service(raw_, id));
  }

  static std::vector<director_string> borrow_all(const std::vector<std::string>& texts) {
    std::vector<director_string> all;
    all.reserve(texts.size());
    for (const std::string& text : texts) {
      all.push_back(borrow(text));
    }
    return all;
  }

  // Called by the host from C: an exception of the handler ends the command instead of escaping.
  static std::int32_t deliver_line(void* context, const director_exec_line* line) noexcept {
    try {
      const auto& on_line = *static_cast<const line_handler*>(context);
      const exec_line seen{line->stream == DIRECTOR_STDERR, (line->flags & DIRECTOR_LINE_CUT) != 0,
                           view(line->text)};
      return on_line(seen) ? 0 : 1;
    } catch (...) {
      return 1;
    }
  }

  static void append_text(void* context, director_string piece) noexcept {
    try {
      static_cast<std::string*>(context)->append(view(piece));
    } catch (...) {
      // Out of memory: the answer stays short, and whoever parses it reports that.
    }
  }

  const director_host* raw_;
};

}  // namespace director
