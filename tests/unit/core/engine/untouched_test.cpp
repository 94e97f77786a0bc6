// When version control may be told that nobody wrote to a slot. That it is never told so of a slot
// that somebody did write to is checked at the end of every World.
#include "core/engine/untouched.hpp"

#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class UntouchedSlot : public ::testing::Test {
 protected:
  /// Two nodes, one after the other, whose agents do as they are told.
  void run() {
    world.adopt({node("a"), node("b", {"a"})});
    world.obedient({"a", "b"});
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    ASSERT_EQ(end->outcome, "done");
  }
  [[nodiscard]] std::vector<std::string> spared(const std::string& sort) const {
    std::vector<std::string> found;
    for (const std::string& dir : world.repository.spared_slots()) {
      if (dir.find("/" + sort + "-") != std::string::npos) {
        found.push_back(dir);
      }
    }
    return found;
  }

  World world;
};

TEST_F(UntouchedSlot, IsWhatTestsOnALayerLeave) {
  run();
  // After each red check, and for the second node what the first one's snapshot looked at.
  EXPECT_THAT(spared("agent"), SizeIs(3));
  // The second run of each node's gates, the first of the second node's, and the first node's tests
  // with the second and at the end.
  EXPECT_THAT(spared("verify"), SizeIs(5));
}

TEST_F(UntouchedSlot, IsNotWhatTestsLeaveThatWriteToIt) {
  world.hosts.spares = false;
  run();
  EXPECT_THAT(spared("verify"), IsEmpty());
  EXPECT_THAT(spared("agent"), SizeIs(1)) << "between the snapshot and the next node";
}

TEST_F(UntouchedSlot, IsNotOneThatADaemonCanWriteTo) {
  world.hosts.served = "/cache/slots/agent";
  world.settings.limits.flake_runs = 3;
  run();
  EXPECT_THAT(spared("agent"), IsEmpty());
  EXPECT_THAT(spared("verify"), Not(IsEmpty()));
}

TEST_F(UntouchedSlot, IsNotOneThatADaemonCouldWriteToSinceItWasLeft) {
  world.gate.on_check = [this](const gate_request& request, bool) {
    if (request.workdir.find("/agent-") != std::string_view::npos) {
      world.hosts.served = "/cache/slots/agent";  // a server for every workspace starts meanwhile
    }
  };
  run();
  EXPECT_THAT(spared("agent"), IsEmpty());
}

TEST_F(UntouchedSlot, IsNotOneThatAnAgentDidNotLeaveByASnapshot) {
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {
      Turn{.files = {{"half.txt", "half"}}, .failure = agent_failure::transport},
      Turn{.files = {{"a.txt", "right"}}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_THAT(spared("agent"), SizeIs(1)) << "after the red check";
}

TEST_F(UntouchedSlot, IsNotOneThatAReviewerWasGiven) {
  world.settings.review.stage_one_llm = true;
  world.settings.review.stage_two_file_threshold = 0;
  run();
  EXPECT_THAT(spared("verify"), SizeIs(5))
      << "for the second run of each node's gates, for the first node's tests with the second, and "
         "for each review, but not for what comes after one";
}

TEST_F(UntouchedSlot, IsNotOneWhereSetupRan) {
  world.settings.workspace.setup = "make deps";
  run();
  const std::vector<std::string> first = spared("agent");
  EXPECT_THAT(first, Not(IsEmpty())) << "once it has run";
  EXPECT_THAT(first, Each(HasSubstr("agent-")));
}

TEST(UntouchedSlots, SomebodyMayWriteUntilVersionControlHasLookedAgain) {
  UntouchedSlots slots;
  EXPECT_FALSE(slots.remove("/s"));
  slots.add("/s");
  EXPECT_TRUE(slots.remove("/s"));
  EXPECT_FALSE(slots.remove("/s"));
}

}  // namespace
}  // namespace director::engine::testing
