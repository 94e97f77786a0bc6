#include "core/engine/neighbours.hpp"

#include <gmock/gmock.h>

namespace director::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

plan::Node node(const std::string& id, std::vector<std::string> files,
                const std::vector<std::string>& needs = {}) {
  plan::Node made;
  made.id = NodeId(id);
  made.files = std::move(files);
  made.test_cmd = "test " + id;
  for (const std::string& needed : needs) {
    made.depends_on.emplace_back(needed);
  }
  return made;
}

plan::Plan plan_of(std::vector<plan::Node> nodes) {
  plan::Plan plan;
  plan.nodes = std::move(nodes);
  return plan;
}

std::vector<std::string> names(const std::vector<const plan::Node*>& nodes) {
  std::vector<std::string> ids;
  for (const plan::Node* one : nodes) {
    ids.push_back(one->id.value);
  }
  return ids;
}

void land(Neighbours& neighbours, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    neighbours.saw_landed(NodeId(id));
  }
}

TEST(Neighbours, WhatLandedMeanwhileComesFirstThenSharedFilesThenDependencies) {
  const plan::Plan plan =
      plan_of({node("needed", {"n"}), node("shares", {"x"}), node("shares-too", {"x", "y"}),
               node("far", {"z"}), node("meanwhile", {"m"}), node("it", {"x"}, {"needed"})});
  Neighbours neighbours(plan, 8);
  land(neighbours, {"needed", "shares", "shares-too", "far", "meanwhile"});
  EXPECT_THAT(names(neighbours.of(plan.nodes[5], {NodeId("meanwhile")})),
              ElementsAre("meanwhile", "shares-too", "shares", "needed"));
}

TEST(Neighbours, NoMoreThanAskedFor) {
  const plan::Plan plan =
      plan_of({node("a", {"x"}), node("b", {"x"}), node("c", {"x"}), node("it", {"x"}, {"a"})});
  Neighbours neighbours(plan, 2);
  land(neighbours, {"a", "b", "c"});
  EXPECT_THAT(names(neighbours.of(plan.nodes[3], {})), ElementsAre("c", "b"));
  EXPECT_THAT(names(neighbours.of(plan.nodes[3], {NodeId("a")})), ElementsAre("a", "c"));
  Neighbours none(plan, 0);
  land(none, {"a", "b", "c"});
  EXPECT_THAT(none.of(plan.nodes[3], {NodeId("a")}), IsEmpty());
}

TEST(Neighbours, EachCommandOnceAndNotItsOwn) {
  plan::Plan plan =
      plan_of({node("a", {"x"}), node("b", {"x"}), node("c", {"x"}), node("it", {"x"}, {"a"})});
  plan.nodes[1].test_cmd = plan.nodes[0].test_cmd;
  plan.nodes[2].test_cmd = plan.nodes[3].test_cmd;
  Neighbours neighbours(plan, 8);
  land(neighbours, {"a", "b", "c"});
  EXPECT_THAT(names(neighbours.of(plan.nodes[3], {NodeId("b"), NodeId("a"), NodeId("c")})),
              ElementsAre("b"));
}

TEST(Neighbours, WhatHasNotLandedOrIsInNoPlanIsNone) {
  const plan::Plan plan = plan_of({node("a", {"x"}), node("it", {"x"}, {"a", "gone"})});
  Neighbours neighbours(plan, 8);
  land(neighbours, {"gone"});
  EXPECT_THAT(neighbours.of(plan.nodes[1], {NodeId("of another job")}), IsEmpty());
  land(neighbours, {"a", "a"});
  EXPECT_THAT(names(neighbours.of(plan.nodes[1], {})), ElementsAre("a"));
}

}  // namespace
}  // namespace director::engine
