#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

constexpr int kMostCalls = 2000;  ///< a small job makes far fewer; reaching it means a loop

/// a, then b on top of it; a needs a second attempt; c stands alone and is reviewed.
void small_job(World& world) {
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {"a"}), node("c")});
  world.obedient({"b", "c"});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  world.runner.script["escalation-a"] = {Turn{.files = {{"a.txt", "right"}}}};
  world.settings.gates = {{"all", "=a.txt:right +b.txt +c.txt"}};
}

/// Goes on until the job is done. Retries, since a fault may have ended a node as an error.
::testing::AssertionResult finishes(World& world) {
  for (int again = 0; again < 3; ++again) {
    const Result<run::RunState> end = world.run({.retry = true});
    if (!end) {
      return ::testing::AssertionFailure() << "run failed: " << end.error().message();
    }
    if (end->outcome == "done") {
      return ::testing::AssertionSuccess();
    }
  }
  return ::testing::AssertionFailure() << "not done after three runs";
}

/// Every call that a model was asked is in the ledger with what it cost, whether or not anybody
/// lived to see its end; but for `unseen` reports of usage that did not make it to the journal.
void expect_no_call_forgotten(World& world, int unseen) {
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_GE(job->ledger.total.usd,
            0.25 * (static_cast<double>(world.runner.calls("").size()) - unseen) - 1e-9);
  double costs = 0;
  for (const std::string& record : world.sink.records(kJob, "cost")) {
    costs += parse_json(record)->get_number("cost").value_or(0);
  }
  EXPECT_DOUBLE_EQ(costs, job->ledger.total.usd) << "costs.jsonl is not the ledger";
  EXPECT_GE(job->ledger.total.calls, static_cast<int>(world.runner.calls("").size()));
  EXPECT_LE(job->ledger.total.usd, 0.25 * static_cast<double>(world.runner.calls("").size()));
}

class Interruption : public ::testing::TestWithParam<FaultSide> {};

TEST_P(Interruption, AnyPortCallMayFailOnceAndTheNextRunLandsEverythingOnce) {
  int nth = 1;
  for (; nth < kMostCalls; ++nth) {
    World world;
    small_job(world);
    Fault fault(nth, GetParam());
    world.inject(&fault);
    const Result<run::RunState> end = world.run();
    world.inject(nullptr);
    if (!fault.fired()) {
      break;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + fault.where());
    if (end && end->outcome == "done") {
      EXPECT_EQ(world.landings().size(), 3U);
    }
    ASSERT_TRUE(finishes(world));
    expect_landed_once(world);
    expect_no_call_forgotten(world, 1);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(nth, 60) << "the faults did not reach the ports";
  EXPECT_LT(nth, kMostCalls);
}

INSTANTIATE_TEST_SUITE_P(Sides, Interruption,
                         ::testing::Values(FaultSide::Before, FaultSide::After),
                         [](const auto& each) {
                           return each.param == FaultSide::Before ? "BeforeItsEffect"
                                                                  : "AfterItsEffect";
                         });

TEST(InterruptionByCrash, KilledAtAnyPortCallTheNextRunGoesOn) {
  for (const bool power_loss : {false, true}) {
    int nth = 1;
    for (; nth < kMostCalls; ++nth) {
      World world;
      small_job(world);
      const std::unique_ptr<Fault> kill = Fault::kill_at(nth);
      world.inject(kill.get());
      const Result<run::RunState> end = world.run();
      world.inject(nullptr);
      if (!kill->fired()) {
        break;
      }
      SCOPED_TRACE("call " + std::to_string(nth) + ": " + kill->where());
      if (power_loss) {
        world.files.lose_power();
      }
      const std::map<std::string, int> before = world.landings();
      const Result<run::RunState> more = world.run();
      ASSERT_THAT(more, IsOk());
      EXPECT_EQ(more->outcome, "done") << "a kill leaves nothing that needs --retry";
      for (const auto& [id, times] : before) {
        EXPECT_EQ(world.landings()[id], 1) << id;
      }
      expect_landed_once(world);
      // What was not flushed yet is lost with the power: the metering of the calls in flight.
      expect_no_call_forgotten(world, 1);
      if (HasFailure()) {
        return;
      }
    }
    EXPECT_GT(nth, 60) << "the kills did not reach the ports";
  }
}

/// The branch is further than the journal says, by as much as can be.
TEST(InterruptionByCrash, AnyPrefixOfTheJournalGoesOnAgainstTheBranchAsItIs) {
  World whole;
  small_job(whole);
  ASSERT_TRUE(finishes(whole));
  const std::string text = whole.files.text(whole.journal());
  const std::vector<std::size_t> ends = line_ends(text);
  for (std::size_t i = 1; i < ends.size(); ++i) {  // the job's plan is always there
    World world;
    small_job(world);
    ASSERT_TRUE(finishes(world));
    world.files.put(world.journal(), text.substr(0, ends[i]) + text.substr(ends[i], 7));
    SCOPED_TRACE("after line " + std::to_string(i + 1));
    ASSERT_TRUE(finishes(world));
    expect_landed_once(world);
    if (HasFailure()) {
      return;
    }
  }
}

TEST(InterruptionByCrash, PowerLossAtAnyEventLosesNothingThatLanded) {
  for (int stop = 1; stop < 200; ++stop) {
    World world;
    small_job(world);
    int seen = 0;
    world.on_event = [&](const run::RunEvent&) {
      if (++seen == stop) {
        // From here on nothing is durable any more.
        world.files.fail_syncs = true;
        world.interrupt.cancel();
      }
    };
    const Result<run::RunState> end = world.run();
    world.on_event = nullptr;
    world.files.fail_syncs = false;
    world.files.lose_power();
    if (seen < stop) {
      break;
    }
    SCOPED_TRACE("event " + std::to_string(stop));
    const std::map<std::string, int> before = world.landings();
    ASSERT_TRUE(finishes(world));
    expect_landed_once(world);
    for (const auto& [id, times] : before) {
      EXPECT_EQ(world.landings()[id], 1) << id;
    }
    if (HasFailure()) {
      return;
    }
  }
}

TEST(InterruptionByPerson, AtEveryEventTheNextRunGoesOnByItself) {
  for (int stop = 1; stop < 200; ++stop) {
    World world;
    small_job(world);
    int seen = 0;
    world.on_event = [&](const run::RunEvent&) {
      if (++seen == stop) {
        world.interrupt.cancel();
      }
    };
    const Result<run::RunState> end = world.run();
    world.on_event = nullptr;
    if (seen < stop) {
      EXPECT_GT(stop, 20);
      break;
    }
    SCOPED_TRACE("event " + std::to_string(stop));
    ASSERT_THAT(end, IsOk());
    EXPECT_TRUE(end->outcome == "interrupted" || end->outcome == "done") << end->outcome;
    const Result<run::RunState> more = world.run();
    ASSERT_THAT(more, IsOk());
    EXPECT_EQ(more->outcome, "done");
    expect_landed_once(world);
    if (HasFailure()) {
      return;
    }
  }
}

TEST(InterruptionByPerson, DuringACallGivesTheAttemptBackAndForgetsNoMoney) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.runner.script["executor-a"].insert(world.runner.script["executor-a"].begin(),
                                           Turn{.failure = agent_failure::cancelled});
  world.runner.on_call = [&](const director::testing::AgentCall&) { world.interrupt.cancel(); };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "interrupted");
  EXPECT_EQ(state_of(*end, "a").attempts, 0);
  world.runner.on_call = nullptr;
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(state_of(*more, "a").attempts, 1);
  EXPECT_DOUBLE_EQ(world.replayed()->ledger.total.usd, 0.5);
}

