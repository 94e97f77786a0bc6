// Money while it is being spent: metering and ceilings.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "money.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::AgentCall;
using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::HasSubstr;

TEST(Budget, EveryReportOfUsageIsPricedAndWrittenAsItComes) {
  World world;
  world.adopt({node("a")});
  world.settings.pricing["p/executor"] = {1, 2, 0.5, 4};
  world.runner.script["executor-a"] = {Turn{
      .files = {{"a.txt", "x"}},
      .steps = {{1'000'000, 0, 0, 0, 0, 99}, {0, 500'000, 500'000, 2'000'000, 1'000'000, -1}}}};
  ASSERT_THAT(world.run(), IsOk());
  std::vector<double> metered;
  for (const run::MoneyEvent& event : money(world)) {
    if (const auto* one = std::get_if<run::CallMetered>(&event)) {
      EXPECT_EQ(one->call, "0001-executor-a");
      metered.push_back(one->used.usd);
    }
  }
  EXPECT_THAT(metered, ::testing::ElementsAre(1, 8));
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 8);
  expect_one_truth(world);
}

TEST(Budget, CallIsStoppedAtTheCeilingAndTheNextRunGoesOn) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"b"});
  world.settings.limits.cost_ceiling_usd = 0.5;
  world.runner.script["executor-a"] = {
      Turn{.steps = {step(0.25), step(0.25), step(0.25)}, .hangs = true},
      Turn{.files = {{"a.txt", "x"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Pending);
  EXPECT_EQ(state_of(*end, "a").attempts, 0) << "no attempt";
  EXPECT_EQ(state_of(*end, "a").infra_retries, 0) << "and not infrastructure";
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 0.5) << "stopped before its third step";
  EXPECT_TRUE(world.runner.calls("executor-b").empty());
  expect_one_truth(world);

  world.settings.limits.cost_ceiling_usd = 2;
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(state_of(*more, "a").attempts, 1);
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 1);
  expect_one_truth(world);
}

TEST(Budget, CacheWithoutAPriceOfItsOwnCountsAsInput) {
  World world;
  world.adopt({node("a")});
  world.settings.pricing["p/executor"] = {3, 15};
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "x"}}, .steps = {{0, 0, 0, 1'000'000, 1'000'000, -1}}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 6);
}

TEST(Budget, PriceThatIsNotWholeHidesNothingThatTheToolReports) {
  for (const auto& [price, usd] :
       {std::pair{config::Price{}, 1.0}, std::pair{config::Price{.input = 1}, 1.0},
        std::pair{config::Price{.input = 100}, 10.0}}) {
    World world;
    world.adopt({node("a")});
    world.settings.pricing["p/executor"] = price;
    world.runner.script["executor-a"] = {
        Turn{.files = {{"a.txt", "x"}}, .steps = {{100'000, 100'000, 0, 0, 0, 0.5}, step(0.5)}}};
    ASSERT_THAT(world.run(), IsOk());
    EXPECT_DOUBLE_EQ(ledger(world).total.usd, usd);
  }
}

TEST(Budget, PricedModelThatCountsNoTokensIsToldOnce) {
  for (const bool counts : {false, true}) {
    World world;
    world.adopt({node("a"), node("b", {"a"})});
    world.settings.pricing[world.settings.tiers.at(config::Role::Executor).text] = {1, 1};
    for (const char* id : {"a", "b"}) {
      usage step;
      step.input = counts ? 1 : 0;
      world.runner.script["executor-" + std::string(id)] = {
          Turn{.files = {{std::string(id) + ".txt", "made"}}, .steps = {step}}};
    }
    ASSERT_THAT(world.run(), IsOk());
    EXPECT_EQ(world.runner.calls("executor-b").size(), 1U);
    EXPECT_EQ(world.log.count("counts no tokens"), counts ? 0 : 1);
  }
}

TEST(Budget, RestOfAStoppedCallsReservationIsFreeAgain) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a", "b"});
  world.settings.limits.cost_ceiling_usd = 3;
  world.settings.limits.call_reserve_usd = 2;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done") << "0.25 of the first reservation were used, the rest came back";
  EXPECT_DOUBLE_EQ(ledger(world).committed_usd(), 0.5);
}

