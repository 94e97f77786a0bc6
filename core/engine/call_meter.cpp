#include "core/engine/call_meter.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/text.hpp"
#include "director/fence.hpp"

namespace director::engine {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20;
/// Of one call: more than any model can, and small enough that sums of them stay exact.
constexpr std::int64_t kMostTokens = 1'000'000'000'000;
constexpr double kMostDollars = 1e6;  ///< as for the ceilings of the configuration

run::AgentOutcome outcome_of(director_agent_failure failure) {
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

}  // namespace

double cost_of(const run::Usage& used, const config::Price* price, double reported_usd) {
  if (price == nullptr) {
    return reported_usd;
  }
  constexpr double kMillion = 1e6;
  const double input = price->input.value_or(0);
  const double usd =
      (static_cast<double>(used.input) * input +
       static_cast<double>(used.output + used.reasoning) * price->output.value_or(0) +
       static_cast<double>(used.cache_read) * price->cache_read.value_or(input) +
       static_cast<double>(used.cache_write) * price->cache_write.value_or(input)) /
      kMillion;
  return price->is_whole() ? usd : std::max(usd, reported_usd);
}

void CallMeter::take(void* context, const director_agent_event* event) noexcept {
  // Out of memory: without its terminal event the call counts as the runner's failure.
  (void)fence(nullptr, [&]() -> Status {
    static_cast<CallMeter*>(context)->note(*event);
    return ok();
  });
}

void CallMeter::note(const director_agent_event& event) {
  switch (event.kind) {
    case DIRECTOR_AGENT_TOOL:
      note_tool(event);
      return;
    case DIRECTOR_AGENT_USAGE:
      spend(event);
      stop_if(guard_.step());
      return;
    case DIRECTOR_AGENT_FINISH:
      finish(run::AgentOutcome::Ok, event);
      return;
    case DIRECTOR_AGENT_ERROR:
      finish(outcome_of(event.failure), event);
      answer_.retry_after_ms = event.retry_after_ms;
      return;
    default:
      return;
  }
}

void CallMeter::note_tool(const director_agent_event& event) {
  answer_.tools.push_back(
      {std::string(view(event.tool_name)), std::string(view(event.tool_input)), event.tool_exit});
  stop_if(guard_.tool(answer_.tools.back()));
}

void CallMeter::stop_if(const std::string& reason) {
  if (!reason.empty() && went_round_.empty()) {
    went_round_ = reason;
    admission_.stop.cancel();
  }
}

void CallMeter::spend(const director_agent_event& event) {
  run::Usage& used = metered_.used;
  add(used.input, event.input_tokens);
  add(used.output, event.output_tokens);
  add(used.reasoning, event.reasoning_tokens);
  add(used.cache_read, event.cache_read_tokens);
  add(used.cache_write, event.cache_write_tokens);
  add_cost(event.cost_usd);
  // A sum of several steps can only grow, whatever the order in which they are rounded.
  used.usd = std::clamp(cost_of(used, price_, reported_usd_), used.usd, kMostDollars);
  if (beyond_belief_ && !warned_) {
    warned_ = true;
    log_.write(ports::LogLevel::Warning,
               "call '" + metered_.call +
                   "': its runner reports usage that cannot be (negative, no number, or beyond "
                   "belief); such figures are cut to what can be");
  }
  if (const Status written = books_.meter(metered_); !written) {
    admission_.stop.cancel();  // settling will fail, too, and say why
  }
}

void CallMeter::add(std::int64_t& sum, std::int64_t reported) {
  const std::int64_t possible = std::clamp<std::int64_t>(reported, 0, kMostTokens - sum);
  beyond_belief_ = beyond_belief_ || possible != reported;
  sum += possible;
}

/// A negative number, as the SDK has it, means that the tool does not say.
void CallMeter::add_cost(double reported) {
  const bool no_number = std::isnan(reported) || (std::isinf(reported) && reported < 0);
  const double possible =
      no_number ? 0 : std::clamp(reported, 0.0, std::max(0.0, kMostDollars - reported_usd_));
  beyond_belief_ = beyond_belief_ || no_number || possible < reported;
  reported_usd_ += possible;
}

void CallMeter::finish(run::AgentOutcome outcome, const director_agent_event& event) {
  if (ended_) {
    return;
  }
  ended_ = true;
  answer_.outcome = outcome;
  answer_.text = text::cut_middle(view(event.text), kMaxAnswerBytes);
}

}  // namespace director::engine
