#include "core/plan/graph.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <string_view>
#include <unordered_map>

namespace director::plan {
namespace {

constexpr NodeIndex kNone = std::numeric_limits<NodeIndex>::max();

/// Strongly connected components: for each node, the number of its component.
class Components {
 public:
  explicit Components(const Graph& graph)
      : graph_(graph), number_(graph.size(), kNone), low_(graph.size()), of_(graph.size(), kNone) {
    for (NodeIndex root = 0; root < graph.size(); ++root) {
      if (number_[root] == kNone) {
        visit(root);
      }
    }
  }

  [[nodiscard]] const std::vector<NodeIndex>& of() const { return of_; }
  [[nodiscard]] NodeIndex count() const { return count_; }

 private:
  struct Frame {
    NodeIndex node;
    std::size_t next_edge = 0;
  };

  void enter(NodeIndex node) {
    number_[node] = low_[node] = entered_++;
    members_.push_back(node);
    frames_.push_back({node});
  }

  void visit(NodeIndex root) {
    enter(root);
    while (!frames_.empty()) {
      const NodeIndex node = frames_.back().node;
      const std::vector<NodeIndex>& edges = graph_.dependencies[node];
      if (frames_.back().next_edge < edges.size()) {
        const NodeIndex next = edges[frames_.back().next_edge++];
        if (number_[next] == kNone) {
          enter(next);
        } else if (of_[next] == kNone) {
          low_[node] = std::min(low_[node], number_[next]);
        }
        continue;
      }
      frames_.pop_back();
      if (!frames_.empty()) {
        NodeIndex& parent_low = low_[frames_.back().node];
        parent_low = std::min(parent_low, low_[node]);
      }
      if (low_[node] == number_[node]) {
        close(node);
      }
    }
  }

  void close(NodeIndex root) {
    NodeIndex member = kNone;
    do {
      member = members_.back();
      members_.pop_back();
      of_[member] = count_;
    } while (member != root);
    ++count_;
  }

  const Graph& graph_;
  std::vector<NodeIndex> number_;
  std::vector<NodeIndex> low_;
  std::vector<NodeIndex> of_;
  std::vector<NodeIndex> members_;
  std::vector<Frame> frames_;
  NodeIndex entered_ = 0;
  NodeIndex count_ = 0;
};

/// The shortest cycle through `start` that stays in its component; empty if there is none.
/// `came_from` holds kNone everywhere, before and after.
std::vector<NodeIndex> shortest_cycle(const Graph& graph, const std::vector<NodeIndex>& component,
                                      NodeIndex start, std::vector<NodeIndex>& came_from) {
  std::vector<NodeIndex> reached{start};
  std::vector<NodeIndex> cycle;
  for (std::size_t i = 0; i < reached.size() && cycle.empty(); ++i) {
    for (const NodeIndex next : graph.dependencies[reached[i]]) {
      if (next == start) {
        for (NodeIndex at = reached[i]; at != kNone; at = came_from[at]) {
          cycle.push_back(at);
        }
        break;
      }
      if (component[next] == component[start] && came_from[next] == kNone) {
        came_from[next] = reached[i];
        reached.push_back(next);
      }
    }
  }
  for (const NodeIndex node : reached) {
    came_from[node] = kNone;
  }
  std::reverse(cycle.begin(), cycle.end());
  return cycle;
}

}  // namespace

Graph make_graph(const std::vector<Node>& nodes) {
  std::unordered_map<std::string_view, NodeIndex> index_of;
  index_of.reserve(nodes.size());
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    index_of.emplace(nodes[i].id.value, i);
  }
  Graph graph{std::vector<std::vector<NodeIndex>>(nodes.size()),
              std::vector<std::vector<NodeIndex>>(nodes.size())};
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    std::vector<NodeIndex>& edges = graph.dependencies[i];
    for (const NodeId& id : nodes[i].depends_on) {
      const auto found = index_of.find(id.value);
      if (found != index_of.end() && found->second != i) {
        edges.push_back(found->second);
      }
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    for (const NodeIndex dependency : edges) {
      graph.dependents[dependency].push_back(i);
    }
  }
  return graph;
}

std::vector<NodeIndex> topological_order(const Graph& graph) {
  std::vector<std::size_t> missing(graph.size());
  std::priority_queue<NodeIndex, std::vector<NodeIndex>, std::greater<>> ready;
  for (NodeIndex i = 0; i < graph.size(); ++i) {
    missing[i] = graph.dependencies[i].size();
    if (missing[i] == 0) {
      ready.push(i);
    }
  }
  std::vector<NodeIndex> order;
  order.reserve(graph.size());
  while (!ready.empty()) {
    const NodeIndex node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const NodeIndex dependent : graph.dependents[node]) {
      if (--missing[dependent] == 0) {
        ready.push(dependent);
      }
    }
  }
  return order;
}

std::vector<std::vector<NodeIndex>> find_cycles(const Graph& graph) {
  const Components components(graph);
  std::vector<std::uint8_t> seen(components.count(), 0);
  std::vector<NodeIndex> came_from(graph.size(), kNone);
  std::vector<std::vector<NodeIndex>> cycles;
  for (NodeIndex i = 0; i < graph.size(); ++i) {
    if (seen[components.of()[i]]++ != 0) {
      seen[components.of()[i]] = 1;
      continue;
    }
    std::vector<NodeIndex> cycle = shortest_cycle(graph, components.of(), i, came_from);
    if (!cycle.empty()) {
      cycles.push_back(std::move(cycle));
    }
  }
  return cycles;
}

}  // namespace director::plan
