/// The parts of validate(). Only validate*.cpp include this.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/plan/graph.hpp"
#include "core/plan/validate.hpp"

namespace director::plan {

class Problems {
 public:
  void add(NodeIndex node, std::string message) { found_.push_back({node, std::move(message)}); }
  /// In the order of the nodes; of one node, in the order they were added.
  [[nodiscard]] std::vector<Problem> take(const std::vector<Node>& nodes) &&;

 private:
  struct Found {
    NodeIndex node;
    std::string message;
  };
  std::vector<Found> found_;
};

/// Each path for itself; files against tests; files against folders.
void check_paths(const std::vector<Node>& nodes, Problems& problems);

/// A command that runs a file which the node may change, and none of its tests, proves nothing.
void check_commands(const std::vector<Node>& nodes, Problems& problems);

/// Nodes that no dependency path joins share no file and no test. `order` holds every node.
void check_sharing(const std::vector<Node>& nodes, const Graph& graph,
                   const std::vector<NodeIndex>& order, Problems& problems);

}  // namespace director::plan
