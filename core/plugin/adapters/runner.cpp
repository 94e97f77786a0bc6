#include <cmath>
#include <optional>
#include <utility>

#include "core/plugin/adapters/adapters.hpp"
#include "core/plugin/adapters/text_sink.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin {
namespace {

/// Held back until the call is over: only then is it known to be the only one.
struct Ending {
  bool failed = false;
  agent_failure failure = agent_failure::transport;
  std::string text;
  std::int64_t retry_after_ms = 0;
};

class Events {
 public:
  explicit Events(const agent_events& to)
      : to_(to), raw_{sizeof(director_agent_sink), 0, this, &Events::take} {}
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  [[nodiscard]] const director_agent_sink* raw() const { return &raw_; }

  /// After a call that returned DIRECTOR_OK.
  [[nodiscard]] Status finish(std::string_view id) const {
    DIRECTOR_CHECK(collector_.finish(id));
    if (!ending_) {
      return plugin_bug(id, "ended a call without a finish or error event");
    }
    if (ending_->failed) {
      to_.fail(ending_->failure, said_by(id, ending_->text), ending_->retry_after_ms);
    } else {
      to_.finish(ending_->text);
    }
    return ok();
  }

 private:
  static void take(void* context, const director_agent_event* event) noexcept {
    auto& self = *static_cast<Events*>(context);
    self.collector_.collect([&] { self.accept(event); });
  }

  void accept(const director_agent_event* event) {
    if (!is_whole(event)) {
      collector_.fault("sent an event of a wrong size");
      return;
    }
    if (event->kind == DIRECTOR_AGENT_USAGE) {
      pass_on_usage(*event);  // money that was spent counts, whatever else is wrong
    }
    if (ending_) {
      collector_.fault("sent an event after the one that ends the call");
    } else if (collector_.check(event->text) && collector_.check(event->tool_name) &&
               collector_.check(event->tool_input) && collector_.check(event->tool_output)) {
      pass_on(*event);
    }
  }

  void pass_on(const director_agent_event& event) {
    switch (event.kind) {
      case DIRECTOR_AGENT_TEXT:
        to_.text(view(event.text), event.time_ms);
        return;
      case DIRECTOR_AGENT_TOOL:
        to_.tool({view(event.tool_name), view(event.tool_input), view(event.tool_output),
                  event.tool_exit, event.time_ms});
        return;
      case DIRECTOR_AGENT_USAGE:
        return;
      case DIRECTOR_AGENT_RETRY:
        to_.retry(view(event.text), event.retry_after_ms);
        return;
      case DIRECTOR_AGENT_FINISH:
        ending_ = Ending{false, agent_failure::transport, std::string(view(event.text)), 0};
        return;
      case DIRECTOR_AGENT_ERROR:
        if (event.failure < DIRECTOR_AGENT_AUTH || event.failure > DIRECTOR_AGENT_CANCELLED) {
          collector_.fault("sent an error of a kind that the ABI does not have");
          return;
        }
        ending_ = Ending{true, static_cast<agent_failure>(event.failure),
                         std::string(view(event.text)), event.retry_after_ms};
        return;
      default:
        collector_.fault("sent an event of a kind that the ABI does not have");
    }
  }

  /// A figure that cannot be costs the plugin its call, and the books nothing of the others:
  /// whoever counts cuts each to what can be.
  void pass_on_usage(const director_agent_event& event) {
    if (event.input_tokens < 0 || event.output_tokens < 0 || event.reasoning_tokens < 0 ||
        event.cache_read_tokens < 0 || event.cache_write_tokens < 0 ||
        !std::isfinite(event.cost_usd)) {
      collector_.fault("sent a usage event with a negative count or no finite cost");
    }
    to_.spent({event.input_tokens, event.output_tokens, event.reasoning_tokens,
               event.cache_read_tokens, event.cache_write_tokens, event.cost_usd});
  }

  const agent_events& to_;
  Collector collector_;
  std::optional<Ending> ending_;
  director_agent_sink raw_;
};

director_run_request to_raw(const run_request& request) {
  director_run_request raw{};
  raw.struct_size = sizeof(director_run_request);
  raw.sampling = (request.temperature ? unsigned{DIRECTOR_SAMPLING_TEMPERATURE} : 0U) |
                 (request.top_p ? unsigned{DIRECTOR_SAMPLING_TOP_P} : 0U) |
                 (request.top_k ? unsigned{DIRECTOR_SAMPLING_TOP_K} : 0U);
  raw.role = borrow(request.role);
  raw.title = borrow(request.title);
  raw.system_prompt = borrow(request.system_prompt);
  raw.message = borrow(request.message);
  raw.model = borrow(request.model);
  raw.workdir = borrow(request.workdir);
  raw.access = request.may_edit ? DIRECTOR_ACCESS_EDIT : DIRECTOR_ACCESS_READ;
  raw.top_k = request.top_k.value_or(0);
  raw.temperature = request.temperature.value_or(0);
  raw.top_p = request.top_p.value_or(0);
  raw.stall_ms = request.stall_ms;
  return raw;
}

class PluginRunner final : public director::runner {
 public:
  explicit PluginRunner(Instance instance) : instance_(std::move(instance)) {}

  [[nodiscard]] Status run(const run_request& request, const agent_events& events,
                           director::host& services) override {
    const director_run_request raw = to_raw(request);
    Events checked(events);
    DIRECTOR_CHECK(instance_.call(instance_.table<director_runner>().run, services.raw(), &raw,
                                  checked.raw()));
    return checked.finish(instance_.id());
  }

  [[nodiscard]] Result<std::string> probe(director::host& services) override {
    Collector collector;
    TextSink json(collector);
    DIRECTOR_CHECK(
        instance_.call(instance_.table<director_runner>().probe, services.raw(), json.raw()));
    DIRECTOR_CHECK(collector.finish(instance_.id()));
    DIRECTOR_CHECK(json.require(instance_.id(), "answer"));
    return json.take();
  }

 private:
  Instance instance_;
};

}  // namespace

Result<std::unique_ptr<director::runner>> make_runner(const Making& making) {
  const auto host = making.hosts.open(making.scope);
  DIRECTOR_TRY(Instance made,
               Instance::create(making.library, Kind::Runner, making.info, host->services()));
  return std::unique_ptr<director::runner>(std::make_unique<PluginRunner>(std::move(made)));
}

}  // namespace director::plugin
