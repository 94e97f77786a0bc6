/// What the journal says about each call of an agent. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/codec.hpp"
#include "core/run/events.hpp"

namespace director::cli {

struct CallRecord {
  std::string id;
  std::string role;
  std::string model;
  std::string node;  ///< empty while planning
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;  ///< 0: under way, or cut off
  run::Usage spent;           ///< so far
  std::string outcome;        ///< "ok", "failed", ...; empty: not known, or not known yet
  std::string why;            ///< where the outcome has a reason

  [[nodiscard]] bool ended() const { return ended_ms != 0; }
};

class CallBook {
 public:
  void apply(const engine::Entry& entry);

  /// In the order in which they began.
  [[nodiscard]] const std::vector<CallRecord>& calls() const { return calls_; }
  /// True if an event that tells what came of the call may still follow its end.
  [[nodiscard]] bool awaits_outcome(const CallRecord& call) const;

 private:
  void begin(const run::CallReserved& event, std::int64_t at_ms);
  void meter(const run::CallMetered& event);
  void end(const run::CallEnded& event, std::int64_t at_ms);
  void judge(const std::string& role, const std::string& node, std::string outcome,
             const std::string& why);
  void apply(const run::RunEvent& event);
  void apply(const run::PlanEvent& event);

  std::vector<CallRecord> calls_;
  std::map<std::string, std::size_t> open_;  ///< by id: reserved, not ended
  /// (role, node) -> the ended call that its next verdict is about.
  std::map<std::pair<std::string, std::string>, std::size_t> unjudged_;
};

/// A table with a line a call, and a line of totals.
[[nodiscard]] std::string call_table(const std::vector<CallRecord>& calls);
/// "0003-executor-a: executor, p/m, 2026-01-31T09:45:00Z"
[[nodiscard]] std::string call_header(const CallRecord& call);
/// "ok, 1234 tokens in, 56 out, $0.0123, 12.3 s", and why it is not ok.
[[nodiscard]] std::string call_footer(const CallRecord& call);

}  // namespace director::cli
