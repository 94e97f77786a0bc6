#include <gmock/gmock.h>

#include "recorded.hpp"
#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

TEST(Landing, ConflictWithWhatLandedMeanwhileGoesBackToTheAgent) {
  World world;
  world.adopt({node("a", {}, "+a.txt")});
  world.obedient({"a"});
  bool moved = false;
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    if (!moved) {
      moved = true;
      world.repository.commit_on(kRef, {{"a.txt", "somebody else's"}});
    }
  };
  // Its tests pass on the new tip already: the second attempt finds the node mis-specified.
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_NE(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(world.repository.files_at(kRef)["a.txt"], "somebody else's");
  const auto integrated = recorded<run::Integrated>(world);
  ASSERT_EQ(integrated.size(), 1U);
  EXPECT_THAT(integrated[0].conflict, HasSubstr("a.txt"));
}

TEST(Landing, ConflictIsRetriedOnTheNewTipWithTheReason) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  bool moved = false;
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "right"}}}};
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    if (!moved) {
      moved = true;
      world.repository.commit_on(kRef, {{"a.txt", "theirs"}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("conflicts"));
  EXPECT_THAT(calls[1].message, HasSubstr("theirs"));
}

TEST(Landing, ChangeThatSomebodyPushedMeanwhileIsNotLandedAsAnEmptyCommit) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    world.repository.commit_on(kRef, {{"a.txt", "made by a"}});
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_TRUE(world.landings().empty());
  const auto integrated = recorded<run::Integrated>(world);
  ASSERT_EQ(integrated.size(), 1U);
  EXPECT_NE(integrated[0].conflict, "");
}

