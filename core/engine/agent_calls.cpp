#include "core/engine/agent_calls.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/engine/pause.hpp"
#include "core/run/backoff.hpp"

namespace director::engine {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20;

/// Collects what a runner reports. Nothing it is given can make it throw into the runner.
class Collector {
 public:
  [[nodiscard]] director_agent_sink sink() {
    return {sizeof(director_agent_sink), 0, this, &Collector::take};
  }

  run::CallEnded usage;
  double reported_usd = 0;
  bool cost_known = true;
  AgentAnswer answer;
  bool ended = false;

 private:
  static void take(void* context, const director_agent_event* event) noexcept {
    try {
      static_cast<Collector*>(context)->note(*event);
    } catch (...) {
      // Out of memory: without its terminal event the call counts as the runner's failure.
    }
  }

  void note(const director_agent_event& event) {
    switch (event.kind) {
      case DIRECTOR_AGENT_TOOL:
        answer.tools.push_back({std::string(view(event.tool_name)),
                                std::string(view(event.tool_input)), event.tool_exit});
        return;
      case DIRECTOR_AGENT_USAGE:
        spend(event);
        return;
      case DIRECTOR_AGENT_FINISH:
        finish(run::AgentOutcome::Ok, event);
        return;
      case DIRECTOR_AGENT_ERROR:
        finish(outcome_of(event.failure), event);
        answer.retry_after_ms = event.retry_after_ms;
        return;
      default:
        return;
    }
  }

  void spend(const director_agent_event& event) {
    usage.input += event.input_tokens;
    usage.output += event.output_tokens;
    usage.reasoning += event.reasoning_tokens;
    usage.cache_read += event.cache_read_tokens;
    usage.cache_write += event.cache_write_tokens;
    if (event.cost_usd < 0) {
      cost_known = false;
    } else {
      reported_usd += event.cost_usd;
    }
  }

  void finish(run::AgentOutcome outcome, const director_agent_event& event) {
    if (ended) {
      return;
    }
    ended = true;
    answer.outcome = outcome;
    answer.text = text::cut_middle(view(event.text), kMaxAnswerBytes);
  }

  static run::AgentOutcome outcome_of(director_agent_failure failure) {
    switch (failure) {
      case DIRECTOR_AGENT_AUTH:
      case DIRECTOR_AGENT_CONFIG:
        return run::AgentOutcome::Config;
      case DIRECTOR_AGENT_RATE_LIMIT:
      case DIRECTOR_AGENT_TRANSPORT:
        return run::AgentOutcome::Infra;
      case DIRECTOR_AGENT_CANCELLED:
        return run::AgentOutcome::Cancelled;
      default:
        return run::AgentOutcome::Failed;
    }
  }
};

std::string prompt_of(config::Role role) {
  switch (role) {
    case config::Role::Planner:
      return "planner";
    case config::Role::TestAuthor:
      return "test-author";
    case config::Role::Executor:
    case config::Role::Escalation:
      return "executor";
    case config::Role::Explorer:
      return "explorer";
    case config::Role::Reviewer:
      return "reviewer";
  }
  return "executor";
}

director::run_request request_for(const AgentQuestion& question, const config::Tier& tier,
                                  const config::Settings& settings, const std::string& system,
                                  const std::string& title) {
  director::run_request request;
  request.role = question.prompt;
  request.title = title;
  request.system_prompt = system;
  request.message = question.message;
  request.model = tier.model;
  request.workdir = question.workdir;
  request.may_edit = question.may_edit;
  request.stall_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(settings.limits.stall).count();
  if (const auto sampling = settings.sampling.find(question.role);
      sampling != settings.sampling.end()) {
    request.temperature = sampling->second.temperature;
    request.top_p = sampling->second.top_p;
    request.top_k = sampling->second.top_k;
  }
  return request;
}

run::CallReserved reservation_for(const AgentQuestion& question, const config::Tier& tier) {
  run::CallReserved reservation;
  reservation.role = std::string(config::to_string(question.role));
  reservation.model = tier.text;
  reservation.node = question.node;
  return reservation;
}

/// What came of the call, where the runner failed, fell silent or says "cancelled" unasked.
void judge(Collector& collector, const Status& status, const AgentQuestion& question,
           const std::string& runner_id) {
  if (!status || !collector.ended) {
    collector.answer.outcome =
        question.cancel.cancelled() ? run::AgentOutcome::Cancelled : run::AgentOutcome::Infra;
    collector.answer.text = status ? "runner '" + runner_id + "' reported no end of the call"
                                   : status.error().message();
  }
  if (collector.answer.outcome == run::AgentOutcome::Cancelled && !question.cancel.cancelled()) {
    collector.answer.outcome = run::AgentOutcome::Infra;  // nobody here asked for that
  }
}

run::CallEnded end_of(const run::CallReserved& reservation, const std::string& call_id,
                      const Collector& collector, const config::Settings& settings) {
  run::CallEnded ended = collector.usage;
  ended.call = call_id;
  ended.role = reservation.role;
  ended.model = reservation.model;
  ended.node = reservation.node;
  const auto price = settings.pricing.find(reservation.model);
  ended.usd = cost_of(ended, price == settings.pricing.end() ? nullptr : &price->second,
                      collector.cost_known ? collector.reported_usd : -1);
  return ended;
}

}  // namespace

