// What one node may cost.
#include <gmock/gmock.h>

#include "money.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::HasSubstr;

TEST(NodeCeiling, NodeAtItFailsAndTheOthersLand) {
  World world;
  world.adopt({node("a"), node("b", {"a"}), node("c")});
  world.obedient({"b", "c"});
  world.settings.limits.node_cost_ceiling_usd = 0.5;
  world.runner.script["executor-a"] = {
      Turn{.steps = {step(0.25), step(0.25), step(0.25)}, .hangs = true}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Failed);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("limits.node_cost_ceiling_usd"));
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Blocked);
  EXPECT_EQ(state_of(*end, "c").status, NodeStatus::Done);
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U);
  EXPECT_DOUBLE_EQ(ledger(world).of_node(NodeId("a")).usd, 0.5);
  EXPECT_THAT(world.files.text("/repo/.director/state.json"),
              HasSubstr("limits.node_cost_ceiling_usd"));
  expect_one_truth(world);
}

// 0.01 + 0.01 + 0.06 reaches 0.08; in the order of the roles, once the call has ended, it does not.
TEST(NodeCeiling, NodeThatWasStoppedAtItStopsNobodyElse) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"b"});
  world.settings.review.stage_two_file_threshold = 0;
  world.settings.limits.node_cost_ceiling_usd = 0.08;
  world.reviewer.asks = true;
  world.reviewer.script = {review{"No.", {{severity::critical, "a.txt", "wrong"}}},
                           review{"Fine.", {}}};
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "x"}}, .cost_usd = 0.01},
                                       Turn{.steps = {step(0.06)}, .hangs = true}};
  world.runner.script["executor-b"] = {Turn{.files = {{"b.txt", "x"}}, .cost_usd = 0.01}};
  for (const char* id : {"a", "b"}) {
    world.runner.script[std::string("reviewer-") + id] = {Turn{.answer = "said", .cost_usd = 0.01}};
  }
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Failed);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
}

TEST(NodeCeiling, ForbidsTheNextAttemptAndEscalation) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.settings.limits.node_cost_ceiling_usd = 0.5;
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}}};
  world.runner.script["escalation-a"] = {Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run({.max_attempts = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Failed);
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  EXPECT_EQ(state_of(*end, "a").tier, run::TierKind::Executor);
  EXPECT_TRUE(world.runner.calls("escalation-a").empty());

  world.settings.limits.node_cost_ceiling_usd = 2;
  const Result<run::RunState> more = world.run({.max_attempts = 1, .retry = true});
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
}

TEST(NodeCeiling, StopsItsReviewToo) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.review = {.stage_two_file_threshold = 0, .on_error = config::OnReviewError::Pass};
  world.settings.limits.node_cost_ceiling_usd = 0.5;
  world.reviewer.asks = true;
  world.runner.script["reviewer-a"] = {Turn{.steps = {step(0.25)}, .hangs = true}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Failed)
      << "a review that could not be paid for is no pass, whatever review.on_error says";
  EXPECT_TRUE(world.landings().empty());
  world.repository.collect_garbage();
  world.settings.limits.node_cost_ceiling_usd = 0;
  world.runner.script["reviewer-a"] = {Turn{.answer = "fine"}};
  const Result<run::RunState> more = world.run({.retry = true});
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U) << "only its review was owed";
}

}  // namespace
}  // namespace director::engine::testing
