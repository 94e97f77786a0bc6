// The wall clock is set forward and back while director works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ClockJumps, MoveNoDeadlineAndMakeNoDurationNegative) {
  for (const char* clock : {"3 86400", "7 86400", "20 -86400"}) {
    SCOPED_TRACE(clock);
    FaultyJob job(3, "[sandbox]\nmode = \"off\"\n");
    e2e::write_file(job.hook(), "sleep 0.2\n");
    const Struck struck = job.strike({"any", kForEver, kForEver, "kill", 0, clock},
                                     {"--set", "limits.stall_secs=60"});
    ASSERT_EQ(struck.ran.exit_code, 0) << struck.ran.out << struck.ran.err;
    EXPECT_THAT(struck.ran.err, Not(HasSubstr("deadline")));
    const std::vector<std::string> stamps = job.column("journal.jsonl", "ts");
    EXPECT_FALSE(std::is_sorted(stamps.begin(), stamps.end())) << "the clock did not jump";
    for (const char* kind : {"node", "run"}) {
      for (const std::string& secs : job.column("metrics.jsonl", "wall_secs", kind)) {
        EXPECT_THAT(secs, Not(HasSubstr("-")));
      }
    }
    const e2e::Ran logs = job.director({"logs"});
    EXPECT_EQ(logs.exit_code, 0);
    EXPECT_THAT(logs.out, Not(HasSubstr(" -8")));
    job.expect_complete();
  }
}

TEST(ClockStandsStill, JobsGetNamesOfTheirOwn) {
  FaultyJob job(2);
  fs::remove(job.state() / "plan.json");
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    // Nobody answers the explorer: the job exists, and its planning failed.
    const Struck struck = job.strike({"any", kForEver, kForEver, "kill", 0, "0 1767225600"},
                                     {"Again", "--new", "--auto"}, "plan");
    ASSERT_EQ(struck.ran.exit_code, 1) << struck.ran.out << struck.ran.err;
    ids.insert(job.column("journal.jsonl", "job", "job_created").at(0));
  }
  EXPECT_EQ(ids,
            (std::set<std::string>{"20260101-000000-2", "20260101-000000-3", "20260101-000000-4"}));
}

}  // namespace
}  // namespace director::fault