Result<std::string> text_of(AgentAnswer answer) {
  if (answer.outcome != run::AgentOutcome::Ok) {
    const Errc code =
        answer.outcome == run::AgentOutcome::Cancelled ? Errc::Cancelled : Errc::External;
    return Error(code, answer.text);
  }
  return std::move(answer.text);
}

double cost_of(const run::CallEnded& call, const config::Price* price, double reported_usd) {
  if (price == nullptr) {
    return reported_usd > 0 ? reported_usd : 0;
  }
  constexpr double kMillion = 1e6;
  return (static_cast<double>(call.input) * price->input +
          static_cast<double>(call.output + call.reasoning) * price->output +
          static_cast<double>(call.cache_read) * price->cache_read +
          static_cast<double>(call.cache_write) * price->cache_write) /
         kMillion;
}

Result<AgentAnswer> AgentCalls::call(const AgentQuestion& question) {
  const config::Settings& settings = services_.settings;
  const config::Tier& tier = settings.tiers.at(question.role);
  const std::string& runner_id = tier.runner.empty() ? settings.plugins.runner : tier.runner;
  const auto pool = services_.backends.runners.find(runner_id);
  if (pool == services_.backends.runners.end()) {
    return Error(Errc::NotFound, "there is no runner '" + runner_id + "' for tier '" +
                                     std::string(config::to_string(question.role)) + "'");
  }
  const auto system = services_.prompts.find(question.prompt);
  if (system == services_.prompts.end()) {
    return Error(Errc::NotFound, "there is no prompt for agent '" + question.prompt + "'");
  }
  DIRECTOR_TRY(std::shared_ptr<director::runner> runner, pool->second->lease());

  const run::CallReserved reservation = reservation_for(question, tier);
  DIRECTOR_TRY(const std::optional<std::string> call_id,
               books_.reserve(reservation, settings.limits.call_reserve_usd,
                              settings.limits.cost_ceiling_usd));
  if (!call_id) {
    return AgentAnswer{
        run::AgentOutcome::Budget, "the cost ceiling leaves no room for the call", 0, {}};
  }

  Collector collector;
  const director_agent_sink sink = collector.sink();
  const std::unique_ptr<ports::CallHost> host =
      services_.hosts.open({.label = *call_id,
                            .node = question.node.value,
                            .purpose = ports::Purpose::Agent,
                            .cancel = question.cancel,
                            .deadline = services_.clock.now() + settings.limits.node_timeout,
                            .writable = {services_.folders.agent_state(runner_id).string()},
                            .transcript = services_.folders.logs() / (*call_id + ".jsonl")});
  const director::run_request request =
      request_for(question, tier, settings, system->second, *call_id);
  const Status status = runner->run(request, agent_events(&sink), host->services());
  judge(collector, status, question, runner_id);
  DIRECTOR_CHECK(books_.settle(end_of(reservation, *call_id, collector, settings)));
  return std::move(collector.answer);
}

Result<AgentAnswer> AgentCalls::call_patiently(const AgentQuestion& question) {
  const int retries = services_.settings.limits.infra_retries;
  for (int failures = 0;;) {
    DIRECTOR_TRY(AgentAnswer answer, call(question));
    if (answer.outcome != run::AgentOutcome::Infra || ++failures > retries) {
      return answer;
    }
    const auto seed = static_cast<std::uint64_t>(services_.clock.wall().time_since_epoch().count());
    const std::int64_t delay_ms = run::backoff_ms(failures, answer.retry_after_ms, seed);
    services_.log.write(ports::LogLevel::Warning,
                        "agent '" + question.prompt + "': " + answer.text + "; trying again in " +
                            std::to_string((delay_ms + 999) / 1000) + " s (" +
                            std::to_string(failures) + " of " + std::to_string(retries) + ")");
    if (!pause(services_.clock, delay_ms, question.cancel)) {
      return AgentAnswer{run::AgentOutcome::Cancelled, "interrupted", 0, {}};
    }
  }
}

Result<std::string> AgentCalls::ask(const std::string& role, const std::string& message,
                                    const std::string& workdir, const std::string& node,
                                    const ports::CancelToken& cancel) {
  const std::optional<config::Role> known = config::parse_role(role);
  if (!known) {
    return Error(Errc::Invalid, "there is no role '" + role + "'");
  }
  DIRECTOR_TRY(AgentAnswer answer, call_patiently({.role = *known,
                                                   .prompt = prompt_of(*known),
                                                   .message = message,
                                                   .workdir = workdir,
                                                   .may_edit = false,
                                                   .node = NodeId(node),
                                                   .cancel = cancel}));
  return text_of(std::move(answer));
}

}  // namespace director::engine
