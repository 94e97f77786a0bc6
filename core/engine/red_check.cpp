#include "core/engine/red_check.hpp"

#include <algorithm>

#include "core/engine/gate_check.hpp"
#include "core/plan/wrong_red.hpp"

namespace director::engine {
namespace {

RedCheck judge(const plan::Node& node, const GateChecked& checked, bool first) {
  const director::verdict& verdict = checked.verdict;
  const std::string command = "`" + node.test_cmd + "`";
  switch (verdict.outcome) {
    case DIRECTOR_GATE_FAIL:
      if (!checked.limit.empty() || checked.timed_out) {
        return {RedKind::CannotRun, "the tests cannot be run: " + told(verdict)};
      }
      if (std::string wrong = plan::wrong_red(node, verdict.detail); !wrong.empty()) {
        return {RedKind::CannotRun,
                command + " fails for the wrong reason: " + wrong + "\n" + told(verdict)};
      }
      return {};
    case DIRECTOR_GATE_PASS:
      return first ? RedCheck{RedKind::Passes,
                              command +
                                  " passes although nothing is implemented: the tests check "
                                  "nothing new"}
                   : RedCheck{RedKind::Flaky,
                              command + " fails and passes by turns: the tests are flaky"};
    default:
      return {RedKind::CannotRun, "the tests cannot be run: " + told(verdict)};
  }
}

}  // namespace

Result<RedCheck> check_red(const Services& services, Workspaces& workspaces, const plan::Node& node,
                           const Oid& commit) {
  const SlotLease slot = workspaces.lease_verify();
  const int runs = std::max(2, services.settings.limits.flake_runs);
  for (int i = 0; i < runs; ++i) {
    DIRECTOR_CHECK(workspaces.prepare_to_gate(*slot, commit, commit, services.interrupt));
    DIRECTOR_TRY(const GateChecked tests, check_tests(services, node, slot->dir, {}));
    RedCheck checked = judge(node, tests, i == 0);
    if (checked.kind != RedKind::Red) {
      return checked;
    }
  }
  return RedCheck{};
}

}  // namespace director::engine
