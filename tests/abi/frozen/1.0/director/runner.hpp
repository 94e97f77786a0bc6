/// Write a runner: derive from director::runner, translate one agent tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "director/instance.hpp"

namespace director {

/// Views are borrowed for the call; see director_run_request.
struct run_request {
  std::string_view role;
  std::string_view title;
  std::string_view system_prompt;
  std::string_view message;
  std::string_view model;  ///< "provider/model"
  std::string_view workdir;
  bool may_edit = false;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
  std::int64_t stall_ms = 0;
};

struct tool_call {
  std::string_view name;
  std::string_view input;  ///< JSON
  std::string_view output;
  int exit_code = -1;  ///< of the command it ran, else -1
  std::int64_t time_ms = 0;
};

struct usage {
  std::int64_t input = 0;   ///< without cache reads and writes
  std::int64_t output = 0;  ///< without reasoning
  std::int64_t reasoning = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;
  double cost_usd = -1;  ///< negative: the tool does not say
};

enum class agent_failure : std::int32_t {
  auth = 1,
  rate_limit,
  transport,
  model,
  refused,
  config,
  deadline,
  cancelled
};

/// Where a runner reports to. finish() or fail() comes last, once.
class agent_events {
 public:
  explicit agent_events(const director_agent_sink* sink) : sink_(sink) {}

  void text(std::string_view text, std::int64_t time_ms = 0) const {
    director_agent_event event = blank(DIRECTOR_AGENT_TEXT);
    event.text = borrow(text);
    event.time_ms = time_ms;
    sink_->event(sink_->context, &event);
  }
  void tool(const tool_call& call) const {
    director_agent_event event = blank(DIRECTOR_AGENT_TOOL);
    event.tool_name = borrow(call.name);
    event.tool_input = borrow(call.input);
    event.tool_output = borrow(call.output);
    event.tool_exit = call.exit_code;
    event.time_ms = call.time_ms;
    sink_->event(sink_->context, &event);
  }
  /// Of one step; never the same step twice.
  void spent(const usage& step) const {
    director_agent_event event = blank(DIRECTOR_AGENT_USAGE);
    event.input_tokens = step.input;
    event.output_tokens = step.output;
    event.reasoning_tokens = step.reasoning;
    event.cache_read_tokens = step.cache_read;
    event.cache_write_tokens = step.cache_write;
    event.cost_usd = step.cost_usd;
    sink_->event(sink_->context, &event);
  }
  void retry(std::string_view why, std::int64_t after_ms) const {
    director_agent_event event = blank(DIRECTOR_AGENT_RETRY);
    event.text = borrow(why);
    event.retry_after_ms = after_ms;
    sink_->event(sink_->context, &event);
  }
  void finish(std::string_view answer) const {
    director_agent_event event = blank(DIRECTOR_AGENT_FINISH);
    event.text = borrow(answer);
    sink_->event(sink_->context, &event);
  }
  void fail(agent_failure failure, std::string_view why, std::int64_t retry_after_ms = 0) const {
    director_agent_event event = blank(DIRECTOR_AGENT_ERROR);
    event.failure = static_cast<director_agent_failure>(failure);
    event.text = borrow(why);
    event.retry_after_ms = retry_after_ms;
    sink_->event(sink_->context, &event);
  }

 private:
  static director_agent_event blank(director_agent_event_kind kind) {
    director_agent_event event{};
    event.struct_size = sizeof(director_agent_event);
    event.kind = kind;
    event.tool_exit = -1;
    event.cost_usd = -1;
    return event;
  }

  const director_agent_sink* sink_;
};

struct runner {
  virtual ~runner() = default;
  /// One call of the tool, to its end. An error returned here is a failure of the runner itself.
  [[nodiscard]] virtual Status run(const run_request& request, const agent_events& events,
                                   host& services) = 0;
  /// {"tool": .., "version": .., "models": [..]} as JSON, without a model call.
  [[nodiscard]] virtual Result<std::string> probe(host& services) = 0;
};

namespace detail {

template <typename T>
struct runner_table {
  using base = runner;
  static constexpr const char* interface_id = DIRECTOR_RUNNER;

  static director_status run(void* instance, const director_host* raw_host,
                             const director_run_request* raw, const director_agent_sink* sink,
                             director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      run_request request{view(raw->role),
                          view(raw->title),
                          view(raw->system_prompt),
                          view(raw->message),
                          view(raw->model),
                          view(raw->workdir),
                          raw->access == DIRECTOR_ACCESS_EDIT,
                          {},
                          {},
                          {},
                          raw->stall_ms};
      if ((raw->sampling & DIRECTOR_SAMPLING_TEMPERATURE) != 0) {
        request.temperature = raw->temperature;
      }
      if ((raw->sampling & DIRECTOR_SAMPLING_TOP_P) != 0) {
        request.top_p = raw->top_p;
      }
      if ((raw->sampling & DIRECTOR_SAMPLING_TOP_K) != 0) {
        request.top_k = raw->top_k;
      }
      return static_cast<runner*>(instance)->run(request, agent_events(sink), services);
    });
  }

  static director_status probe(void* instance, const director_host* raw_host,
                               const director_text_sink* json, director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      DIRECTOR_TRY(const std::string text, static_cast<runner*>(instance)->probe(services));
      write_text(json, text);
      return ok();
    });
  }

  static constexpr director_runner table{sizeof(director_runner), 0, &instances<runner, T>::table,
                                         &run, &probe};
};

}  // namespace detail
}  // namespace director
