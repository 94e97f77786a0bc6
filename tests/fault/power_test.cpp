// The power goes: what was not flushed is there, gone or torn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

class PowerLossAtEveryChange : public ::testing::TestWithParam<unsigned> {};
constexpr unsigned kShares = 3;

TEST_P(PowerLossAtEveryChange, LosesNothingThatWasReliedOn) {
  unsigned losses = 0;
  for (unsigned long nth = GetParam() + 1;; nth += kShares) {
    FaultyJob job(3);
    const Struck struck = job.strike({"disk", nth, nth, "power", nth}, {"--parallel", "2"});
    if (struck.fired == 0) {
      EXPECT_EQ(struck.ran.exit_code, 0) << struck.ran.err;
      break;
    }
    SCOPED_TRACE("the power goes at call " + std::to_string(nth) + ": " + struck.where);
    ASSERT_TRUE(struck.killed());
    const std::map<std::string, int> before = job.landings();
    const e2e::Ran again = job.go_on({"--parallel", "2"});
    ASSERT_EQ(again.exit_code, 0) << again.out << again.err;
    job.expect_complete();
    ASSERT_FALSE(HasFailure());
    ++losses;
  }
  EXPECT_GT(losses, 15U) << "the faults did not reach the files";
}

INSTANTIATE_TEST_SUITE_P(Power, PowerLossAtEveryChange, ::testing::Range(0U, kShares));

}  // namespace
}  // namespace director::fault
