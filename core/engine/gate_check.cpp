#include "core/engine/gate_check.hpp"

#include <algorithm>
#include <memory>

namespace director::engine {

namespace {

bool has_network(const config::Sandbox& sandbox, const std::string& gate) {
  return std::find(sandbox.network_gates.begin(), sandbox.network_gates.end(), gate) !=
         sandbox.network_gates.end();
}

}  // namespace

Result<GateChecked> check_gate(const Services& services, const GateCheck& check) {
  DIRECTOR_TRY(std::shared_ptr<director::gate> gate, services.backends.gate->lease());
  const ports::SteadyTime deadline = services.clock.now() + services.settings.limits.node_timeout;
  const std::unique_ptr<ports::CallHost> host =
      services.hosts.open({.label = (check.node.empty() ? "gate " : check.node + " ") + check.name,
                           .node = check.node,
                           .purpose = ports::Purpose::Gate,
                           .cancel = services.interrupt,
                           .deadline = deadline,
                           .network = has_network(services.settings.sandbox, check.name)});
  const bool was_untouched = services.untouched->remove(check.workdir);
  GateChecked checked;
  checked.workdir = check.workdir;
  checked.verdict = gate->check(
      {.scope = check.node.empty() ? director::gate_scope::integration : director::gate_scope::node,
       .name = check.name,
       .command = check.command,
       .workdir = check.workdir,
       .node = check.node,
       .changes = check.changes},
      host->services());
  if (was_untouched && host->spared_folders()) {
    services.untouched->add(check.workdir);
  }
  if (services.interrupt.cancelled()) {
    return Error(Errc::Cancelled, "interrupted");
  }
  director::verdict& verdict = checked.verdict;
  checked.timed_out = services.clock.now() >= deadline;
  if (verdict.outcome == DIRECTOR_GATE_PASS && checked.timed_out) {
    // Its command was ended then: whatever it took for a pass was not the command's.
    verdict = director::verdict::error("gate plugin '" + services.settings.plugins.gate +
                                       "' says pass after its deadline, which counts for nothing");
  }
  if (verdict.outcome != DIRECTOR_GATE_PASS) {
    checked.limit = host->limit();
    verdict.summary += checked.limit.empty() ? "" : "; " + checked.limit;
  }
  verdict.summary = services.redactor.mask(verdict.summary);
  verdict.detail = services.redactor.mask(verdict.detail);
  checked.used = used_by(host->usage());
  return checked;
}

Result<GateChecked> check_tests(const Services& services, const plan::Node& node,
                                const std::string& workdir,
                                const std::vector<director::change>& changes) {
  return check_gate(
      services, {std::string(config::kNodeTests), node.test_cmd, workdir, node.id.value, changes});
}

std::string told(const director::verdict& verdict) {
  return verdict.detail.empty() ? verdict.summary : verdict.summary + "\n" + verdict.detail;
}

}  // namespace director::engine
