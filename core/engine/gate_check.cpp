#include "core/engine/gate_check.hpp"

#include <memory>

namespace director::engine {

Result<director::verdict> check_gate(const Services& services, const GateCheck& check) {
  DIRECTOR_TRY(std::shared_ptr<director::gate> gate, services.backends.gate->lease());
  const std::unique_ptr<ports::CallHost> host = services.hosts.open(
      {.label = (check.node.empty() ? "gate " : check.node + " ") + check.name,
       .node = check.node,
       .purpose = ports::Purpose::Gate,
       .cancel = services.interrupt,
       .deadline = services.clock.now() + services.settings.limits.node_timeout});
  director::verdict verdict = gate->check(
      {.scope = check.node.empty() ? director::gate_scope::integration : director::gate_scope::node,
       .name = check.name,
       .command = check.command,
       .workdir = check.workdir,
       .node = check.node,
       .changes = check.changes},
      host->services());
  if (services.interrupt.cancelled()) {
    return Error(Errc::Cancelled, "interrupted");
  }
  return verdict;
}

std::string told(const director::verdict& verdict) {
  return verdict.detail.empty() ? verdict.summary : verdict.summary + "\n" + verdict.detail;
}

}  // namespace director::engine
