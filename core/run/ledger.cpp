#include "core/run/ledger.hpp"

#include <algorithm>
#include <string_view>

namespace director::run {
namespace {

/// The role whose calls belong to a node and yet are no part of a run.
constexpr std::string_view kPlanningRole = "test_author";
/// 0.1 + 0.2 is 0.3: what sums of dollars are off by is less than this.
constexpr double kRounding = 1e-9;

Status reserve(Ledger& ledger, const CallReserved& call) {
  if (!ledger.open.emplace(call.call, OpenCall{call, {}}).second) {
    return Error(Errc::Conflict, "cannot reserve call '" + call.call + "': it is reserved already");
  }
  return ok();
}

Status meter(Ledger& ledger, const CallMetered& call) {
  const auto open = ledger.open.find(call.call);
  if (open == ledger.open.end()) {
    return Error(Errc::Conflict, "cannot meter call '" + call.call + "': it was not reserved");
  }
  open->second.metered = call.used;
  return ok();
}

Status settle(Ledger& ledger, const CallEnded& call) {
  if (ledger.open.erase(call.call) == 0) {
    return Error(Errc::Conflict, "cannot end call '" + call.call + "': it was not reserved");
  }
  ledger.total.add(call.used);
  ledger.by_role[call.role].add(call.used);
  ledger.by_model[call.model].add(call.used);
  ledger.by_node[call.node][call.role].add(call.used);
  double& largest = ledger.largest_call_usd[call.role];
  largest = std::max(largest, call.used.usd);
  return ok();
}

double spent_on(const Ledger& ledger, const NodeId& node) {
  double usd = 0;
  if (const auto found = ledger.by_node.find(node); found != ledger.by_node.end()) {
    for (const auto& [role, spend] : found->second) {
      usd += role == kPlanningRole ? 0 : spend.usd;
    }
  }
  for (const auto& [id, call] : ledger.open) {
    const bool counts = call.reserved.node == node && call.reserved.role != kPlanningRole;
    usd += counts ? call.metered.usd : 0;
  }
  return usd;
}

}  // namespace

void Spend::add(const Usage& call) {
  add_open(call);
  ++calls;
}

void Spend::add_open(const Usage& so_far) {
  input += so_far.input + so_far.cache_read + so_far.cache_write;
  output += so_far.output + so_far.reasoning;
  usd += so_far.usd;
}

double OpenCall::bound_usd() const { return std::max(reserved.usd, metered.usd); }

Spend Ledger::of_node(const NodeId& node) const {
  Spend sum;
  if (const auto found = by_node.find(node); found != by_node.end()) {
    for (const auto& [role, spend] : found->second) {
      sum.input += spend.input;
      sum.output += spend.output;
      sum.usd += spend.usd;
      sum.calls += spend.calls;
    }
  }
  for (const auto& [id, call] : open) {
    if (call.reserved.node == node) {
      sum.add_open(call.metered);
    }
  }
  return sum;
}

Spend Ledger::so_far() const {
  Spend sum = total;
  for (const auto& [id, call] : open) {
    sum.add_open(call.metered);
  }
  return sum;
}

double Ledger::spent_usd() const {
  double usd = total.usd;
  for (const auto& [id, call] : open) {
    usd += call.metered.usd;
  }
  return usd;
}

double Ledger::committed_usd() const {
  double usd = total.usd;
  for (const auto& [id, call] : open) {
    usd += call.bound_usd();
  }
  return usd;
}

Status advance(Ledger& ledger, const MoneyEvent& event) {
  if (const auto* reserved = std::get_if<CallReserved>(&event)) {
    return reserve(ledger, *reserved);
  }
  if (const auto* metered = std::get_if<CallMetered>(&event)) {
    return meter(ledger, *metered);
  }
  return settle(ledger, std::get<CallEnded>(event));
}

CallEnded end_of(const CallReserved& call, const Usage& used) {
  return {call.call, call.role, call.model, call.node, used};
}

double reserve_for(const Ledger& ledger, const std::string& role, double least_usd) {
  const auto largest = ledger.largest_call_usd.find(role);
  return largest == ledger.largest_call_usd.end() ? least_usd
                                                  : std::max(least_usd, largest->second);
}

bool affordable(const Ledger& ledger, double reserve_usd, double ceiling_usd) {
  if (ceiling_usd <= 0) {
    return true;
  }
  const double committed = ledger.committed_usd();
  // Without a known price nothing can be set aside; then the ceiling itself still stops the next
  // call.
  return committed < ceiling_usd && committed + reserve_usd <= ceiling_usd + kRounding;
}

Ceiling refusal(const Ledger& ledger, const CallReserved& call, const Ceilings& ceilings) {
  if (node_is_spent(ledger, call, ceilings)) {
    return Ceiling::Node;
  }
  return affordable(ledger, call.usd, ceilings.job_usd) ? Ceiling::None : Ceiling::Job;
}

bool may_fit_later(const Ledger& ledger, const CallReserved& call, const Ceilings& ceilings) {
  const double spent = ledger.spent_usd();
  return refusal(ledger, call, ceilings) == Ceiling::Job && !ledger.open.empty() &&
         spent < ceilings.job_usd && spent + call.usd <= ceilings.job_usd + kRounding;
}

Ceiling reached(const Ledger& ledger, const CallReserved& call, const Ceilings& ceilings) {
  if (node_is_spent(ledger, call, ceilings)) {
    return Ceiling::Node;
  }
  const bool job = ceilings.job_usd > 0 && ledger.spent_usd() >= ceilings.job_usd;
  return job ? Ceiling::Job : Ceiling::None;
}

bool node_is_spent(const Ledger& ledger, const CallReserved& call, const Ceilings& ceilings) {
  return ceilings.node_usd > 0 && !call.node.empty() && call.role != kPlanningRole &&
         spent_on(ledger, call.node) >= ceilings.node_usd;
}

}  // namespace director::run
