#include "cli/auto_start.hpp"

#include <gmock/gmock.h>

#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;

const Oid kHead("head");

engine::JobState job(run::Stage stage, bool automatic = true) {
  engine::JobState job;
  job.planning.stage = stage;
  job.planning.job.job = JobId("20260101-000000");
  job.planning.job.task = "Do it";
  job.planning.job.base = kHead;
  job.planning.job.automatic = automatic;
  return job;
}

engine::JobState job_that_ran(const std::string& outcome) {
  engine::JobState ran = job(run::Stage::Ready);
  ran.run = run::RunState();
  ran.run->outcome = outcome;
  return ran;
}

AutoStart start(const engine::JobState& state, const std::string& task, const Oid& head = kHead,
                bool force = false) {
  const Result<AutoStart> how = how_to_start(state, task, head, force);
  EXPECT_THAT(how, IsOk());
  return how.value();
}

TEST(AutoStart, WithoutAJobATaskStartsOne) {
  EXPECT_EQ(start({}, "Do it"), AutoStart::Anew);
  EXPECT_THAT(how_to_start({}, "", kHead, false), FailsWith(Errc::NotFound, "director auto \""));
}

TEST(AutoStart, AnUnfinishedJobGoesOnWithItsTaskOrNone) {
  for (const auto& open :
       {job(run::Stage::Branching), job(run::Stage::Authoring), job(run::Stage::Ready),
        job_that_ran("interrupted"), job_that_ran("ceiling"), job_that_ran("")}) {
    EXPECT_EQ(start(open, "Do it"), AutoStart::GoOn);
    EXPECT_EQ(start(open, ""), AutoStart::GoOn);
    EXPECT_EQ(start(open, "Do it", Oid("moved")), AutoStart::GoOn) << "HEAD may move meanwhile";
    EXPECT_THAT(how_to_start(open, "Another", kHead, false), FailsWith(Errc::Conflict, "'Do it'"));
    EXPECT_THAT(how_to_start(open, "Another", kHead, false), FailsWith(Errc::Conflict, "--force"));
    EXPECT_EQ(start(open, "Another", kHead, true), AutoStart::Anew);
  }
}

TEST(AutoStart, AfterAFinishedJobOnlyTheSameQuestionIsTheSameJob) {
  for (const char* outcome : {"done", "incomplete"}) {
    const engine::JobState over = job_that_ran(outcome);
    EXPECT_EQ(start(over, "Another"), AutoStart::Anew);
    EXPECT_EQ(start(over, "Do it"), AutoStart::GoOn) << "it is not paid for twice";
    EXPECT_EQ(start(over, "Do it", Oid("moved")), AutoStart::Anew);
    EXPECT_EQ(start(over, "Do it", kHead, true), AutoStart::Anew);
    EXPECT_THAT(how_to_start(over, "", kHead, false), FailsWith(Errc::NotFound, "no unfinished"));
  }
}

TEST(AutoStart, NoGateIsPassedUnreadThatAPersonIsToPass) {
  struct Case {
    run::Stage stage;
    const char* part;
  };
  for (const Case& one :
       {Case{run::Stage::GateSpec, "gate 1"}, Case{run::Stage::GatePlan, "gate 2"},
        Case{run::Stage::Specifying, "stop at the gates"}}) {
    const auto how = how_to_start(job(one.stage, false), "Do it", kHead, false);
    EXPECT_THAT(how, FailsWith(Errc::Conflict, one.part));
    EXPECT_THAT(how, FailsWith(Errc::Conflict, "director plan --continue"));
  }
  EXPECT_EQ(start(job(run::Stage::Ready, false), "Do it"), AutoStart::GoOn) << "both were passed";
  EXPECT_EQ(start(job(run::Stage::GateSpec, false), "Do it", kHead, true), AutoStart::Anew);
}

}  // namespace
}  // namespace director::cli
