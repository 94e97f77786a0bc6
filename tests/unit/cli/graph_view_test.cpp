#include "cli/graph_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/engine/replay.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

plan::Plan plan_of(
    const std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>& nodes) {
  plan::Plan plan;
  plan.job_id = JobId("j1");
  plan.job_branch = "director/job-j1";
  for (const auto& [id, title, needed] : nodes) {
    plan::Node& node = plan.nodes.emplace_back();
    node.id = NodeId(id);
    node.title = title;
    for (const std::string& dependency : needed) {
      node.depends_on.emplace_back(dependency);
    }
  }
  return plan;
}

const plan::Plan& diamond() {
  static const plan::Plan kPlan = plan_of({{"a", "First", {}},
                                           {"left", "Left side", {"a"}},
                                           {"right", "Right side", {"a"}},
                                           {"end", "Both", {"right", "left"}}});
  return kPlan;
}

TEST(GraphView, TextShowsLevelsAndWhatEachNodeWaitsFor) {
  EXPECT_EQ(graph_text(make_graph_view(diamond(), nullptr)),
            "Plan of job j1 on director/job-j1: 4 nodes in 3 levels\n"
            "\n"
            "level 1, 1 node\n"
            "  a      First\n"
            "\n"
            "level 2, 2 nodes\n"
            "  left   Left side  after a\n"
            "  right  Right side  after a\n"
            "\n"
            "level 3, 1 node\n"
            "  end    Both  after left, right\n");
}

TEST(GraphView, StatusStandsWhereThereIsARun) {
  run::RunState run = engine::initial_run_state(diamond());
  run.nodes[0].status = run::NodeStatus::Done;
  run.nodes[1].status = run::NodeStatus::Escalated;
  const GraphView view = make_graph_view(diamond(), &run);
  const std::string text = graph_text(view);
  EXPECT_THAT(text, HasSubstr("  done       a      First\n"));
  EXPECT_THAT(text, HasSubstr("  escalated  left   Left side  after a\n"));
  EXPECT_THAT(text, HasSubstr("  pending    right"));
  EXPECT_THAT(graph_dot(view), HasSubstr(R"(label="left\nLeft side\nescalated")"));
  EXPECT_THAT(graph_mermaid(view), HasSubstr("n1[\"left<br/>Left side\"]:::is_escalated\n"));
}

TEST(GraphView, JsonHoldsTheWholeGraph) {
  const auto json = parse_json(graph_json(make_graph_view(diamond(), nullptr)));
  ASSERT_THAT(json, IsOk());
  const std::vector<Json> nodes = json->get_array("nodes").value();
  ASSERT_EQ(nodes.size(), 4U);
  EXPECT_THAT(nodes[3].get_strings("depends_on").value(), ElementsAre("left", "right"));
  EXPECT_EQ(nodes[3].get_int("level").value(), 3);
  EXPECT_TRUE(nodes[3].get("status")->is_null());
}

// plan.json may be edited by hand between the gates.
TEST(GraphView, ShowsAPlanThatIsNotValid) {
  const plan::Plan plan = plan_of({{"a", "", {"b"}},
                                   {"b", "", {"a"}},
                                   {"c", "", {"nobody", "c"}},
                                   {"c", "twice", {}},
                                   {"d", "", {"a", "c"}}});
  const std::string text = graph_text(make_graph_view(plan, nullptr));
  EXPECT_THAT(text, HasSubstr("on a cycle or behind one, 3 nodes\n"));
  EXPECT_THAT(text, HasSubstr("after nobody (not in the plan)"));
  EXPECT_THAT(text, HasSubstr("level 1, 2 nodes\n"));
  EXPECT_THAT(graph_text(make_graph_view(plan::Plan{}, nullptr)), HasSubstr("0 nodes in 0 levels"));
}

const char* const kHostile[] = {
    "a\"; evil [label=\"x",
    "back\\",
    "\\\"",
    "\\N \\G \\l",
    "&quot;];evil[&#34;",
    "line\nbreak\r\n  evil --> n0",
    "\"] --> n1; click n0 \"javascript:alert(1)\"",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "`markdown **x**`",
    "%%{init: {\"theme\": \"dark\"}}%%",
    "#quot; #35; &amp;",
    "end",
    "subgraph x",
    "\x1b[2J\x1b]0;title\x07",
    "\xc2\x9b[31m",
    "\xe2\x80\xae"
    "txt\xe2\x80\xac",
    "\xff\xfe",
    "",
    "]]>-->",
};

