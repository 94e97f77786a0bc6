/// The job's money: what was reserved, what was spent, on what. Pure.
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

  void add(const CallEnded& call);
};

struct Ledger {
  std::map<std::string, CallReserved> open;  ///< by call id: reserved, not yet ended
  double reserved_usd = 0;
  Spend total;
  std::map<std::string, double> largest_call_usd;          ///< by role
  std::map<NodeId, std::map<std::string, Spend>> by_node;  ///< node -> role; planning: ""
  std::map<std::string, Spend> by_role;
  std::map<std::string, Spend> by_model;

  [[nodiscard]] Spend of_node(const NodeId& node) const;
};

/// Errors: Conflict for a call that was reserved twice, or that ends without having been reserved.
[[nodiscard]] Status advance(Ledger& ledger, const MoneyEvent& event);

/// What to set aside for a call of a role: its largest call so far, at least `least_usd`.
[[nodiscard]] double reserve_for(const Ledger& ledger, const std::string& role, double least_usd);

/// True if a call with this reservation keeps to the ceiling. `ceiling_usd` 0: there is none.
[[nodiscard]] bool affordable(const Ledger& ledger, double reserve_usd, double ceiling_usd);

}  // namespace director::run
