/// Whether a plan may run. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/plan/plan.hpp"

namespace director::plan {

struct Problem {
  NodeId node;          ///< empty: the plan as a whole
  std::string message;  ///< what is wrong and the fix

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Every rule of the plan's format, every violation at once, in the order of the nodes. While there
/// is a cycle, who may share a file cannot be judged and is left out. Of many nodes that wrongly
/// share a file, those next to each other in dependency order are named. Time: near-linear in the
/// size of the plan.
[[nodiscard]] std::vector<Problem> validate(const std::vector<Node>& nodes);

/// One line a problem, "node 'a': ...", without a line break at the end; at most `limit` of them
/// and then "and N more".
[[nodiscard]] std::string describe(const std::vector<Problem>& problems, std::size_t limit = 200);

}  // namespace director::plan
