#include "core/engine/integration.hpp"

#include "core/engine/gate_check.hpp"

namespace director::engine {

Result<run::RunEvent> run_integration_gates(const Services& services, Workspaces& workspaces,
                                            const Oid& tip) {
  run::IntegrationGated gated;
  gated.passed = true;
  if (services.settings.gates.empty()) {
    return run::RunEvent(gated);
  }
  const SlotLease slot = workspaces.lease_verify();
  for (const config::Gate& configured : services.settings.gates) {
    DIRECTOR_CHECK(workspaces.prepare_to_gate(*slot, tip, tip, services.interrupt));
    DIRECTOR_TRY(const GateChecked checked,
                 check_gate(services, {configured.name, configured.command, slot->dir, "", {}}));
    if (checked.verdict.outcome != DIRECTOR_GATE_PASS) {
      gated.passed = false;
      gated.detail += "gate '" + configured.name + "': " + told(checked.verdict) + "\n";
    }
  }
  return run::RunEvent(std::move(gated));
}

}  // namespace director::engine
