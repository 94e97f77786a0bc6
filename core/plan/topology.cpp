#include "core/plan/topology.hpp"

#include <set>

#include "core/plan/graph.hpp"

namespace director::plan {

Result<Topology> make_topology(const std::vector<Node>& nodes) {
  std::set<NodeId> ids;
  for (const Node& node : nodes) {
    if (!ids.insert(node.id).second) {
      return Error(Errc::Invalid,
                   "cannot order the plan: two nodes are called '" + node.id.value + "'");
    }
  }
  for (const Node& node : nodes) {
    for (const NodeId& dependency : node.depends_on) {
      if (!ids.contains(dependency) || dependency == node.id) {
        return Error(Errc::Invalid,
                     "cannot order the plan: node '" + node.id.value + "' depends on '" +
                         dependency.value +
                         (dependency == node.id ? "', itself" : "', which is not in it"));
      }
    }
  }
  const Graph graph = make_graph(nodes);
  const std::vector<NodeIndex> order = topological_order(graph);
  if (order.size() != nodes.size()) {
    return Error(Errc::Invalid, "cannot order the plan: its dependencies form a cycle");
  }
  Topology topology;
  for (const NodeIndex node : order) {
    topology.order.push_back(nodes[node].id);
  }
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    std::vector<NodeId>& dependencies = topology.dependencies[nodes[i].id];
    for (const NodeIndex dependency : graph.dependencies[i]) {
      dependencies.push_back(nodes[dependency].id);
    }
    std::vector<NodeId>& dependents = topology.dependents[nodes[i].id];
    for (const NodeIndex dependent : graph.dependents[i]) {
      dependents.push_back(nodes[dependent].id);
    }
  }
  return topology;
}

}  // namespace director::plan
