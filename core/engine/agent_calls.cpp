#include "core/engine/agent_calls.hpp"

#include <algorithm>
#include <utility>

#include "core/engine/call_meter.hpp"
#include "core/engine/pause.hpp"
#include "core/engine/slots.hpp"
#include "core/engine/usage.hpp"
#include "core/run/backoff.hpp"

namespace director::engine {
namespace {

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

/// Of all agents, as far as there are any yet; in an order of their own.
std::vector<std::string> agent_workspaces(const Services& services) {
  std::vector<std::string> folders;
  if (services.slot_folders == nullptr) {
    return folders;
  }
  if (const auto names = services.slot_folders->list()) {
    for (const std::string& name : *names) {
      if (name.starts_with("agent-")) {
        folders.push_back(slot_named(services.folders, name).dir);
      }
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

run::CallReserved reservation_for(const AgentQuestion& question, const config::Tier& tier) {
  run::CallReserved reservation;
  reservation.role = std::string(config::to_string(question.role));
  reservation.model = tier.text;
  reservation.node = question.node;
  return reservation;
}

std::string_view why_refused(run::Ceiling ceiling) {
  return ceiling == run::Ceiling::Node
             ? "the node has reached its cost ceiling (limits.node_cost_ceiling_usd)"
             : "the cost ceiling leaves no room for the call";
}

std::string_view why_stopped(run::Ceiling ceiling) {
  return ceiling == run::Ceiling::Node
             ? "stopped, since the node has reached its cost ceiling (limits.node_cost_ceiling_usd)"
             : "stopped, since the cost ceiling is reached";
}

/// What came of the call, where the runner failed, fell silent, was stopped by a ceiling or by the
/// loop guard, or says "cancelled" unasked.
void judge(CallMeter& meter, const Status& status, const Settled& settled,
           const AgentQuestion& question, const std::string& runner_id) {
  AgentAnswer& answer = meter.answer();
  answer.node_is_spent = settled.node_is_spent;
  if (!status || !meter.ended()) {
    answer.outcome = run::AgentOutcome::Infra;
    answer.text = status ? "runner '" + runner_id + "' reported no end of the call"
                         : status.error().message();
  }
  if (answer.outcome == run::AgentOutcome::Ok) {
    return;
  }
  if (question.cancel.cancelled()) {
    const bool cut_off = !meter.ended() || !status;
    answer.outcome = cut_off ? run::AgentOutcome::Cancelled : answer.outcome;
  } else if (settled.stopped_by != run::Ceiling::None) {
    answer.outcome = run::AgentOutcome::Budget;
    answer.text = why_stopped(settled.stopped_by);
  } else if (!meter.went_round().empty()) {
    answer.outcome = run::AgentOutcome::Failed;
    answer.text = meter.went_round();
  } else if (answer.outcome == run::AgentOutcome::Cancelled) {
    answer.outcome = run::AgentOutcome::Infra;  // nobody here asked for that
  }
}

/// A call that ran into a limit of its resources is an attempt that failed, whatever its tool made
/// of it: another try would run into it again.
void note_limit(AgentAnswer& answer, const std::string& limit) {
  if (!limit.empty() &&
      (answer.outcome == run::AgentOutcome::Infra || answer.outcome == run::AgentOutcome::Failed)) {
    answer.outcome = run::AgentOutcome::Failed;
    answer.text = limit + (answer.text.empty() ? "" : ": " + answer.text);
  }
}

/// Whether tokens have a price and the tool counted none: an endpoint may leave them out.
bool costs_unknown(const run::Usage& used, const config::Price* price) {
  const std::int64_t tokens =
      used.input + used.output + used.reasoning + used.cache_read + used.cache_write;
  return price != nullptr && price->input.value_or(0) + price->output.value_or(0) > 0 &&
         tokens == 0 && used.usd <= 0;
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

struct AgentCalls::Agent {
  const config::Tier& tier;
  const std::string& runner_id;
  const std::string& system_prompt;
  const config::Price* price = nullptr;
  std::shared_ptr<director::runner> runner;
};

Result<AgentCalls::Agent> AgentCalls::agent_of(const AgentQuestion& question) const {
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
  const auto price = settings.pricing.find(tier.text);
  return Agent{tier, runner_id, system->second,
               price == settings.pricing.end() ? nullptr : &price->second, std::move(runner)};
}

AgentCalls::Asked AgentCalls::ask(const Agent& agent, const AgentQuestion& question,
                                  const Admission& admission, CallMeter& meter) const {
  const std::string& call_id = admission.call.call;
  const config::Settings& settings = services_.settings;
  const director_agent_sink sink = meter.sink();
  services_.untouched->remove(question.workdir);
  const std::unique_ptr<ports::CallHost> host =
      services_.hosts.open({.label = call_id,
                            .node = question.node.value,
                            .purpose = ports::Purpose::Agent,
                            .cancel = admission.stop,
                            .deadline = services_.clock.now() + settings.limits.node_timeout,
                            .writable = {services_.folders.agent_state(agent.runner_id).string()},
                            .reads_only = !question.may_edit,
                            .agent_workspaces = [this] { return agent_workspaces(services_); },
                            .all_workspaces = services_.folders.slots().string(),
                            .transcript = services_.folders.logs() / (call_id + ".jsonl"),
                            .transcript_bytes = settings.limits.log_bytes()});
  const director::run_request request =
      request_for(question, agent.tier, settings, agent.system_prompt, call_id);
  Status status = agent.runner->run(request, agent_events(&sink), host->services());
  meter.answer().used = used_by(host->usage());
  return {std::move(status), host->limit(), host->redactor()};
}

Result<AgentAnswer> AgentCalls::call(const AgentQuestion& question) {
  DIRECTOR_TRY(const Agent agent, agent_of(question));
  DIRECTOR_TRY(const Admission admission,
               books_.reserve(reservation_for(question, agent.tier), question.cancel));
  if (admission.refused != run::Ceiling::None) {
    AgentAnswer refusal{run::AgentOutcome::Budget, std::string(why_refused(admission.refused))};
    refusal.node_is_spent = admission.refused == run::Ceiling::Node;
    return refusal;
  }
  const config::Limits& limits = services_.settings.limits;
  CallMeter meter(books_, services_.log, admission, agent.price,
                  run::LoopGuard(limits.max_steps, limits.max_repeats));
  const Asked asked = ask(agent, question, admission, meter);
  DIRECTOR_TRY(const Settled settled, books_.settle(run::end_of(admission.call, meter.used())));
  judge(meter, asked.status, settled, question, agent.runner_id);
  note_limit(meter.answer(), asked.limit);
  AgentAnswer& answer = meter.answer();
  answer.text = asked.said.mask(services_.redactor.mask(answer.text));
  if (answer.outcome == run::AgentOutcome::Ok && costs_unknown(meter.used(), agent.price)) {
    warn_of_unknown_costs(agent.tier);
  }
  return std::move(answer);
}

void AgentCalls::warn_of_unknown_costs(const config::Tier& tier) {
  {
    const std::lock_guard lock(mutex_);
    if (!of_unknown_costs_.insert(tier.text).second) {
      return;
    }
  }
  services_.log.write(ports::LogLevel::Warning,
                      "model '" + tier.text +
                          "' has a price, but its provider counts no tokens: its calls stand in "
                          "the books with $0, and no cost ceiling holds for them");
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
      return AgentAnswer{run::AgentOutcome::Cancelled, "interrupted"};
    }
  }
}

}  // namespace director::engine