/// The first call does not end before every node has been found red: all that it keeps from
/// beginning have asked by then, or do so a moment later.
class FirstCallWaits {
 public:
  FirstCallWaits(World& world, int nodes) : missing_(nodes) {
    world.on_event = [this](const run::RunEvent& event) {
      missing_ -= std::holds_alternative<run::RedChecked>(event) ? 1 : 0;
    };
    world.runner.on_call = [this](const AgentCall&) {
      while (missing_ > 0) {
        std::this_thread::yield();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    };
  }

 private:
  std::atomic<int> missing_;
};

TEST(Budget, CallWaitsForWhatOthersHaveSetAsideAndGiveBack) {
  World world;
  world.adopt({node("a"), node("b"), node("c"), node("d")});
  world.obedient({"a", "b", "c", "d"});
  world.settings.limits.cost_ceiling_usd = 3;
  world.settings.limits.call_reserve_usd = 2;
  const FirstCallWaits waits(world, 4);
  const Result<run::RunState> end = world.run({.parallel = 4});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done") << "one at a time all of them fit";
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 1);
  expect_one_truth(world);
}

TEST(Budget, CallThatDoesNotFitWithNothingUnderWayMeetsTheCeiling) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a", "b"});
  world.settings.limits.cost_ceiling_usd = 2.1;
  world.settings.limits.call_reserve_usd = 2;
  const FirstCallWaits waits(world, 2);
  const Result<run::RunState> end = world.run({.parallel = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 0.25);
}

TEST(Budget, CallThatWaitsForOthersHearsAnInterruption) {
  World world;
  world.adopt({node("a"), node("b")});
  world.settings.limits.cost_ceiling_usd = 3;
  world.settings.limits.call_reserve_usd = 2;
  const std::unique_ptr<Services> services = world.wire();
  JobWork job;
  const Result<std::unique_ptr<Books>> opened = Books::open(*services, job);
  ASSERT_THAT(opened, IsOk());
  Books* const books = opened->get();
  ASSERT_THAT(books->reserve({"", "executor", "p/executor", NodeId("a"), 0}, {}), IsOk());
  const ports::CancelToken cancel;
  std::thread user([&cancel] { cancel.cancel(); });
  EXPECT_THAT(books->reserve({"", "executor", "p/executor", NodeId("b"), 0}, cancel),
              FailsWith(Errc::Cancelled, ""));
  user.join();
}

/// Each call waits in on_call until all of them are open.
class TogetherAt {
 public:
  explicit TogetherAt(int count) : missing_(count) {}
  void arrive() {
    --missing_;
    while (missing_ > 0) {
      std::this_thread::yield();
    }
  }

 private:
  std::atomic<int> missing_;
};

TEST(Budget, AllCallsInFlightAreStoppedWhenTheirSumReachesTheCeiling) {
  World world;
  world.adopt({node("a"), node("b"), node("c"), node("d")});
  world.settings.limits.cost_ceiling_usd = 1;
  TogetherAt start(4);
  world.runner.on_call = [&](const AgentCall&) { start.arrive(); };
  for (const char* id : {"a", "b", "c", "d"}) {
    world.runner.script[std::string("executor-") + id] = {
        Turn{.steps = {step(0.25)}, .hangs = true}};
  }
  const Result<run::RunState> end = world.run({.parallel = 4});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  for (const run::NodeState& one : end->nodes) {
    EXPECT_EQ(one.status, NodeStatus::Pending);
  }
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 1);
  EXPECT_EQ(ledger(world).total.calls, 4);
  expect_one_truth(world);
}

TEST(Budget, RunnerThatDoesNotStopIsCountedToTheLastCent) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.cost_ceiling_usd = 0.5;
  world.runner.script["executor-a"] = {Turn{.answer = "I crashed",
                                            .failure = agent_failure::transport,
                                            .steps = {step(0.5), step(0.5), step(0.5)},
                                            .stubborn = true}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling") << "whatever it says: it was stopped by the ceiling";
  EXPECT_EQ(world.runner.calls("").size(), 1U);
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 1.5);
  expect_one_truth(world);
}

TEST(Budget, WorkInFlightGoesOnToLandWithoutFurtherCalls) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a"});
  world.settings.limits.cost_ceiling_usd = 1;
  std::atomic<bool> a_is_gated = false;
  std::atomic<bool> b_is_stopped = false;
  world.runner.on_call = [&](const AgentCall& call) {
    while (call.key == "executor-b" && !a_is_gated) {
      std::this_thread::yield();
    }
  };
  world.gate.on_check = [&](const gate_request& request, bool passes) {
    if (request.node == "a" && passes) {
      a_is_gated = true;
      while (!b_is_stopped) {
        std::this_thread::yield();
      }
    }
  };
  world.on_event = [&](const run::RunEvent& event) {
    const auto* ended = std::get_if<run::AgentEnded>(&event);
    b_is_stopped = b_is_stopped || (ended != nullptr && ended->node == NodeId("b"));
  };
  world.runner.script["executor-b"] = {Turn{.steps = {step(0.75)}, .hangs = true}};
  const Result<run::RunState> end = world.run({.parallel = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Pending);
  EXPECT_EQ(world.landings()["a"], 1);
}

