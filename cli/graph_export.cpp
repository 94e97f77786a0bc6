// The graph for programs that draw.
#include <string>
#include <string_view>

#include "cli/graph_view.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kLabelBytes = 160;

/// One printable line, bounded.
std::string label_text(std::string_view text) {
  std::string shown = text::printable(text::trim(text).substr(0, 4 * kLabelBytes));
  if (shown.size() > kLabelBytes) {
    shown = text::cut_middle(shown, kLabelBytes);
    shown = shown.substr(0, shown.find('\n')) + "...";
  }
  return shown;
}

/// Inside of double quotes Graphviz ends the string at '"', reads '\' as the start of an escape
/// (\N is the node's name) and '&' as the start of an HTML entity.
std::string dot_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
    if (c == '&') {
      out += "amp;";
    }
  }
  return out;
}

/// Mermaid knows quotes, Markdown, HTML, %% directives and #..; entities inside of a label; as
/// entities none of their characters means anything.
std::string mermaid_escaped(std::string_view text) {
  constexpr std::string_view kPlain = " -_.,/:()";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else {
      out += "#" + std::to_string(byte) + ";";
    }
  }
  return out;
}

struct Colour {
  std::string_view status;
  std::string_view fill;
};
constexpr Colour kColours[] = {
    {"done", "#c8e6c9"},  {"running", "#bbdefb"}, {"escalated", "#ffcdd2"}, {"failed", "#ffcdd2"},
    {"error", "#ffcdd2"}, {"blocked", "#e0e0e0"}, {"pending", "#ffffff"}};

std::string_view fill_of(const std::string& status) {
  for (const Colour& colour : kColours) {
    if (colour.status == status) {
      return colour.fill;
    }
  }
  return "#ffffff";
}

std::string name_of(std::size_t index) { return "n" + std::to_string(index); }

}  // namespace

std::string graph_dot(const GraphView& view) {
  std::string out =
      "digraph plan {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n";
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    const GraphNode& node = view.nodes[i];
    out += "  " + name_of(i) + " [label=\"" + dot_escaped(label_text(node.id));
    if (!node.title.empty()) {
      out += "\\n" + dot_escaped(label_text(node.title));
    }
    if (!node.status.empty()) {
      out += "\\n" + node.status;
    }
    out += "\", fillcolor=\"" + std::string(fill_of(node.status)) + "\"];\n";
  }
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    for (const plan::NodeIndex needed : view.nodes[i].depends_on) {
      out += "  " + name_of(needed) + " -> " + name_of(i) + ";\n";
    }
  }
  return out + "}\n";
}

std::string graph_mermaid(const GraphView& view) {
  std::string out = "flowchart LR\n";
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    const GraphNode& node = view.nodes[i];
    out += "  " + name_of(i) + "[\"" + mermaid_escaped(label_text(node.id));
    if (!node.title.empty()) {
      out += "<br/>" + mermaid_escaped(label_text(node.title));
    }
    out += "\"]";
    if (!node.status.empty()) {
      out += ":::is_" + node.status;
    }
    out += "\n";
  }
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    for (const plan::NodeIndex needed : view.nodes[i].depends_on) {
      out += "  " + name_of(needed) + " --> " + name_of(i) + "\n";
    }
  }
  for (const Colour& colour : kColours) {
    out += "  classDef is_" + std::string(colour.status) + " fill:" + std::string(colour.fill) +
           ",stroke:#555555,color:#000000\n";
  }
  return out;
}

}  // namespace director::cli
