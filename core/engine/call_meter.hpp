/// What one call of a runner reports, priced and written down as it comes.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/settings.hpp"
#include "core/engine/agent_calls.hpp"
#include "core/engine/books.hpp"
#include "core/ports/log.hpp"
#include "core/run/events.hpp"
#include "core/run/loop_guard.hpp"
#include "director/plugin.h"
#include "director/result.hpp"

namespace director::engine {

/// What this use costs: by the configured price, else as the tool reported it. By a price that is
/// not whole, the larger of the two.
[[nodiscard]] double cost_of(const run::Usage& used, const config::Price* price,
                             double reported_usd);

/// A runner's figures are not trusted: what is negative, no number or beyond belief can neither
/// take money back nor make the ledger useless. It is cut to size, and the log says so once a call.
/// Nothing that it is given makes it throw into the runner. For one thread at a time.
class CallMeter {
 public:
  /// `price` null: as the tool reports. Where the books cannot be written the call is stopped: it
  /// is not to go on unmetered.
  CallMeter(Books& books, ports::Log& log, const Admission& admission, const config::Price* price,
            run::LoopGuard guard)
      : books_(books), log_(log), admission_(admission), price_(price), guard_(guard) {
    metered_.call = admission.call.call;
  }

  [[nodiscard]] director_agent_sink sink() {
    return {sizeof(director_agent_sink), 0, this, &CallMeter::take};
  }

  [[nodiscard]] const run::Usage& used() const { return metered_.used; }
  /// False: the runner reported no end of the call.
  [[nodiscard]] bool ended() const { return ended_; }
  /// As far as the runner told it.
  [[nodiscard]] AgentAnswer& answer() { return answer_; }
  /// Why the loop guard stopped the call; empty: it did not.
  [[nodiscard]] const std::string& went_round() const { return went_round_; }

 private:
  static void take(void* context, const director_agent_event* event) noexcept;
  void note(const director_agent_event& event);
  void note_tool(const director_agent_event& event);
  void spend(const director_agent_event& event);
  void stop_if(const std::string& reason);
  void add(std::int64_t& sum, std::int64_t reported);
  void add_cost(double reported);
  void finish(run::AgentOutcome outcome, const director_agent_event& event);

  Books& books_;
  ports::Log& log_;
  const Admission& admission_;
  const config::Price* price_;
  run::LoopGuard guard_;
  std::string went_round_;
  run::CallMetered metered_;
  double reported_usd_ = 0;
  bool beyond_belief_ = false;
  bool warned_ = false;
  AgentAnswer answer_;
  bool ended_ = false;
};

}  // namespace director::engine
