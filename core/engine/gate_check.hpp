/// Asking the gate plugin.
#pragma once

#include <string>
#include <vector>

#include "core/engine/services.hpp"
#include "core/engine/usage.hpp"
#include "core/plan/plan.hpp"
#include "director/gate.hpp"
#include "director/result.hpp"

namespace director::engine {

struct GateCheck {
  std::string name;     ///< key in [gates], or "tests"
  std::string command;  ///< shell command
  std::string workdir;  ///< absolute; a clean checkout
  std::string node;     ///< empty: the job as a whole
  std::vector<director::change> changes;
};

struct GateChecked {
  director::verdict verdict;
  std::string workdir;  ///< where its command ran
  run::Used used;
  /// The limit of resources that its command ran into and did not pass after, as the verdict says,
  /// too; empty: none.
  std::string limit;
  bool timed_out = false;  ///< it did not pass before the deadline
};

/// One check, within the node's time limit. Errors: Cancelled when interrupted; the gate plugin
/// cannot be had. Blocks.
[[nodiscard]] Result<GateChecked> check_gate(const Services& services, const GateCheck& check);

/// The node's tests in a checkout of `changes`, once.
[[nodiscard]] Result<GateChecked> check_tests(const Services& services, const plan::Node& node,
                                              const std::string& workdir,
                                              const std::vector<director::change>& changes);

/// The verdict's summary and detail as one text.
[[nodiscard]] std::string told(const director::verdict& verdict);

}  // namespace director::engine
