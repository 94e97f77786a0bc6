#include "core/run/loop_guard.hpp"

#include <gmock/gmock.h>

namespace director::run {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ToolUse shell(const std::string& command, int exit_code = 0) {
  return {"bash", command, exit_code};
}

/// The calls, one after the other, up to the first that has to end: its place from 1, 0: none.
int stopped_at(LoopGuard guard, const std::vector<ToolUse>& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!guard.tool(calls[i]).empty()) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

std::vector<ToolUse> rounds(const std::vector<ToolUse>& round, int times) {
  std::vector<ToolUse> calls;
  for (int i = 0; i < times; ++i) {
    calls.insert(calls.end(), round.begin(), round.end());
  }
  return calls;
}

TEST(LoopGuard, SameCallOverAndOverIsALoopAndThatManyTimesOnly) {
  EXPECT_EQ(stopped_at({0, 4}, rounds({shell("ls")}, 20)), 4);
  EXPECT_EQ(stopped_at({0, 4}, rounds({shell("ls")}, 3)), 0);
  EXPECT_EQ(stopped_at({0, 1}, rounds({shell("ls")}, 1)), 0) << "a first call repeats nothing";
}

TEST(LoopGuard, GoingRoundTwoOrThreeCallsIsALoopToo) {
  EXPECT_EQ(stopped_at({0, 3}, rounds({shell("make", 2), shell("cat a")}, 9)), 6);
  EXPECT_EQ(stopped_at({0, 3}, rounds({shell("make", 2), shell("cat a"), shell("ls")}, 9)), 9);
}

TEST(LoopGuard, WhatDiffersInInputNameOrResultIsNoLoop) {
  std::vector<ToolUse> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(shell("make", 2));
    calls.push_back({"edit", "change " + std::to_string(i), -1});
  }
  EXPECT_EQ(stopped_at({0, 3}, calls), 0) << "tests between edits";
  EXPECT_EQ(stopped_at({0, 2}, {shell("make", 2), shell("make", 0), {"run", "make", 0}}), 0);
  EXPECT_EQ(stopped_at({0, 2}, {{"a", "bc", 0}, {"ab", "c", 0}}), 0) << "not glued together";
}

TEST(LoopGuard, LoopThatIsLeftInTimeIsForgotten) {
  std::vector<ToolUse> calls = rounds({shell("ls")}, 3);
  calls.push_back(shell("pwd"));
  const std::vector<ToolUse> more = rounds({shell("ls")}, 3);
  calls.insert(calls.end(), more.begin(), more.end());
  EXPECT_EQ(stopped_at({0, 4}, calls), 0);
}

TEST(LoopGuard, ReasonNamesTheCallCutToSizeTheLimitAndWhatToDo) {
  LoopGuard guard(0, 2);
  (void)guard.tool(shell(std::string(100'000, 'x')));
  const std::string reason = guard.tool(shell(std::string(100'000, 'x')));
  EXPECT_THAT(reason, AllOf(HasSubstr("tool 'bash'"), HasSubstr("2 times in a row"),
                            HasSubstr("limits.max_repeats"), HasSubstr("another way")));
  EXPECT_LT(reason.size(), 600U);
}

TEST(LoopGuard, StepsHaveALimit) {
  LoopGuard guard(2, 0);
  EXPECT_THAT(guard.step(), IsEmpty());
  EXPECT_THAT(guard.step(), IsEmpty());
  EXPECT_THAT(guard.step(), AllOf(HasSubstr("more than 2 steps"), HasSubstr("limits.max_steps")));
}

TEST(LoopGuard, ZeroIsNoLimit) {
  EXPECT_EQ(stopped_at({0, 0}, rounds({shell("ls")}, 1000)), 0);
  LoopGuard guard(0, 0);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(guard.step(), IsEmpty());
  }
}

}  // namespace
}  // namespace director::run
