#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace director::engine
