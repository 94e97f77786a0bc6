/// The plan's graph, laid out, and how people and scripts read it. Pure. Ids and titles come from a
/// model: whatever stands in them reaches no terminal and no other program as more than text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/plan/graph.hpp"
#include "core/plan/plan.hpp"
#include "core/run/running.hpp"

namespace director::cli {

struct GraphNode {
  std::string id;
  std::string title;
  std::size_t level = 0;                    ///< from 1; 0: on a cycle or behind one
  std::vector<plan::NodeIndex> depends_on;  ///< sorted
  std::vector<std::string> unknown;         ///< dependencies that are not in the plan
  std::string status;                       ///< as in state.json; empty: there is no run
};

struct GraphView {
  std::string job;
  std::string branch;
  std::vector<GraphNode> nodes;                      ///< in the plan's order
  std::vector<std::vector<plan::NodeIndex>> levels;  ///< [0] holds those without a level
};

/// Near-linear in nodes and edges. The plan need not be valid. `run`: of this plan, or null.
[[nodiscard]] GraphView make_graph_view(const plan::Plan& plan, const run::RunState* run);

/// Level by level: what can be done at the same time stands together.
[[nodiscard]] std::string graph_text(const GraphView& view);
[[nodiscard]] std::string graph_json(const GraphView& view);
/// For Graphviz.
[[nodiscard]] std::string graph_dot(const GraphView& view);
[[nodiscard]] std::string graph_mermaid(const GraphView& view);

}  // namespace director::cli
