// How long the parts of a call over a server may take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "call_limits.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using ::testing::HasSubstr;

constexpr CallLimits kLimits{1000, 5000, 3000, 60'000};

TEST(CallWatch, AMessageThatIsNotTakenUpEndsTheCall) {
  CallWatch watch(kLimits, 100);
  EXPECT_FALSE(watch.check({}, 1099));
  const auto reached = watch.check({}, 1100);
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->failure, agent_failure::transport);
  EXPECT_THAT(reached->why, HasSubstr("did not take up the message within 1 s"));
}

TEST(CallWatch, FirstWordAndSilenceHaveLimitsOfTheirOwn) {
  CallProgress progress{true, false, {}};
  CallWatch patient({0, 5000, 9000, 0}, 0);
  EXPECT_FALSE(patient.check(progress, 4999));
  EXPECT_THAT(patient.check(progress, 5000)->why, HasSubstr("no first event within 5 s"));
  CallWatch watch({0, 9000, 3000, 0}, 0);
  watch.saw_life(8000);
  EXPECT_FALSE(watch.check(progress, 10'999));
  EXPECT_THAT(watch.check(progress, 11'000)->why, HasSubstr("no sign of life for 3 s"));
}

TEST(CallWatch, SilenceCountsFromTheFirstWordOn) {
  const CallProgress progress{true, false, {}};
  CallWatch slow({0, 9000, 3000, 0}, 0);
  EXPECT_FALSE(slow.check(progress, 8999));
  EXPECT_THAT(slow.check(progress, 9000)->why, HasSubstr("no first event within 9 s"));
  CallWatch without({0, 0, 3000, 0}, 0);
  EXPECT_FALSE(without.check(progress, 2999));
  EXPECT_THAT(without.check(progress, 3000)->why, HasSubstr("no sign of life for 3 s"));
}

TEST(CallWatch, SilenceOfWhoeverWaitsForAToolIsNone) {
  CallProgress progress{true, false, {{"prt_1", "bash"}}};
  CallWatch watch(kLimits, 0);
  watch.saw_life(0);
  EXPECT_FALSE(watch.check(progress, 1000));
  EXPECT_FALSE(watch.check(progress, 60'999));
  progress.running_tools = {{"prt_2", "read"}};
  EXPECT_FALSE(watch.check(progress, 61'000)) << "another call of a tool begins anew";
  progress.running_tools.clear();
  EXPECT_FALSE(watch.check(progress, 63'999));
  EXPECT_TRUE(watch.check(progress, 64'000));
}

TEST(CallWatch, AToolThatRunsTooLongIsTheAttemptsFailure) {
  CallProgress progress{true, false, {{"prt_1", "bash"}}};
  CallWatch watch(kLimits, 0);
  EXPECT_FALSE(watch.check(progress, 1000));
  const auto reached = watch.check(progress, 61'000);
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->failure, agent_failure::deadline);
  EXPECT_THAT(reached->why, HasSubstr("'bash' ran longer than 60 s"));
}

TEST(CallWatch, AWaitBeforeARetryIsNoSilenceUnlessItIsLongerThanOneMayBe) {
  CallProgress progress{true, true, {}};
  CallWatch watch(kLimits, 0);
  watch.saw_retry(100, 2100, "slow down");
  EXPECT_FALSE(watch.check(progress, 2099 + 2999));
  EXPECT_THAT(watch.check(progress, 2100 + 3000)->why, HasSubstr("slow down"));
  watch.saw_retry(100, 100 + 3000, "come back tomorrow");
  const auto reached = watch.check(progress, 101);
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->failure, agent_failure::rate_limit);
  EXPECT_THAT(reached->why, HasSubstr("come back tomorrow"));
}

TEST(CallWatch, WithoutLimitsNothingEnds) {
  CallWatch watch({}, 0);
  constexpr std::int64_t kLong = 1'000'000'000;
  EXPECT_FALSE(watch.check({}, kLong));
  EXPECT_FALSE(watch.check({true, false, {}}, kLong));
  EXPECT_FALSE(watch.check({true, false, {{"prt_1", "bash"}}}, 2 * kLong));
}

}  // namespace
}  // namespace runner_opencode
