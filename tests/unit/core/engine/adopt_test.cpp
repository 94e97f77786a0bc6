#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plan/plan_json.hpp"
#include "tests/unit/core/engine/world.hpp"
#include "tests/unit/matchers.hpp"

namespace director::engine {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::HasSubstr;
using testing::node;
using testing::World;

TEST(MakeReady, WritesThePlanAndItsStageAgainWhereTheyAreGone) {
  World world;
  world.adopt({node("a")});
  ASSERT_THAT(world.ready(), IsOk());
  const Result<std::string> plan = world.files.read("/repo/.director/plan.json");
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(*plan, HasSubstr("\"a\""));
  const Result<std::string> stage = world.files.read("/repo/.director/plan_stage.json");
  ASSERT_THAT(stage, IsOk());
  EXPECT_THAT(*stage, HasSubstr("\"ready\""));
}

TEST(MakeReady, RefusesAPlanThatWasEditedAfterItWasFrozen) {
  World world;
  world.adopt({node("a")});
  world.files.put("/repo/.director/plan.json", "{}");
  EXPECT_THAT(world.ready(), FailsWith(Errc::Conflict, "was changed after the plan was frozen"));
}

TEST(MakeReady, RefusesAPlanWhoseJobIdIsNoName) {
  for (const std::string id : {"../../pwn", "..", "/tmp/pwn", "a/b", "-x", "a\nb", ".hidden"}) {
    World world;
    world.repository.commit_on(testing::kRef, {{"README", "hello"}});
    plan::Node alone = node("a");
    alone.tests.clear();
    const plan::Plan plan{JobId(id),        "task", "/repo", "2026-01-01T00:00:00Z",
                          testing::kBranch, {alone}};
    world.files.put("/repo/.director/plan.json", plan::to_json(plan));
    EXPECT_THAT(world.ready(), FailsWith(Errc::Invalid, "its job_id '")) << id;
    EXPECT_EQ(world.files.text(world.journal()), "") << "nothing was started";
  }
}

}  // namespace
}  // namespace director::engine
