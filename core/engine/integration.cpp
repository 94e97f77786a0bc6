#include "core/engine/integration.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "core/engine/gate_check.hpp"
#include "core/engine/merger.hpp"
#include "core/engine/node_tests.hpp"

namespace director::engine {

namespace {

/// So many failures are told with their output; of the others it is said whose tests they are.
constexpr int kToldWhole = 5;

/// Nodes whose tests are to be run on `tip`: each command once, and none that passed there already.
std::vector<const plan::Node*> to_test(const std::vector<LandedNode>& landed, const Oid& tip) {
  std::set<std::string_view> commands;
  for (const LandedNode& last : landed) {
    if (last.passed_on == tip) {
      commands.insert(last.node->test_cmd);
    }
  }
  std::vector<const plan::Node*> nodes;
  for (const LandedNode& one : landed) {
    if (commands.insert(one.node->test_cmd).second) {
      nodes.push_back(one.node);
    }
  }
  return nodes;
}

/// Empty: all are on `tip` as they were frozen.
Result<std::string> changed_tests(const Services& services, const Oid& tip,
                                  const std::vector<LandedNode>& landed) {
  DIRECTOR_TRY(const std::shared_ptr<director::vcs> vcs, services.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info info, vcs->resolve(tip.value));
  std::string text;
  for (const LandedNode& one : landed) {
    const Status frozen = Merger::check_frozen(*vcs, *one.node, Oid(info.tree));
    const Errc code = frozen ? Errc::Conflict : frozen.error().code();
    if (code != Errc::Conflict && code != Errc::NotFound && code != Errc::Invalid) {
      return frozen.error();  // it cannot be looked at
    }
    if (!frozen) {
      text += "node '" + one.node->id.value + "', which landed: " + frozen.error().message() + "\n";
    }
  }
  return text;
}

/// At least one. Those that are there, and as many more as there are processors for: one that is
/// made is a checkout of the whole repository.
std::vector<SlotLease> slots_for(Workspaces& workspaces, std::size_t tests, int parallel) {
  const std::size_t most = std::min(tests, static_cast<std::size_t>(std::max(1, parallel)));
  const std::size_t processors = std::thread::hardware_concurrency();
  std::vector<SlotLease> slots{workspaces.lease_verify()};
  workspaces.add_idle_verify(slots, most);
  while (slots.size() < std::min(most, processors)) {
    slots.push_back(workspaces.lease_verify());
  }
  return slots;
}

/// Empty: all of them pass.
std::string failures(const std::vector<const plan::Node*>& nodes,
                     const std::vector<std::optional<GateChecked>>& checked) {
  std::string text;
  int failed = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const director::verdict& verdict = checked[i]->verdict;  // all of them ran
    if (verdict.outcome == DIRECTOR_GATE_PASS) {
      continue;
    }
    text += "tests of node '" + nodes[i]->id.value + "', which landed: ";
    text += (++failed <= kToldWhole ? told(verdict) : verdict.summary) + "\n";
  }
  return text;
}

}  // namespace

Result<run::RunEvent> run_integration_gates(const Services& services, Workspaces& workspaces,
                                            const Oid& tip, const std::vector<LandedNode>& landed,
                                            int parallel) {
  DIRECTOR_TRY(const std::string changed, changed_tests(services, tip, landed));
  const std::vector<const plan::Node*> nodes = to_test(landed, tip);
  const std::vector<SlotLease> slots = slots_for(workspaces, nodes.size(), parallel);
  DIRECTOR_TRY(const std::vector<std::optional<GateChecked>> checked,
               run_tests_of(services, workspaces, {tip, tip, {}}, nodes, slots));
  const SlotLease& slot = slots.front();
  run::IntegrationGated gated;
  gated.detail = changed + failures(nodes, checked);
  gated.passed = gated.detail.empty();
  for (const config::Gate& configured : services.settings.gates) {
    DIRECTOR_CHECK(workspaces.prepare_to_gate(*slot, tip, tip, services.interrupt));
    DIRECTOR_TRY(const GateChecked gate,
                 check_gate(services, {configured.name, configured.command, slot->dir, "", {}}));
    if (gate.verdict.outcome != DIRECTOR_GATE_PASS) {
      gated.passed = false;
      gated.detail += "gate '" + configured.name + "': " + told(gate.verdict) + "\n";
    }
  }
  return run::RunEvent(std::move(gated));
}

}  // namespace director::engine
