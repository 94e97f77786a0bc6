#include "core/engine/integration.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "core/engine/gate_check.hpp"

namespace director::engine {

namespace {

/// So many failures are told with their output; of the others it is said whose tests they are.
constexpr int kToldWhole = 5;

/// Nodes whose tests are to be run on `tip`: each command once, and none that passed there already.
std::vector<const plan::Node*> to_test(const std::vector<LandedNode>& landed, const Oid& tip) {
  std::set<std::string_view> commands;
  for (const LandedNode& last : landed) {
    if (last.commit == tip) {
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

/// The tests of landed nodes on the tip of the job branch, by a few workers.
class TestsOfLanded {
 public:
  TestsOfLanded(const Services& services, Workspaces& workspaces, const Oid& tip,
                const std::vector<LandedNode>& landed)
      : services_(services),
        workspaces_(workspaces),
        tip_(tip),
        nodes_(to_test(landed, tip)),
        outcomes_(nodes_.size()) {}

  [[nodiscard]] Status run(int parallel) {
    const std::size_t count = std::min(nodes_.size(), static_cast<std::size_t>(parallel));
    std::vector<std::thread> workers;
    for (std::size_t i = 1; i < count; ++i) {
      workers.emplace_back([this] { work(); });
    }
    work();
    for (std::thread& worker : workers) {
      worker.join();
    }
    for (const auto& outcome : outcomes_) {
      if (outcome && !*outcome) {
        return outcome->error();
      }
    }
    return ok();
  }

  /// Empty: all of them pass.
  [[nodiscard]] std::string failures() const {
    std::string text;
    int failed = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const director::verdict& verdict = (*outcomes_[i])->verdict;
      if (verdict.outcome == DIRECTOR_GATE_PASS) {
        continue;
      }
      text += "tests of node '" + nodes_[i]->id.value + "', which landed: ";
      text += (++failed <= kToldWhole ? told(verdict) : verdict.summary) + "\n";
    }
    return text;
  }

 private:
  void work() {
    const SlotLease slot = workspaces_.lease_verify();
    for (std::size_t i = next_++; i < nodes_.size() && !stop_; i = next_++) {
      outcomes_[i] = check(*nodes_[i], *slot);
      stop_ = stop_ || !*outcomes_[i];
    }
  }

  [[nodiscard]] Result<GateChecked> check(const plan::Node& node, const director::slot& slot) {
    DIRECTOR_CHECK(workspaces_.prepare_to_gate(slot, tip_, tip_, services_.interrupt));
    return check_tests(services_, node, slot.dir, {});
  }

  const Services& services_;
  Workspaces& workspaces_;
  const Oid& tip_;
  std::vector<const plan::Node*> nodes_;
  std::vector<std::optional<Result<GateChecked>>> outcomes_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
};

}  // namespace

Result<run::RunEvent> run_integration_gates(const Services& services, Workspaces& workspaces,
                                            const Oid& tip, const std::vector<LandedNode>& landed,
                                            int parallel) {
  TestsOfLanded tests(services, workspaces, tip, landed);
  DIRECTOR_CHECK(tests.run(parallel));
  run::IntegrationGated gated;
  gated.detail = tests.failures();
  gated.passed = gated.detail.empty();
  if (services.settings.gates.empty()) {
    return run::RunEvent(std::move(gated));
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