TEST(Budget, InterruptionAfterTheCeilingIsStillAnInterruption) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.cost_ceiling_usd = 0.25;
  world.runner.on_call = [&](const AgentCall&) { world.interrupt.cancel(); };
  world.runner.script["executor-a"] = {Turn{.steps = {step(0.25)}, .hangs = true}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "interrupted");
}

TEST(Budget, ReviewThatTheCeilingStopsIsPostponedAndItsNodeKept) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.review.stage_two_file_threshold = 0;
  world.settings.limits.cost_ceiling_usd = 0.5;
  world.reviewer.asks = true;
  world.runner.script["reviewer-a"] = {Turn{.steps = {step(0.25)}, .hangs = true},
                                       Turn{.answer = "fine"}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  world.settings.limits.cost_ceiling_usd = 0;
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U);
  EXPECT_EQ(ledger(world).by_role.at("reviewer").calls, 2);
  expect_one_truth(world);
}

TEST(Budget, PlanningIsStoppedInTheMiddleOfACallAndGoesOn) {
  World world;
  world.settings.limits.cost_ceiling_usd = 0.5;
  world.runner.script["explorer"] = {Turn{.answer = "the map"}};
  world.runner.script["brainstorm"] = {Turn{.steps = {step(0.25)}, .hangs = true},
                                       Turn{.answer = "the spec"}};
  ASSERT_THAT(world.plan(world.job(false)),
              FailsWith(Errc::Conflict, "raise limits.cost_ceiling_usd"));
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 0.5);
  EXPECT_EQ(ledger(world).by_role.at("planner").calls, 1);
  world.settings.limits.cost_ceiling_usd = 1;
  EXPECT_THAT(world.plan(world.job(false)), IsOk());
  EXPECT_EQ(world.runner.calls("explorer").size(), 1U) << "paid for once";
  EXPECT_DOUBLE_EQ(sum_of_costs(world), ledger(world).total.usd);
}

TEST(Budget, CritiqueThatTheCeilingForbadeIsAskedForInTheNextRun) {
  World world;
  world.settings.limits.cost_ceiling_usd = 0.5;
  world.runner.script["explorer"] = {Turn{.answer = "the map"}};
  world.runner.script["brainstorm"] = {Turn{.answer = "the spec"}, Turn{.answer = "better"}};
  ASSERT_THAT(world.plan(world.job(true, true)), FailsWith(Errc::Conflict, "cost_ceiling_usd"));
  world.settings.limits.cost_ceiling_usd = 0.75;
  (void)world.plan(world.job(true, true));  // stops at the planner
  EXPECT_EQ(world.files.text("/repo/.director/spec.md"), "better\n");
}

TEST(Budget, PlanningIsMeteredAgainstTheSameCeilingAsTheRun) {
  World world;
  world.runner.script["explorer"] = {Turn{.answer = "the map", .cost_usd = 0.75}};
  world.runner.script["brainstorm"] = {Turn{.answer = "the spec"}};
  world.runner.script["planner"] = {
      Turn{.answer = R"({"nodes":[{"id":"a","title":"A","spec":"do a","files":["a.txt"],
                         "depends_on":[],"test_cmd":"+a.txt","tests":["tests/a.test"]}]})"}};
  world.runner.script["test_author-a"] = {Turn{.files = {{"tests/a.test", "t"}}, .cost_usd = 0.5}};
  world.obedient({"a"});
  ASSERT_THAT(world.plan(world.job()), IsOk());
  world.settings.limits.cost_ceiling_usd = 1.75;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  EXPECT_TRUE(world.runner.calls("executor-a").empty());
  world.settings.limits = {};
  world.settings.limits.node_cost_ceiling_usd = 0.3;
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done") << "the node's tests are not on the account of its attempts";
}

TEST(Budget, JournalThatCannotBeWrittenStopsTheCall) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.steps = {step(0.25)}, .hangs = true}};
  director::testing::Fault full(1, director::testing::FaultSide::Before);
  world.runner.on_call = [&](const AgentCall&) { world.files.fault = &full; };
  EXPECT_THAT(world.run(), FailsWith(Errc::Io, "cannot write the journal"));
  world.files.fault = nullptr;
  world.runner.on_call = nullptr;
  world.obedient({"a"});
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
}

}  // namespace
}  // namespace director::engine::testing
