#include "cli/graph_view.hpp"

#include <algorithm>
#include <unordered_set>

#include "cli/wording.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kWidestId = 32;
constexpr std::size_t kTitleBytes = 72;
constexpr std::size_t kNamesShown = 6;

std::string short_title(const std::string& title) {
  const std::string whole(text::trim(title));
  std::string shown = text::cut_middle(whole, kTitleBytes);
  return text::printable(shown.substr(0, shown.find('\n'))) +
         (shown.size() < whole.size() ? "..." : "");
}

/// "after a, b and 9 more"
std::string waits_for(const GraphView& view, const GraphNode& node) {
  std::vector<std::string> names;
  for (const plan::NodeIndex needed : node.depends_on) {
    if (names.size() == kNamesShown) {
      break;
    }
    names.push_back(text::printable(view.nodes[needed].id));
  }
  for (const std::string& unknown : node.unknown) {
    if (names.size() == kNamesShown) {
      break;
    }
    names.push_back(text::printable(unknown) + " (not in the plan)");
  }
  if (names.empty()) {
    return {};
  }
  const std::size_t left = node.depends_on.size() + node.unknown.size() - names.size();
  return "  after " + text::join(names, ", ") +
         (left == 0 ? "" : " and " + std::to_string(left) + " more");
}

struct Widths {
  std::size_t id = 0;
  std::size_t status = 0;
};

Widths widths_of(const GraphView& view) {
  Widths widths;
  for (const GraphNode& node : view.nodes) {
    const std::size_t id = text::printable(node.id).size();
    widths.id = id <= kWidestId ? std::max(widths.id, id) : widths.id;
    widths.status = std::max(widths.status, node.status.size());
  }
  return widths;
}

std::string node_line(const GraphView& view, const GraphNode& node, const Widths& widths) {
  std::string line = "  ";
  if (widths.status > 0) {
    line += padded(node.status, widths.status) + "  ";
  }
  line += padded(text::printable(node.id), widths.id) + "  " + short_title(node.title) +
          waits_for(view, node);
  return line + "\n";
}

}  // namespace

GraphView make_graph_view(const plan::Plan& plan, const run::RunState* run) {
  const plan::Graph graph = plan::make_graph(plan.nodes);
  GraphView view{plan.job_id.value, plan.job_branch, {}, {{}}};
  std::unordered_set<NodeId> ids;
  for (const plan::Node& node : plan.nodes) {
    ids.insert(node.id);
  }
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const plan::Node& node = plan.nodes[i];
    GraphNode shown{node.id.value, node.title, 0, graph.dependencies[i], {}, {}};
    for (const NodeId& needed : node.depends_on) {
      if (!ids.contains(needed)) {
        shown.unknown.push_back(needed.value);
      }
    }
    if (run != nullptr && i < run->nodes.size()) {
      shown.status = run::to_string(run->nodes[i].status);
    }
    view.nodes.push_back(std::move(shown));
  }
  for (const plan::NodeIndex index : plan::topological_order(graph)) {
    std::size_t level = 1;
    for (const plan::NodeIndex needed : graph.dependencies[index]) {
      level = std::max(level, view.nodes[needed].level + 1);
    }
    view.nodes[index].level = level;
  }
  for (plan::NodeIndex i = 0; i < view.nodes.size(); ++i) {
    const std::size_t level = view.nodes[i].level;
    if (view.levels.size() <= level) {
      view.levels.resize(level + 1);
    }
    view.levels[level].push_back(i);
  }
  return view;
}

std::string graph_text(const GraphView& view) {
  std::string out = "Plan of job " + text::printable(view.job) + " on " +
                    text::printable(view.branch) + ": " + counted(view.nodes.size(), "node") +
                    " in " + counted(view.levels.size() - 1, "level") + "\n";
  const Widths widths = widths_of(view);
  for (std::size_t level = 1; level < view.levels.size(); ++level) {
    out += "\nlevel " + std::to_string(level) + ", " + counted(view.levels[level].size(), "node") +
           "\n";
    for (const plan::NodeIndex index : view.levels[level]) {
      out += node_line(view, view.nodes[index], widths);
    }
  }
  if (!view.levels[0].empty()) {
    out += "\non a cycle or behind one, " + counted(view.levels[0].size(), "node") + "\n";
    for (const plan::NodeIndex index : view.levels[0]) {
      out += node_line(view, view.nodes[index], widths);
    }
  }
  return out;
}

std::string graph_json(const GraphView& view) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("job_id", view.job);
  out.member("job_branch", view.branch);
  out.key("nodes").begin_array();
  for (const GraphNode& node : view.nodes) {
    out.begin_object();
    out.member("id", node.id);
    out.member("title", node.title);
    out.member("level", node.level);
    std::vector<std::string> needed;
    for (const plan::NodeIndex index : node.depends_on) {
      needed.push_back(view.nodes[index].id);
    }
    needed.insert(needed.end(), node.unknown.begin(), node.unknown.end());
    out.member("depends_on", needed);
    out.key("status");
    if (node.status.empty()) {
      out.null();
    } else {
      out.value(node.status);
    }
    out.end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

}  // namespace director::cli
