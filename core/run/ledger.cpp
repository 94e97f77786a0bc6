#include "core/run/ledger.hpp"

#include <algorithm>

namespace director::run {
namespace {

Status reserve(Ledger& ledger, const CallReserved& call) {
  if (!ledger.open.emplace(call.call, call).second) {
    return Error(Errc::Conflict, "cannot reserve call '" + call.call + "': it is reserved already");
  }
  ledger.reserved_usd += call.usd;
  return ok();
}

Status settle(Ledger& ledger, const CallEnded& call) {
  const auto open = ledger.open.find(call.call);
  if (open == ledger.open.end()) {
    return Error(Errc::Conflict, "cannot end call '" + call.call + "': it was not reserved");
  }
  ledger.reserved_usd = ledger.open.size() == 1 ? 0 : ledger.reserved_usd - open->second.usd;
  ledger.open.erase(open);
  ledger.total.add(call);
  ledger.by_role[call.role].add(call);
  ledger.by_model[call.model].add(call);
  ledger.by_node[call.node][call.role].add(call);
  double& largest = ledger.largest_call_usd[call.role];
  largest = std::max(largest, call.usd);
  return ok();
}

}  // namespace

void Spend::add(const CallEnded& call) {
  input += call.input + call.cache_read + call.cache_write;
  output += call.output + call.reasoning;
  usd += call.usd;
  ++calls;
}

Spend Ledger::of_node(const NodeId& node) const {
  Spend sum;
  const auto found = by_node.find(node);
  if (found == by_node.end()) {
    return sum;
  }
  for (const auto& [role, spend] : found->second) {
    sum.input += spend.input;
    sum.output += spend.output;
    sum.usd += spend.usd;
    sum.calls += spend.calls;
  }
  return sum;
}

Status advance(Ledger& ledger, const MoneyEvent& event) {
  if (const auto* reserved = std::get_if<CallReserved>(&event)) {
    return reserve(ledger, *reserved);
  }
  return settle(ledger, std::get<CallEnded>(event));
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
  const double committed = ledger.total.usd + ledger.reserved_usd;
  // Without a known price nothing can be set aside; then the ceiling itself still stops the next
  // call.
  return committed < ceiling_usd && committed + reserve_usd <= ceiling_usd;
}

}  // namespace director::run
