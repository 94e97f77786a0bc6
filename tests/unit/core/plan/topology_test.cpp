#include "core/plan/topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/matchers.hpp"

namespace director::plan {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using testing::IsOk;

std::vector<Node> graph(std::vector<std::pair<std::string, std::vector<std::string>>> edges) {
  std::vector<Node> nodes;
  for (auto& [id, depends_on] : edges) {
    nodes.emplace_back().id = NodeId(id);
    for (const std::string& dependency : depends_on) {
      nodes.back().depends_on.emplace_back(dependency);
    }
  }
  return nodes;
}

TEST(Topology, OrdersAndLists) {
  const auto topology =
      make_topology(graph({{"d", {"b", "c", "b"}}, {"c", {"a"}}, {"b", {"a"}}, {"a", {}}}));
  ASSERT_THAT(topology, IsOk());
  EXPECT_THAT(topology->order, ElementsAre(NodeId("a"), NodeId("c"), NodeId("b"), NodeId("d")));
  EXPECT_THAT(topology->dependencies.at(NodeId("d")), ElementsAre(NodeId("c"), NodeId("b")));
  EXPECT_THAT(topology->dependents.at(NodeId("a")), ElementsAre(NodeId("c"), NodeId("b")));
  EXPECT_TRUE(topology->dependents.at(NodeId("d")).empty());
  EXPECT_TRUE(topology->dependencies.at(NodeId("a")).empty());
}

TEST(Topology, RefusesWhatIsNoDag) {
  EXPECT_THAT(make_topology(graph({{"a", {"b"}}, {"b", {"a"}}})),
              FailsWith(Errc::Invalid, "form a cycle"));
  EXPECT_THAT(make_topology(graph({{"a", {"a"}}})), FailsWith(Errc::Invalid, "'a', itself"));
  EXPECT_THAT(make_topology(graph({{"a", {"q"}}})),
              FailsWith(Errc::Invalid, "node 'a' depends on 'q', which is not in it"));
  EXPECT_THAT(make_topology(graph({{"a", {}}, {"a", {}}})),
              FailsWith(Errc::Invalid, "two nodes are called 'a'"));
}

TEST(Topology, ALongChainNeedsNoStack) {
  std::vector<Node> nodes(100'000);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].id = NodeId(std::to_string(i));
    if (i + 1 < nodes.size()) {
      nodes[i].depends_on.emplace_back(std::to_string(i + 1));
    }
  }
  const auto topology = make_topology(nodes);
  ASSERT_THAT(topology, IsOk());
  EXPECT_EQ(topology->order.front(), NodeId("99999"));
  EXPECT_EQ(topology->order.back(), NodeId("0"));
}

}  // namespace
}  // namespace director::plan
