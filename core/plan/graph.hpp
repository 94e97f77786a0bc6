/// The dependency graph by index, and what can be asked of it. Pure; no recursion, so its depth is
/// bounded by memory alone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/plan.hpp"

namespace director::plan {

using NodeIndex = std::uint32_t;  ///< position in the list of nodes

struct Graph {
  std::vector<std::vector<NodeIndex>> dependencies;  ///< sorted, each once
  std::vector<std::vector<NodeIndex>> dependents;    ///< sorted, each once

  [[nodiscard]] std::size_t size() const { return dependencies.size(); }
};

/// Leaves out edges to unknown nodes and to the node itself. Of equal ids the first one counts.
[[nodiscard]] Graph make_graph(const std::vector<Node>& nodes);

/// Dependencies first; among nodes that are ready, in the order of the list. Nodes on a cycle, or
/// behind one, are missing.
[[nodiscard]] std::vector<NodeIndex> topological_order(const Graph& graph);

/// One short cycle for each set of nodes that depend on each other, in the order of the list. A
/// cycle starts with its first node of the list, and each node depends on the next.
[[nodiscard]] std::vector<std::vector<NodeIndex>> find_cycles(const Graph& graph);

/// Does `to` depend on `from`, directly or through others?
struct PathQuery {
  NodeIndex from;
  NodeIndex to;
};

/// Answers each query with 1 or 0. `order` holds every node. Time: that of a few passes over the
/// graph for each 512 queries that no direct edge answers.
[[nodiscard]] std::vector<std::uint8_t> answer_paths(const Graph& graph,
                                                     const std::vector<NodeIndex>& order,
                                                     const std::vector<PathQuery>& queries);

}  // namespace director::plan
