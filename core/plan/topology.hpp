/// Who waits for whom, for the scheduler. Pure.
#pragma once

#include <map>
#include <vector>

#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::plan {

struct Topology {
  std::vector<NodeId> order;  ///< dependencies first, else as in the plan
  std::map<NodeId, std::vector<NodeId>>
      dependencies;                                  ///< direct ones, each once; key for each node
  std::map<NodeId, std::vector<NodeId>> dependents;  ///< likewise, the other way round
};

/// For a valid plan. Errors: Invalid if ids repeat, a dependency is unknown or there is a cycle.
[[nodiscard]] Result<Topology> make_topology(const std::vector<Node>& nodes);

}  // namespace director::plan