TEST(Landing, TipThatMovedBetweenGateAndLandingIsGatedAgain) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  int passes = 0;
  std::vector<bool> saw_other;
  world.gate.on_check = [&](const gate_request& request, bool passed) {
    if (!passed) {
      return;
    }
    saw_other.push_back(world.repository.slot(std::string(request.workdir)).count("other") != 0);
    if (++passes == 2) {
      world.repository.commit_on(kRef, {{"other", "pushed by somebody"}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(saw_other, (std::vector<bool>{false, false, true, true}));
  EXPECT_THAT(world.repository.files_at(kRef), Contains(Key("other")));
  EXPECT_EQ(world.landings()["a"], 1);
  EXPECT_EQ(world.runner.calls("").size(), 1U) << "nothing is paid again";
}

TEST(Landing, TipThatMovesEachTimeEndsTheNodeAndIsLandedOnRetry) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a", "b"});
  world.settings.limits.landing_rounds = 2;
  int pushed = 0;
  world.gate.on_check = [&](const gate_request& request, bool passed) {
    if (passed && request.node == "a") {
      world.repository.commit_on(kRef, {{"other", "push " + std::to_string(++pushed)}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("the job branch moved 3 times"));
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
  EXPECT_EQ(recorded<run::LandRefused>(world).size(), 4U);
  world.gate.on_check = nullptr;
  const Result<run::RunState> retried = world.run({.retry = true});
  ASSERT_THAT(retried, IsOk());
  EXPECT_EQ(retried->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U) << "nothing is paid again";
  EXPECT_EQ(world.repository.files_at(kRef)["other"], "push " + std::to_string(pushed));
  EXPECT_EQ(world.landings()["a"], 1);
}

TEST(Landing, NodeThatFailsOnTheMovedTipDoesNotLand) {
  World world;
  world.adopt({node("a", {}, "+a.txt ^a.txt,other")});
  world.obedient({"a"});
  int passes = 0;
  world.gate.on_check = [&](const gate_request&, bool passed) {
    if (passed && ++passes == 2) {
      world.repository.commit_on(kRef, {{"other", "breaks a"}});
    }
  };
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Escalated);
  EXPECT_THAT(world.repository.files_at(kRef), Not(Contains(Key("a.txt"))));
}

TEST(Landing, NodesThatFailTogetherNeverBothLand) {
  for (const int parallel : {1, 2}) {
    World world;
    world.adopt({node("a", {}, "+a.txt ^a.txt,b.txt"), node("b", {}, "+b.txt ^a.txt,b.txt")});
    world.obedient({"a", "b"});
    const Result<run::RunState> end = world.run({.parallel = parallel, .max_attempts = 1});
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->outcome, "incomplete");
    EXPECT_EQ(world.landings().size(), 1U) << "parallel " << parallel;
  }
}

TEST(Landing, ManyParallelNodesAllLandOnce) {
  World world;
  std::vector<plan::Node> nodes;
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back("n" + std::to_string(i));
    nodes.push_back(node(ids.back()));
  }
  world.adopt(nodes);
  world.obedient(ids);
  const Result<run::RunState> end = world.run({.parallel = 4});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  const auto landed = world.landings();
  EXPECT_EQ(landed.size(), 12U);
  for (const auto& [id, times] : landed) {
    EXPECT_EQ(times, 1) << id;
  }
  EXPECT_EQ(world.runner.calls("").size(), 12U) << "rebuilding on a new tip is not paid for";
}

TEST(Landing, WhatIsGatedIsWhatLands) {
  World world;
  world.hosts.spares = false;
  world.adopt({node("a"), node("b")});
  world.obedient({"a", "b"});
  std::map<std::string, FileMap> gated;
  world.gate.on_check = [&](const gate_request& request, bool passed) {
    if (passed) {
      const std::string dir(request.workdir);
      gated[std::string(request.node)] = world.repository.slot(dir);
      world.repository.edit(dir, "byproduct.o", "made by the tests");
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  const FileMap landed = world.repository.files_at(kRef);
  EXPECT_EQ(gated["b"], landed);
  EXPECT_THAT(landed, Not(Contains(Key("byproduct.o"))));
}

review blocking() { return {"it leaks", {{severity::critical, "a.txt", "leaks memory"}}}; }

// Its command was ended then: a gate that passes on that is broken.
TEST(Landing, PassThatComesAfterTheDeadlineCountsForNothing) {
  World world;
  world.settings.limits.infra_retries = 0;
  world.adopt({node("a", {}, "+a.txt")});
  world.obedient({"a"});
  world.gate.on_check = [&](const gate_request&, bool passes) {
    if (passes) {
      world.clock.advance(world.settings.limits.node_timeout);
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_EQ(world.repository.files_at(kRef).count("a.txt"), 0U);
}

TEST(Landing, ReviewThatBlocksReopensTheNodeWithItsFindings) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.review.stage_two_file_threshold = 0;
  world.reviewer.script = {blocking(), review{"better", {{severity::major, "a.txt", "a nit"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  EXPECT_EQ(state_of(*end, "a").review_blocks, 1);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("leaks memory"));
}

TEST(Landing, ReviewThatCannotBeReadBlocksUnlessTheConfigurationLetsItPass) {
  for (const auto on_error : {config::OnReviewError::Block, config::OnReviewError::Pass}) {
    World world;
    world.adopt({node("a")});
    world.obedient({"a"});
    world.settings.review.stage_two_file_threshold = 0;
    world.settings.review.on_error = on_error;
    world.reviewer.script = {Error(Errc::External, "cannot read the verdict")};
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    const bool passes = on_error == config::OnReviewError::Pass;
    EXPECT_EQ(state_of(*end, "a").status, passes ? NodeStatus::Done : NodeStatus::Error);
    EXPECT_EQ(world.landings().size(), passes ? 1U : 0U);
    EXPECT_THAT(state_of(*end, "a").review_summary, HasSubstr("cannot read the verdict"));
  }
}

TEST(Landing, RetryAfterAnOutageOfTheReviewerPaysNoExecutorAgain) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.review.stage_two_file_threshold = 0;
  world.reviewer.script = {Error(Errc::External, "the endpoint is down"), review{"fine", {}}};
  Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  // Neither the user nor time takes what --retry needs.
  for (const std::string& name : world.repository.refs("refs/director/kept/")) {
    world.repository.delete_ref(name);
  }
  world.repository.collect_garbage();
  end = world.run({.retry = true});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U);
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}}));
  EXPECT_TRUE(world.repository.refs("refs/director/flight/").empty());
}

TEST(Landing, ReviewersCallIsInTheLedger) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.review.stage_two_file_threshold = 0;
  world.reviewer.asks = true;
  world.runner.script["reviewer-a"] = {Turn{.cost_usd = 0.5}};
  ASSERT_THAT(world.run(), IsOk());
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_DOUBLE_EQ(job->ledger.total.usd, 0.75);
  EXPECT_EQ(job->ledger.by_role.at("reviewer").calls, 1);
  ASSERT_EQ(world.runner.calls("reviewer-a").size(), 1U);
  EXPECT_FALSE(world.runner.calls("reviewer-a")[0].may_edit);
}

TEST(Landing, CeilingStopsTheNextCallAndKeepsWhatPassed) {
  World world;
  world.adopt({node("a"), node("b"), node("c")});
  world.obedient({"a", "b", "c"});
  world.settings.limits.cost_ceiling_usd = 0.5;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  EXPECT_EQ(world.landings().size(), 2U);
  EXPECT_EQ(state_of(*end, "c").status, NodeStatus::Pending);
  EXPECT_EQ(state_of(*end, "c").attempts, 0);
  world.settings.limits.cost_ceiling_usd = 1;
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.runner.calls("").size(), 3U);
}

TEST(Landing, ReservationsOfParallelCallsCountAgainstTheCeiling) {
  World world;
  world.adopt({node("a"), node("b"), node("c"), node("d")});
  world.obedient({"a", "b", "c", "d"});
  world.settings.limits.cost_ceiling_usd = 0.6;
  world.settings.limits.call_reserve_usd = 0.25;
  const Result<run::RunState> end = world.run({.parallel = 4});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "ceiling");
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_LE(job->ledger.total.usd, 0.6);
}

TEST(Landing, AttemptThatIsKeptForTheNextIsPutOnTheTipThatMovedMeanwhile) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.settings.limits.keep_attempt = true;
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  bool once = true;
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::Gated>(event) && std::exchange(once, false)) {
      world.repository.commit_on(kRef, {{"other.txt", "pushed by somebody"}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  EXPECT_THAT(world.repository.files_at(kRef), Contains(Key("other.txt")));
}

}  // namespace
}  // namespace director::engine::testing