plan::Plan hostile_plan() {
  plan::Plan plan;
  plan.job_id = JobId(kHostile[5]);
  plan.job_branch = kHostile[14];
  for (const char* text : kHostile) {
    plan::Node& node = plan.nodes.emplace_back();
    node.id = NodeId(text);
    node.title = text;
    node.depends_on.emplace_back(kHostile[0]);
    node.depends_on.emplace_back(std::string("not there ") + text);
  }
  return plan;
}

void expect_harmless(const std::string& text) {
  EXPECT_TRUE(text::is_utf8(text));
  for (const std::string_view line : text::split_lines(text)) {
    EXPECT_EQ(text::printable(line), line);
  }
}

TEST(GraphView, NothingFromAModelReachesTheTerminalRaw) {
  const GraphView view = make_graph_view(hostile_plan(), nullptr);
  expect_harmless(graph_text(view));
  expect_harmless(graph_dot(view));
  expect_harmless(graph_mermaid(view));
  EXPECT_THAT(parse_json(graph_json(view)), IsOk());
}

// Every line has the one shape that we write; nothing in a label can end its string.
TEST(GraphView, DotKeepsLabelsInsideOfTheirQuotes) {
  const std::string dot = graph_dot(make_graph_view(hostile_plan(), nullptr));
  const std::regex node(
      R"re(  n\d+ \[label="([^"\\&]|\\["\\n]|&amp;)*", fillcolor="#[0-9a-f]{6}"\];)re");
  const std::regex edge(R"(  n\d+ -> n\d+;)");
  std::size_t nodes = 0;
  for (const std::string_view line : text::split_lines(dot)) {
    const std::string text(line);
    if (!text.starts_with("  n") || text.starts_with("  node [")) {
      EXPECT_THAT(text, ::testing::MatchesRegex(
                            "digraph plan \\{|  rankdir=LR;|  node \\[shape=box.*|\\}"));
      continue;
    }
    const bool is_node = std::regex_match(text, node);
    nodes += is_node ? 1 : 0;
    EXPECT_TRUE(is_node || std::regex_match(text, edge)) << text;
  }
  EXPECT_EQ(nodes, std::size(kHostile));
}

TEST(GraphView, MermaidKeepsLabelsInsideOfTheirQuotes) {
  const std::string mermaid = graph_mermaid(make_graph_view(hostile_plan(), nullptr));
  const std::regex node(
      R"re(  n\d+\["([-a-zA-Z0-9 _.,/:()\x80-\xff]|#\d+;|<br/>)*"\](:::is_[a-z]+)?)re");
  const std::regex edge(R"(  n\d+ --> n\d+)");
  std::size_t nodes = 0;
  for (const std::string_view line : text::split_lines(mermaid)) {
    const std::string text(line);
    if (text == "flowchart LR" || text.starts_with("  classDef is_")) {
      continue;
    }
    // std::regex compares chars as signed: fold what is not ASCII.
    std::string folded = text;
    std::replace_if(
        folded.begin(), folded.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
        'u');
    const bool is_node = std::regex_match(folded, node);
    nodes += is_node ? 1 : 0;
    EXPECT_TRUE(is_node || std::regex_match(folded, edge)) << text;
  }
  EXPECT_EQ(nodes, std::size(kHostile));
  EXPECT_THAT(mermaid, Not(HasSubstr("%%")));
}

TEST(GraphView, LongTextsAreCut) {
  const plan::Plan plan = plan_of({{"a", std::string(1'000'000, 'x'), {}}});
  const GraphView view = make_graph_view(plan, nullptr);
  for (const std::string& text : {graph_text(view), graph_dot(view), graph_mermaid(view)}) {
    EXPECT_LT(text.size(), 2000U);
    EXPECT_THAT(text, HasSubstr("xxx..."));
  }
}

// The text stays near-linear, too: a node that waits for thousands names a few.
TEST(GraphView, TenThousandNodes) {
  plan::Plan plan;
  constexpr std::size_t kNodes = 10'000;
  for (std::size_t i = 0; i < kNodes; ++i) {
    plan::Node& node = plan.nodes.emplace_back();
    node.id = NodeId("n" + std::to_string(i));
    if (i > 0) {
      node.depends_on.emplace_back("n" + std::to_string(i - 1));
    }
  }
  for (std::size_t i = 0; i + 1 < kNodes; ++i) {
    plan.nodes.back().depends_on.emplace_back("n" + std::to_string(i));
  }
  const GraphView view = make_graph_view(plan, nullptr);
  EXPECT_EQ(view.nodes.back().level, kNodes);
  const std::string text = graph_text(view);
  EXPECT_THAT(text, HasSubstr("n5 and 9993 more\n"));
  EXPECT_LT(text.size(), kNodes * 64);
  const std::string dot = graph_dot(view);
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '>'), 2 * (static_cast<long>(kNodes) - 1) - 1);
}

}  // namespace
}  // namespace director::cli
