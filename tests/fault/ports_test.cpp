// Every call of every port fails once, over a job in which everything occurs.
#include <gmock/gmock.h>

#include <memory>
#include <set>

#include "tests/unit/core/engine/world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;

constexpr int kMostCalls = 3000;  ///< the job makes far fewer; reaching it means a loop

/// "a" is right at the second attempt, "b" only when escalated, and so is reviewed by an agent; "c"
/// stands alone; a workspace is set up by a command; an integration gate comes last.
void whole_job(World& world) {
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {"a"}, "=b.txt:right"), node("c")});
  world.obedient({"c"});
  const Turn wrong_a{.files = {{"a.txt", "wrong"}}};
  const Turn right_a{.files = {{"a.txt", "right"}}};
  world.runner.script["executor-a"] = {wrong_a, right_a};
  world.runner.script["escalation-a"] = {right_a};
  world.runner.script["executor-b"] = {Turn{.files = {{"b.txt", "wrong"}}}};
  world.runner.script["escalation-b"] = {Turn{.files = {{"b.txt", "right"}}}};
  for (const char* id : {"a", "b", "c"}) {
    world.runner.script["reviewer-" + std::string(id)] = {Turn{.answer = "fine"}};
  }
  world.runner.script["reviewer"] = {Turn{.answer = "fine"}};
  world.reviewer.asks = true;
  world.settings.workspace.setup = "prepare";
  world.settings.gates = {{"all", "=a.txt:right =b.txt:right +c.txt"}};
}

constexpr RunOptions kOptions{.parallel = 2, .max_attempts = 2, .retry = false};
constexpr RunOptions kRetry{.parallel = 2, .max_attempts = 2, .retry = true};

void expect_complete(World& world) {
  expect_landed_once(world);
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  // Every call that a model was asked is in the ledger, and every cost reached the sink once.
  const auto asked = world.runner.calls("").size();
  EXPECT_GE(job->ledger.total.calls, static_cast<int>(asked));
  EXPECT_LE(job->ledger.total.usd, 0.25 * static_cast<double>(asked));
  EXPECT_EQ(world.sink.records(kJob, "cost").size(),
            static_cast<std::size_t>(job->ledger.total.calls));
}

class AnyPort : public ::testing::TestWithParam<FaultSide> {};

/// Fails a call of a run and goes on until the job is done. False: the run made no such call.
bool survives(Fault& fault, std::set<std::string>& hit) {
  World world;
  whole_job(world);
  world.inject(&fault);
  const Result<run::RunState> end = world.run(kOptions);
  world.inject(nullptr);
  if (!fault.fired()) {
    EXPECT_THAT(end, IsOk());
    EXPECT_EQ(end ? end->outcome : "", "done") << "without faults";
    return false;
  }
  hit.insert(fault.where().substr(0, fault.where().find(' ')));
  SCOPED_TRACE(fault.where());
  for (const auto& [id, times] : world.landings()) {
    EXPECT_EQ(times, 1) << id;
  }
  if (end && end->outcome == "done") {
    EXPECT_EQ(world.landings().size(), 3U);
  }
  std::string outcome;
  for (int again = 0; again < 3 && outcome != "done"; ++again) {
    const Result<run::RunState> more = world.run(kRetry);
    if (!more) {
      ADD_FAILURE() << more.error().message();
      return true;
    }
    outcome = more->outcome;
  }
  EXPECT_EQ(outcome, "done");
  expect_complete(world);
  return true;
}

TEST_P(AnyPort, MayFailAtAnyCallAndTheNextRunLandsEverythingOnce) {
  std::set<std::string> hit;
  int nth = 1;
  for (; nth < kMostCalls; ++nth) {
    Fault fault(nth, GetParam());
    if (!survives(fault, hit)) {
      break;
    }
    ASSERT_FALSE(HasFailure()) << "call " << nth;
  }
  ASSERT_FALSE(HasFailure());
  EXPECT_LT(nth, kMostCalls);
  const std::set<std::string> all{"append",    "sync",       "read",       "write",
                                  "lease",     "runner.run", "gate.check", "reviewer.examine",
                                  "sink.emit", "sink.flush", "host.exec"};
  // Which call is the nth depends on how the nodes interleave: what comes once may have been passed
  // over.
  for (const std::string& port : all) {
    const std::unique_ptr<Fault> fault = Fault::first_of(port, GetParam());
    EXPECT_TRUE(survives(*fault, hit)) << port << " was never called";
    ASSERT_FALSE(HasFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(Sides, AnyPort, ::testing::Values(FaultSide::Before, FaultSide::After),
                         [](const auto& each) {
                           return each.param == FaultSide::Before ? "BeforeItsEffect"
                                                                  : "AfterItsEffect";
                         });

/// With power: what was written stays. Without: what was not flushed is gone.
class AnyPortCall : public ::testing::TestWithParam<bool> {};

TEST_P(AnyPortCall, MayBeTheLastOfAProcess) {
  int nth = 1;
  for (; nth < kMostCalls; ++nth) {
    World world;
    whole_job(world);
    const std::unique_ptr<Fault> kill = Fault::kill_at(nth);
    world.inject(kill.get());
    (void)world.run(kOptions);
    world.inject(nullptr);
    if (!kill->fired()) {
      break;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + kill->where());
    if (GetParam()) {
      world.files.lose_power();
    }
    const Result<run::RunState> more = world.run(kOptions);
    ASSERT_TRUE(more) << more.error().message();
    EXPECT_EQ(more->outcome, "done") << "a kill leaves nothing that needs --retry";
    expect_complete(world);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(nth, 100) << "the kills did not reach the ports";
}

INSTANTIATE_TEST_SUITE_P(Ends, AnyPortCall, ::testing::Bool(), [](const auto& each) {
  return each.param ? "AndThePowerIsGone" : "ByAKill";
});

/// Wherever the journal ends: after a line, or within one.
TEST(TornJournal, AnyPrefixOfItsBytesIsGoneOnFrom) {
  World whole;
  whole_job(whole);
  ASSERT_THAT(whole.run(kOptions), IsOk());
  const std::string text = whole.files.text(whole.journal());
  const std::vector<std::size_t> ends = line_ends(text);
  constexpr std::size_t kLinesByByte = 3;
  constexpr std::size_t kPlanLines = 2;  // without them there is no job
  std::vector<std::size_t> prefixes(ends.begin() + kPlanLines - 1, ends.end());
  for (std::size_t at = ends[ends.size() - 1 - kLinesByByte]; at < text.size(); ++at) {
    prefixes.push_back(at);
  }
  for (const std::size_t size : prefixes) {
    World world;
    whole_job(world);
    ASSERT_THAT(world.run(kOptions), IsOk());
    // Its own: two jobs with nodes side by side do not make the same commits.
    world.files.put(world.journal(), world.files.text(world.journal()).substr(0, size));
    SCOPED_TRACE(std::to_string(size) + " of " + std::to_string(text.size()) + " bytes");
    const Result<run::RunState> more = world.run(kOptions);
    ASSERT_TRUE(more) << more.error().message();
    EXPECT_EQ(more->outcome, "done");
    EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace director::engine::testing
