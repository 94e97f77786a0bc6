/// The job's money: what was reserved, what is being spent, what was spent, on what. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/ids.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::run {

struct Spend {
  std::int64_t input = 0;   ///< tokens, cache reads and writes included
  std::int64_t output = 0;  ///< tokens, reasoning included
  double usd = 0;
  int calls = 0;

  void add(const Usage& call);
  /// What a call has metered that did not end yet, and so is not among the calls.
  void add_open(const Usage& so_far);
};

/// A call that is under way.
struct OpenCall {
  CallReserved reserved;
  Usage metered;  ///< so far

  /// What it binds: what was set aside for it, or what it has used where that is more.
  [[nodiscard]] double bound_usd() const;
};

struct Ledger {
  std::map<std::string, OpenCall> open;  ///< by call id: reserved, not yet ended
  Spend total;                           ///< of the calls that ended, like all that follows
  std::map<std::string, double> largest_call_usd;          ///< by role
  std::map<NodeId, std::map<std::string, Spend>> by_node;  ///< node -> role; planning: ""
  std::map<std::string, Spend> by_role;
  std::map<std::string, Spend> by_model;

  /// What ended on a node and what its open calls have metered.
  [[nodiscard]] Spend of_node(const NodeId& node) const;
  /// The same of the job.
  [[nodiscard]] Spend so_far() const;
  /// What ended and what the open calls have metered.
  [[nodiscard]] double spent_usd() const;
  /// What ended and what the open calls bind.
  [[nodiscard]] double committed_usd() const;
};

/// Errors: Conflict for a call that was reserved twice, or that is metered or ends without having
/// been reserved.
[[nodiscard]] Status advance(Ledger& ledger, const MoneyEvent& event);

/// The end of a call that used this much.
[[nodiscard]] CallEnded end_of(const CallReserved& call, const Usage& used);

/// What limits spending. 0: there is no such limit.
struct Ceilings {
  double job_usd = 0;
  double node_usd = 0;  ///< of what a run spends on one node: what its tests cost is not counted
};

enum class Ceiling : std::uint8_t { None, Job, Node };

/// What to set aside for a call of a role: its largest call so far, at least `least_usd`.
[[nodiscard]] double reserve_for(const Ledger& ledger, const std::string& role, double least_usd);

/// True if a call with this reservation keeps to the ceiling. `ceiling_usd` 0: there is none.
[[nodiscard]] bool affordable(const Ledger& ledger, double reserve_usd, double ceiling_usd);

/// The ceiling that does not let this call begin.
[[nodiscard]] Ceiling refusal(const Ledger& ledger, const CallReserved& call,
                              const Ceilings& ceilings);

/// True if only what calls under way have set aside keeps this one from beginning: it may, once
/// they have given back what they do not use.
[[nodiscard]] bool may_fit_later(const Ledger& ledger, const CallReserved& call,
                                 const Ceilings& ceilings);

/// The ceiling at which this call, which is under way, has to end.
[[nodiscard]] Ceiling reached(const Ledger& ledger, const CallReserved& call,
                              const Ceilings& ceilings);

/// True if a run has spent on the call's node, calls under way included, what it may.
[[nodiscard]] bool node_is_spent(const Ledger& ledger, const CallReserved& call,
                                 const Ceilings& ceilings);

}  // namespace director::run