TEST(InterruptionByPerson, DuringTheGateKeepsTheCandidateThatWasPaidFor) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  bool once = true;
  world.gate.on_check = [&](const gate_request&, bool passes) {
    if (passes && std::exchange(once, false)) {
      world.interrupt.cancel();
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "interrupted");
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(state_of(*more, "a").attempts, 1);
  EXPECT_EQ(world.runner.calls("").size(), 1U);
}

TEST(InterruptionByCrash, CallsThatWereCutOffAreClosedWithWhatTheyHadMetered) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a", "b"});
  const run::CallReserved first{"0001-executor-a", "executor", "p/executor", NodeId("a"), 3};
  const run::CallReserved second{"0002-reviewer-b", "reviewer", "p/reviewer", NodeId("b"), 3};
  std::string text = world.files.text(world.journal());
  std::uint64_t sequence = 2;
  for (const run::MoneyEvent& event :
       {run::MoneyEvent(first), run::MoneyEvent(second),
        run::MoneyEvent(run::CallMetered{"0001-executor-a", {10, 2, 0, 0, 0, 0.125}}),
        run::MoneyEvent(run::CallMetered{"0001-executor-a", {30, 4, 1, 5, 6, 0.5}})}) {
    text += encode(run::Event(event), run::At{++sequence, 1}) + "\n";
  }
  world.files.put(world.journal(), text);
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.log.count("'0001-executor-a' $0.5000, '0002-reviewer-b' $0.0000"), 1);
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_TRUE(job->ledger.open.empty());
  EXPECT_EQ(job->ledger.total.calls, 4);
  EXPECT_DOUBLE_EQ(job->ledger.by_node.at(NodeId("a")).at("executor").usd, 0.75);
  EXPECT_EQ(job->ledger.by_role.at("reviewer").calls, 1);
  const std::vector<std::string> costs = world.sink.records(kJob, "cost");
  ASSERT_EQ(costs.size(), 4U);
  EXPECT_THAT(costs[0], HasSubstr(R"("role":"executor","model":"p/executor","input":41,)"
                                  R"("output":5,"cost":0.5,"node":"a")"));
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.sink.records(kJob, "cost").size(), 4U) << "once";
  EXPECT_EQ(world.log.count("under way"), 1);
}

}  // namespace
}  // namespace director::engine::testing
