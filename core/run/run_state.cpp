#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "core/run/running.hpp"

namespace director::run {

std::string_view to_string(NodeStatus status) {
  switch (status) {
    case NodeStatus::Pending:
      return "pending";
    case NodeStatus::Running:
      return "running";
    case NodeStatus::Done:
      return "done";
    case NodeStatus::Escalated:
      return "escalated";
    case NodeStatus::Failed:
      return "failed";
    case NodeStatus::Blocked:
      return "blocked";
    case NodeStatus::Error:
      return "error";
  }
  return "";
}

bool is_final(NodeStatus status) {
  return status != NodeStatus::Pending && status != NodeStatus::Running;
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::Idle:
      return "idle";
    case Phase::Preparing:
      return "preparing";
    case Phase::Working:
      return "working";
    case Phase::Capturing:
      return "capturing";
    case Phase::Integrating:
      return "integrating";
    case Phase::Gating:
      return "gating";
    case Phase::Reviewing:
      return "reviewing";
    case Phase::AwaitingLane:
    case Phase::AwaitingLand:
      return "waiting to land";
    case Phase::Landing:
      return "landing";
  }
  return "";
}

namespace {

/// Dependencies before what waits for them. A node of a cycle, which no valid plan has, is left
/// out.
std::vector<std::size_t> in_order(const Topology& topology) {
  std::vector<std::size_t> missing = topology.dependency_count;
  std::vector<std::size_t> order;
  order.reserve(missing.size());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] == 0) {
      order.push_back(i);
    }
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const std::size_t dependent : topology.dependents[order[next]]) {
      if (--missing[dependent] == 0) {
        order.push_back(dependent);
      }
    }
  }
  return order;
}

void rank_by_urgency(Topology& topology) {
  const std::vector<std::size_t> order = in_order(topology);
  std::vector<std::size_t> chain(topology.ids.size());  // of nodes that wait, one after the other
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    for (const std::size_t dependent : topology.dependents[*node]) {
      chain[*node] = std::max(chain[*node], chain[dependent] + 1);
    }
  }
  topology.by_urgency.resize(chain.size());
  std::iota(topology.by_urgency.begin(), topology.by_urgency.end(), std::size_t{0});
  std::stable_sort(topology.by_urgency.begin(), topology.by_urgency.end(),
                   [&](std::size_t a, std::size_t b) { return chain[a] > chain[b]; });
  topology.urgency.resize(chain.size());
  for (std::size_t place = 0; place < chain.size(); ++place) {
    topology.urgency[topology.by_urgency[place]] = place;
  }
}

}  // namespace

RunState make_run_state(std::vector<NodeId> ids,
                        const std::vector<std::vector<std::size_t>>& dependencies) {
  auto topology = std::make_shared<Topology>();
  topology->dependents.resize(ids.size());
  topology->dependency_count.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    topology->index.emplace(ids[i], i);
    topology->dependency_count[i] = dependencies[i].size();
    for (const std::size_t needed : dependencies[i]) {
      topology->dependents[needed].push_back(i);
    }
  }
  topology->ids = std::move(ids);
  rank_by_urgency(*topology);

  RunState state;
  state.nodes.resize(topology->ids.size());
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    state.nodes[i].missing = topology->dependency_count[i];
    if (state.nodes[i].missing == 0) {
      state.ready.insert(topology->urgency[i]);
    }
  }
  state.topology = std::move(topology);
  return state;
}

}  // namespace director::run
