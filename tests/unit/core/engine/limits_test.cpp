/// Commands that ran into a limit of resources, what they used, and what must not be kept.
#include <gmock/gmock.h>

#include "money.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using ports::Purpose;
using run::NodeStatus;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kLimit = "ended by the memory limit of 512 MB (limits.memory_mb)";

TEST(Limits, AnAgentThatRanIntoOneHasFailedItsAttemptAndIsNotTriedAgain) {
  World world;
  world.adopt({node("a")});
  world.hosts.limits[Purpose::Agent] = kLimit;
  world.runner.script["executor-a"] = {
      Turn{.answer = "the tool was killed", .failure = agent_failure::transport},
      Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done") << "one that ends well all the same has not failed";
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  EXPECT_EQ(state_of(*end, "a").infra_retries, 0);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr(std::string(kLimit) + ": the tool was killed"));
}

TEST(Limits, AnAgentThatGoesRoundInCirclesFailsItsAttemptAndTheNextIsToldWhy) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.max_repeats = 3;
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "right"}}, .tools = std::vector<std::string>(1000, "make")},
      Turn{.files = {{"a.txt", "right"}}, .tools = {"make", "make"}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 2) << "an attempt, not a matter of infrastructure";
  EXPECT_EQ(state_of(*end, "a").infra_retries, 0);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("tool 'bash' with make 3 times in a row"));
}

TEST(Limits, AnAgentThatTakesTooManyStepsIsStoppedAndItsSpendingStands) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.max_steps = 2;
  world.runner.script["executor-a"] = {
      Turn{.steps = std::vector<usage>(9, usage{1, 1, 0, 0, 0, 0.25}), .hangs = true},
      Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 3 * 0.25 + 0.25) << "stopped in its third step";
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("more than 2 steps"));
}

TEST(Limits, ARunnerThatIgnoresTheLoopGuardAndEndsWellHasItsWorkJudged) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.max_steps = 1;
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "right"}},
           .steps = std::vector<usage>(3, usage{1, 1, 0, 0, 0, 0.25}),
           .stubborn = true}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 1) << "it is paid for, and the gates decide";
}

TEST(Limits, AGateThatRanIntoOneSaysSo) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  // The red check, which comes first, is not held back.
  world.runner.on_call = [&](const AgentCall&) { world.hosts.limits[Purpose::Gate] = kLimit; };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done") << "one that passes all the same has passed";
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr(kLimit));
}

TEST(Limits, ARedCheckThatRanIntoOneIsNotRed) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.hosts.limits[Purpose::Gate] = kLimit;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr(kLimit));
  EXPECT_TRUE(world.runner.calls("").empty());
}

TEST(Usage, IsSummedUpPerNodeAndSurvivesAReplay) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.settings.limits.flake_runs = 1;
  world.hosts.usage = {std::chrono::milliseconds(1500), std::uint64_t{300} << 20U};
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  ASSERT_THAT(world.run(), IsOk());
  // A red check, two calls, two gates.
  const auto records = world.sink.records(kJob, "node");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_THAT(records[0], HasSubstr("\"cpu_secs\":7.5,\"peak_memory_mb\":300"));
  const Result<JobState> replayed = world.replayed();
  ASSERT_THAT(replayed, IsOk());
  EXPECT_EQ(state_of(*replayed->run, "a").used.cpu_ms, 7500);
  EXPECT_EQ(state_of(*replayed->run, "a").used.peak_memory_kb, 300 << 10);
}

TEST(Secrets, AreMaskedInWhatPluginsSaid) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.redactor = Redactor(std::vector<Secret>{{"MY_TOKEN", "tok-0123456789"}});
  world.runner.script["executor-a"] = {
      Turn{.answer = "gave up on tok-0123456789", .failure = agent_failure::model},
      Turn{.files = {{"a.txt", "tok-0123456789"}}}, Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  std::string all =
      world.files.text(world.journal()) + world.files.text("/repo/.director/state.json");
  for (const AgentCall& call : world.runner.calls("")) {
    all += call.message;
  }
  EXPECT_THAT(all, HasSubstr("gave up on ***MY_TOKEN***"));
  EXPECT_THAT(all, Not(HasSubstr("tok-0123456789")));
}

}  // namespace
}  // namespace director::engine::testing
