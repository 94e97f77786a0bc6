/// From a planner's JSON to nodes. Only reply*.cpp include this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/plan/plan.hpp"

namespace director::plan {

/// The value that should be the list of nodes; nullopt if this is no plan at all.
[[nodiscard]] std::optional<Json> find_nodes(const Json& json);

struct ReadNodes {
  std::vector<Node> nodes;
  std::vector<std::string> problems;  ///< "nodes[3].files: ..."
};

[[nodiscard]] ReadNodes read_nodes(const Json& list);

}  // namespace director::plan
