#include "core/plan/validate.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "core/base/text.hpp"
#include "core/plan/graph.hpp"
#include "core/plan/names.hpp"
#include "core/plan/validate_parts.hpp"

namespace director::plan {
namespace {

/// Which node has an id: by its text, and by its text without case.
void check_ids(const std::vector<Node>& nodes, Problems& problems) {
  std::unordered_map<std::string_view, NodeIndex> first_with;
  std::unordered_map<std::string, NodeIndex> first_alike;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    const std::string& id = nodes[i].id.value;
    if (const auto problem = id_problem(id)) {
      problems.add(i, *problem);
    }
    const auto [same, is_new] = first_with.emplace(id, i);
    if (!is_new) {
      problems.add(i, "the id is taken: nodes " + std::to_string(same->second + 1) + " and " +
                          std::to_string(i + 1) + " of the list have it, rename one");
      continue;
    }
    const auto [alike, is_distinct] = first_alike.emplace(text::to_lower(id), i);
    if (!is_distinct) {
      problems.add(i, "the id differs from " + shown(nodes[alike->second].id.value) +
                          " only in case, so their branches collide on some file systems: rename "
                          "one");
    }
  }
}

void check_dependencies(const std::vector<Node>& nodes, Problems& problems) {
  constexpr std::size_t kMostSuggestions = 20;
  constexpr std::size_t kMostCandidates = 10'000;
  std::unordered_map<std::string_view, NodeIndex> known;
  std::vector<std::string> candidates;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    known.emplace(nodes[i].id.value, i);
    if (candidates.size() < kMostCandidates) {
      candidates.push_back(nodes[i].id.value);
    }
  }
  std::size_t suggestions = 0;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    for (const NodeId& dependency : nodes[i].depends_on) {
      if (dependency == nodes[i].id) {
        problems.add(i,
                     "depends_on: the node depends on itself: remove " + shown(dependency.value));
        continue;
      }
      if (known.contains(dependency.value)) {
        continue;
      }
      std::string hint;
      if (suggestions++ < kMostSuggestions) {
        const auto close = text::closest_match(dependency.value, candidates);
        hint = close && *close != nodes[i].id.value ? ", did you mean " + shown(*close) + "?" : "";
      }
      problems.add(i, "depends_on: there is no node " + shown(dependency.value) +
                          ": name a node of the plan or remove it" + hint);
    }
  }
}

void check_content(const std::vector<Node>& nodes, Problems& problems) {
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    if (text::trim(nodes[i].test_cmd).empty()) {
      problems.add(i, "test_cmd is empty: give the command that runs the node's tests");
    } else if (nodes[i].test_cmd.find('\0') != std::string::npos) {
      problems.add(i, "test_cmd has a NUL character: remove it");
    }
    if (nodes[i].files.empty()) {
      problems.add(i, "files is empty: list the files that the node may change");
    }
  }
}

void check_cycles(const std::vector<Node>& nodes, const Graph& graph, Problems& problems) {
  constexpr std::size_t kLongest = 20;
  for (const std::vector<NodeIndex>& cycle : find_cycles(graph)) {
    std::string names;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      if (cycle.size() > kLongest && i == kLongest / 2) {
        const std::size_t skipped = cycle.size() - kLongest;
        names += "... " + std::to_string(skipped) + " more ... -> ";
        i += skipped;
      }
      names += text::printable(nodes[cycle[i]].id.value) + " -> ";
    }
    names += text::printable(nodes[cycle.front()].id.value);
    problems.add(cycle.front(),
                 "depends_on: the dependencies form a cycle, " + names + ": remove one of them");
  }
}

}  // namespace

std::vector<Problem> Problems::take(const std::vector<Node>& nodes) && {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.node < b.node; });
  std::vector<Problem> all;
  all.reserve(found_.size());
  for (Found& found : found_) {
    all.push_back({nodes[found.node].id, std::move(found.message)});
  }
  return all;
}

std::vector<Problem> validate(const std::vector<Node>& nodes) {
  if (nodes.empty()) {
    return {{NodeId(), "the plan has no nodes: give at least one"}};
  }
  Problems problems;
  check_ids(nodes, problems);
  check_dependencies(nodes, problems);
  const Graph graph = make_graph(nodes);
  const std::vector<NodeIndex> order = topological_order(graph);
  if (order.size() != nodes.size()) {
    check_cycles(nodes, graph, problems);
  }
  check_content(nodes, problems);
  check_paths(nodes, problems);
  check_commands(nodes, problems);
  if (order.size() == nodes.size()) {
    check_sharing(nodes, graph, order, problems);
  }
  return std::move(problems).take(nodes);
}

std::string describe(const std::vector<Problem>& problems, std::size_t limit) {
  std::string lines;
  for (std::size_t i = 0; i < problems.size() && i < limit; ++i) {
    if (i > 0) {
      lines += '\n';
    }
    if (!problems[i].node.empty()) {
      lines += "node " + shown(problems[i].node.value) + ": ";
    }
    lines += problems[i].message;
  }
  if (problems.size() > limit) {
    lines += "\nand " + std::to_string(problems.size() - limit) + " more";
  }
  return lines;
}

}  // namespace director::plan
