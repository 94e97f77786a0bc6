/// Calls of agents: the one way to a model, so that each call is metered, paid for and written
/// down.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/redactor.hpp"
#include "core/config/settings.hpp"
#include "core/engine/books.hpp"
#include "core/engine/services.hpp"
#include "core/ports/cancel.hpp"
#include "core/run/events.hpp"
#include "core/run/watch.hpp"
#include "director/result.hpp"

namespace director::engine {

class CallMeter;

struct AgentQuestion {
  config::Role role = config::Role::Executor;  ///< which tier, and who it is accounted to
  std::string prompt;                          ///< key in RolePrompts
  std::string message;
  std::string workdir;
  bool may_edit = false;
  NodeId node;  ///< empty while planning
  ports::CancelToken cancel;
};

struct AgentAnswer {
  run::AgentOutcome outcome = run::AgentOutcome::Ok;
  std::string text;  ///< the final answer, or why there is none
  std::int64_t retry_after_ms = 0;
  std::vector<run::ToolUse> tools{};
  bool node_is_spent = false;  ///< its node has reached limits.node_cost_ceiling_usd
  run::Used used{};            ///< by the commands of the call
};

/// The answer's text. Errors: Cancelled; External with the reason why there is none.
[[nodiscard]] Result<std::string> text_of(AgentAnswer answer);

/// Safe from any thread.
class AgentCalls final {
 public:
  AgentCalls(const Services& services, Books& books) : services_(services), books_(books) {}

  /// One call, to its end. Errors are our own: the journal, a missing runner. What the tool or the
  /// model did wrong is an outcome, and so is a ceiling that did not let it begin or that stopped
  /// it; a call that still ended well is Ok, since its answer is paid for. Blocks.
  [[nodiscard]] Result<AgentAnswer> call(const AgentQuestion& question);

  /// The same, where no state machine retries it: an infrastructure failure is tried again with
  /// backoff, up to limits.infra_retries times; each try is a call of its own in the ledger.
  [[nodiscard]] Result<AgentAnswer> call_patiently(const AgentQuestion& question);

 private:
  /// Who answers, and with what.
  struct Agent;
  [[nodiscard]] Result<Agent> agent_of(const AgentQuestion& question) const;
  struct Asked {
    Status status;
    std::string limit;  ///< of its resources, that one of its commands ran into; else empty
    Redactor said;      ///< for what its runner said
  };
  [[nodiscard]] Asked ask(const Agent& agent, const AgentQuestion& question,
                          const Admission& admission, CallMeter& meter) const;

  /// Once a model.
  void warn_of_unknown_costs(const config::Tier& tier);

  const Services& services_;
  Books& books_;
  std::mutex mutex_;
  std::set<std::string> of_unknown_costs_;
};

}  // namespace director::engine
