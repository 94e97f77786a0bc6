// kill -9, at instants that are counted and at instants that are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

/// Tests that take turns at what is too long for one.
class Share : public ::testing::TestWithParam<unsigned> {};
constexpr unsigned kShares = 4;

class KillAtEveryJournalCall : public Share {};

TEST_P(KillAtEveryJournalCall, LosesNothing) {
  unsigned kills = 0;
  for (unsigned long nth = GetParam() + 1;; nth += kShares) {
    FaultyJob job(3);
    const Struck struck = job.strike({"journal", nth, nth, "kill"}, {"--parallel", "2"});
    if (struck.fired == 0) {
      EXPECT_EQ(struck.ran.exit_code, 0) << struck.ran.err;
      break;
    }
    SCOPED_TRACE("killed at call " + std::to_string(nth) + ": " + struck.where);
    ASSERT_TRUE(struck.killed()) << struck.ran.exit_code << struck.ran.err;
    const e2e::Ran again = job.go_on({"--parallel", "2"});
    ASSERT_EQ(again.exit_code, 0) << again.out << again.err;
    job.expect_complete();
    ASSERT_FALSE(HasFailure());
    ++kills;
  }
  EXPECT_GT(kills, 8U) << "the kills did not reach the journal";
}

INSTANTIATE_TEST_SUITE_P(Kill, KillAtEveryJournalCall, ::testing::Range(0U, kShares));

class KillAtRandomInstants : public Share {};

TEST_P(KillAtRandomInstants, OfAWideJobLosesNothing) {
  constexpr int kNodes = 20;
  constexpr int kKills = 50;       // in each share
  constexpr int kMostInARow = 12;  // then the job may end
  const unsigned seed = 20260101 + GetParam();
  RecordProperty("seed", static_cast<int>(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> wide{"--parallel", "4"};
  FaultyJob whole(kNodes);
  ASSERT_EQ(whole.go_on().exit_code, 0) << "without faults";
  // How much there is to interrupt.
  FaultyJob measured(kNodes);
  const auto begin = std::chrono::steady_clock::now();
  const Struck all = measured.strike({"any", kForEver, kForEver, "kill"}, wide);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  ASSERT_EQ(all.ran.exit_code, 0) << all.ran.err;
  ASSERT_GT(all.calls, 500U);
  int kills = 0;
  while (kills < kKills) {
    FaultyJob job(kNodes);
    bool over = false;
    for (int row = 0; row < kMostInARow && !over; ++row) {
      const bool by_time = random() % 2 == 0;
      const unsigned long most =
          (by_time ? static_cast<unsigned long>(took.count()) : all.calls) / 3;
      const unsigned long at = 1 + random() % most;
      const Struck struck = job.strike({by_time ? "time" : "any", at, at, "kill"}, wide);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kills) + " at " +
                   std::to_string(at) + (by_time ? " us" : ": " + struck.where));
      over = struck.ran.exit_code == 0;
      ASSERT_TRUE(over || struck.killed()) << struck.ran.exit_code << struck.ran.err;
      kills += over ? 0 : 1;
      for (const auto& [node, times] : job.landings()) {
        ASSERT_EQ(times, 1) << node;
      }
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + ", after " + std::to_string(kills) + " kills");
    const e2e::Ran last = job.go_on(wide);
    ASSERT_EQ(last.exit_code, 0) << last.out << last.err;
    job.expect_complete();
    ASSERT_FALSE(HasFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(Kill, KillAtRandomInstants, ::testing::Range(0U, kShares));

}  // namespace
}  // namespace director::fault
