#include <gmock/gmock.h>

#include "run_steps.hpp"
#include "tests/unit/matchers.hpp"

namespace director::run::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

TEST(Advance, EveryEventOutsideItsPhaseIsAConflict) {
  const std::vector<RunEvent> events{
      AttemptStarted{kA, 1, TierKind::Executor, "m", Oid("c0")},
      RedChecked{kA, Red::Yes, ""},
      agent(kA, AgentOutcome::Ok),
      candidate(kA),
      Integrated{kA, Oid("c0"), Oid("k"), ""},
      Gated{kA, Verdict::Pass, "", false},
      Reviewed{kA, Verdict::Pass, "", ""},
      Landed{kA, Oid("c1")},
      LandRefused{kA, Oid("c1")},
  };
  // How many good answers lead to each phase, and which events it takes.
  const std::vector<std::vector<std::size_t>> legal{{0, 1}, {2}, {3}, {4}, {5, 8}, {6}, {7, 8}};
  RunStarted review = start();
  review.review_file_threshold = 0;
  for (std::size_t steps = 0; steps < legal.size(); ++steps) {
    RunModel model = started({{}}, review);
    for (std::size_t i = 0; i < steps; ++i) {
      well(model, kA);
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool expected = std::count(legal[steps].begin(), legal[steps].end(), i) != 0;
      const Result<RunStep> step = advance(model.state(), events[i], At{1, 1});
      EXPECT_EQ(step.has_value(), expected) << "phase " << steps << " event " << i;
      if (!step) {
        EXPECT_EQ(step.error().code(), Errc::Conflict);
        EXPECT_THAT(step.error().message(), HasSubstr("'n0'"));
      }
    }
    EXPECT_THAT(advance(model.state(), WorkFailed{kA, "x"}, At{1, 1}), IsOk());
    EXPECT_THAT(advance(model.state(), WorkInterrupted{kA}, At{1, 1}), IsOk());
    EXPECT_THAT(advance(model.state(), IntegrationGated{true, ""}, At{1, 1}),
                FailsWith(Errc::Conflict, "not asked for"));
  }
}

TEST(Advance, NodeThatThePlanLacksIsAConflict) {
  RunModel model = started({{}});
  const NodeId stranger("zz");
  for (const RunEvent& event :
       std::vector<RunEvent>{RedChecked{stranger, Red::Yes, ""}, Landed{stranger, Oid("c1")},
                             Landed{stranger, Oid("c1"), true}, WorkFailed{stranger, "x"},
                             WorkInterrupted{stranger}}) {
    EXPECT_THAT(advance(model.state(), event, At{1, 1}), FailsWith(Errc::Conflict, "no node 'zz'"));
  }
}

TEST(Advance, NodeThatIsDoneTakesNoFurtherEvent) {
  RunModel model = started({{}, {0}});
  until<Land>(model, kA);
  well(model, kA);
  ASSERT_EQ(model.node(kA).status, NodeStatus::Done);
  for (const RunEvent& event :
       std::vector<RunEvent>{Landed{kA, Oid("c9")}, Landed{kA, Oid("c9"), true},
                             WorkFailed{kA, "x"}, WorkInterrupted{kA}, candidate(kA)}) {
    EXPECT_THAT(advance(model.state(), event, At{1, 1}), FailsWith(Errc::Conflict, "done"));
  }
}

TEST(Advance, FailedAttemptsEscalateAndThenEndTheNode) {
  RunModel model = started({{}}, start(1, 2));
  for (const TierKind tier : {TierKind::Executor, TierKind::Executor, TierKind::Escalation}) {
    EXPECT_EQ(open_effect<StartAttempt>(model, kA).tier, tier);
    until<RunGates>(model, kA);
    say(model, kA, Gated{kA, Verdict::Fail, "still red", false});
  }
  EXPECT_EQ(model.node(kA).status, NodeStatus::Escalated);
  EXPECT_EQ(model.node(kA).attempts, 3);
  EXPECT_EQ(model.node(kA).error, "still red");
  EXPECT_CLEAN(model);
}

TEST(Advance, EveryKindOfFailureGivesTheNextAttemptItsReason) {
  RunStarted review = start();
  review.review_file_threshold = 0;
  const std::vector<std::pair<std::size_t, RunEvent>> failures{
      {1, agent(kA, AgentOutcome::Failed)},
      {2, CandidateMade{kA, Oid("c0"), Oid("t"), 1, "why"}},
      {3, Integrated{kA, Oid("c0"), Oid(), "why"}},
      {4, Gated{kA, Verdict::Fail, "why", false}},
      {5, Reviewed{kA, Verdict::Fail, "no", "why"}}};
  for (const auto& [steps, failure] : failures) {
    RunModel model = started({{}}, review);
    for (std::size_t i = 0; i < steps; ++i) {
      well(model, kA);
    }
    say(model, kA, failure);
    EXPECT_EQ(model.node(kA).feedback, "why") << steps;
    EXPECT_EQ(open_effect<StartAttempt>(model, kA).attempt, 2) << steps;
    EXPECT_TRUE(model.node(kA).candidate.empty());
    EXPECT_CLEAN(model);
  }
}

TEST(Advance, ErrorsEndTheNodeAsErrorAndNeverAsAPass) {
  RunStarted review = start();
  review.review_file_threshold = 0;
  const std::vector<std::pair<std::size_t, RunEvent>> errors{
      {0, RedChecked{kA, Red::Error, "127"}},
      {1, agent(kA, AgentOutcome::Config)},
      {4, Gated{kA, Verdict::Error, "127", false}},
      {5, Reviewed{kA, Verdict::Error, "unreadable", ""}},
      {6, WorkFailed{kA, "disk"}}};
  for (const auto& [steps, error] : errors) {
    RunModel model = started({{}}, review);
    for (std::size_t i = 0; i < steps; ++i) {
      well(model, kA);
    }
    say(model, kA, error);
    EXPECT_EQ(model.node(kA).status, NodeStatus::Error) << steps;
    EXPECT_NE(model.node(kA).error, "");
    EXPECT_CLEAN(model);
  }
}

TEST(Advance, TestsThatPassBeforeAnyWorkFailTheNodeWithoutAnAttempt) {
  RunModel model = started({{}});
  say(model, kA, RedChecked{kA, Red::No, ""});
  EXPECT_EQ(model.node(kA).status, NodeStatus::Failed);
  EXPECT_EQ(model.node(kA).attempts, 0);
}

TEST(Advance, TestsThatPassBeforeTheSecondAttemptKeepTheFirstOnTheRecord) {
  RunModel model = started({{}});
  until<RunGates>(model, kA);
  say(model, kA, Gated{kA, Verdict::Fail, "red", false});
  say(model, kA, RedChecked{kA, Red::No, ""});
  EXPECT_EQ(model.node(kA).attempts, 1);
}

TEST(Advance, InfrastructureIsRetriedWithGrowingPausesAndIsNoAttempt) {
  RunModel model = started({{}}, start(1, 1, 4));
  std::int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    until<CallAgent>(model, kA);
    say(model, kA, agent(kA, AgentOutcome::Infra));
    const StartAttempt& again = open_effect<StartAttempt>(model, kA);
    EXPECT_EQ(again.attempt, 1);
    EXPECT_GT(again.delay_ms, last);
    last = again.delay_ms;
  }
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Infra));
  EXPECT_EQ(model.node(kA).status, NodeStatus::Error);
  EXPECT_EQ(model.node(kA).attempts, 1);
  EXPECT_CLEAN(model);
}

TEST(Advance, PausesStopGrowingAndRetryAfterIsHonoured) {
  RunModel model = started({{}}, start(1, 1, 100));
  std::int64_t longest = 0;
  for (int i = 0; i < 80; ++i) {
    until<CallAgent>(model, kA);
    say(model, kA, agent(kA, AgentOutcome::Infra));
    longest = std::max(longest, open_effect<StartAttempt>(model, kA).delay_ms);
  }
  EXPECT_GE(longest, 60000);
  EXPECT_LT(longest, 75000);
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Infra, 123456));
  EXPECT_GE(open_effect<StartAttempt>(model, kA).delay_ms, 123456);
  EXPECT_EQ(model.node(kA).infra_retries, 81) << "they are counted apart from attempts";
}

TEST(Advance, NextAttemptHasItsOwnInfrastructureRetries) {
  RunModel model = started({{}}, start(1, 2, 1));
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Infra));
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Failed));
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Infra));
  EXPECT_EQ(model.node(kA).status, NodeStatus::Running);
}

TEST(Advance, DependentsAreBlockedTransitivelyAndOthersGoOn) {
  RunModel model = started({{}, {0}, {1}, {}, {2, 3}}, start(2));
  say(model, kA, WorkFailed{kA, "disk"});
  EXPECT_EQ(model.node(1).status, NodeStatus::Blocked);
  EXPECT_EQ(model.node(2).status, NodeStatus::Blocked);
  EXPECT_EQ(model.node(3).status, NodeStatus::Running);
  EXPECT_EQ(model.node(4).status, NodeStatus::Blocked);
  EXPECT_THAT(model.node(1).error, HasSubstr("'n0' did not land"));
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.state().outcome, "incomplete");
}

TEST(Advance, ReviewsEscalatedNodesAndWideDiffsOnly) {
  struct Row {
    bool on;
    int files;
    bool escalated;
    bool reviewed;
  };
  for (const Row& row : {Row{true, 3, false, false}, Row{true, 4, false, true},
                         Row{true, 1, true, true}, Row{false, 9, true, false}}) {
    RunStarted event = start(1, 1);
    event.review_stage_two = row.on;
    RunModel model = started({{}}, event);
    if (row.escalated) {
      until<CallAgent>(model, kA);
      say(model, kA, agent(kA, AgentOutcome::Failed));
    }
    until<CaptureCandidate>(model, kA);
    say(model, kA, candidate(kA, row.files));
    until<RunGates>(model, kA);
    well(model, kA);
    EXPECT_EQ(std::holds_alternative<ReviewCandidate>(model.open()[0]), row.reviewed)
        << row.files << row.escalated;
  }
}

TEST(Advance, CandidateThatPassedItsReviewIsNotReviewedAgainOnANewTip) {
  RunStarted event = start();
  event.review_file_threshold = 0;
  RunModel model = started({{}}, event);
  until<Land>(model, kA);
  model.move_tip();
  well(model, kA);
  until<RunGates>(model, kA);
  well(model, kA);
  EXPECT_TRUE(std::holds_alternative<Land>(model.open()[0]));
}

TEST(Advance, CeilingStopsNewCallsAndLetsPassedWorkLand) {
  RunModel model = started({{}, {}, {}}, start(2));
  until<RunGates>(model, kA);
  until<CallAgent>(model, kB);
  say(model, kB, agent(kB, AgentOutcome::Budget));
  EXPECT_EQ(model.node(kB).status, NodeStatus::Pending);
  EXPECT_EQ(model.node(kB).attempts, 0);
  EXPECT_EQ(model.node(kC).status, NodeStatus::Pending);
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
  EXPECT_EQ(model.state().outcome, "ceiling");
}

/// The agent ends like that, its node having reached its own ceiling.
AgentEnded spent_out(const NodeId& id, AgentOutcome outcome) {
  AgentEnded ended = agent(id, outcome);
  ended.node_ceiling = true;
  return ended;
}

TEST(Advance, NodeAtItsOwnCeilingFailsAndBlocksItsDependentsWhileOthersGoOn) {
  for (const AgentOutcome outcome :
       {AgentOutcome::Budget, AgentOutcome::Failed, AgentOutcome::Infra}) {
    RunModel model = started({{}, {0}, {}});
    until<CallAgent>(model, kA);
    say(model, kA, spent_out(kA, outcome));
    EXPECT_EQ(model.node(kA).status, NodeStatus::Failed);
    EXPECT_EQ(model.node(kA).tier, TierKind::Executor) << "it does not escalate";
    EXPECT_EQ(model.node(kB).status, NodeStatus::Blocked);
    EXPECT_TRUE(model.finish_well());
    EXPECT_EQ(model.node(kC).status, NodeStatus::Done);
    EXPECT_EQ(model.state().outcome, "incomplete");
  }
}

TEST(Advance, WorkThatWasPaidForLandsAlthoughItsNodeIsAtItsCeiling) {
  RunModel model = started({{}});
  until<CallAgent>(model, kA);
  say(model, kA, spent_out(kA, AgentOutcome::Ok));
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
  EXPECT_EQ(model.state().outcome, "done");
}

TEST(Advance, FailedGateIsTheLastAttemptOfANodeAtItsCeiling) {
  RunModel model = started({{}});
  until<CallAgent>(model, kA);
  say(model, kA, spent_out(kA, AgentOutcome::Ok));
  until<RunGates>(model, kA);
  say(model, kA, Gated{kA, Verdict::Fail, "red", false});
  EXPECT_EQ(model.node(kA).status, NodeStatus::Failed);
  EXPECT_EQ(model.node(kA).attempts, 1);
  EXPECT_THAT(model.node(kA).error, ::testing::HasSubstr("limits.node_cost_ceiling_usd): red"));
}

TEST(Advance, ReviewThatTheNodesCeilingForbidsFailsItAndTheJobsPostponesIt) {
  for (const bool node_ceiling : {false, true}) {
    RunStarted event = start();
    event.review_file_threshold = 0;
    RunModel model = started({{}}, event);
    until<ReviewCandidate>(model, kA);
    Reviewed unpaid{kA, Verdict::Pass, "no room", ""};  // as with review.on_error = "pass"
    unpaid.over_budget = true;
    unpaid.node_ceiling = node_ceiling;
    say(model, kA, unpaid);
    EXPECT_EQ(model.node(kA).status, node_ceiling ? NodeStatus::Failed : NodeStatus::Pending);
    EXPECT_EQ(model.state().outcome, node_ceiling ? "" : "ceiling");
  }
}

TEST(Advance, HigherCeilingGivesANodeAllItsAttemptsAgain) {
  RunModel model = started({{}});
  until<CallAgent>(model, kA);
  say(model, kA, spent_out(kA, AgentOutcome::Budget));
  ASSERT_TRUE(model.finish_well());
  RunStarted again = start();
  again.retry = true;
  model.feed(again);
  until<RunGates>(model, kA);
  say(model, kA, Gated{kA, Verdict::Fail, "red", false});
  EXPECT_EQ(open_effect<StartAttempt>(model, kA).attempt, 2);
  EXPECT_TRUE(model.finish_well());
}

TEST(Advance, InterruptStartsNothingAndKeepsWhatCounts) {
  RunModel model = started({{}, {}}, start(1));
  until<RunGates>(model, kA);
  model.feed(InterruptSeen{});
  say(model, kA, Gated{kA, Verdict::Fail, "red", false});
  EXPECT_EQ(model.state().outcome, "interrupted");
  EXPECT_EQ(model.node(kA).attempts, 1);
  model.feed(start(1));
  EXPECT_EQ(open_effect<StartAttempt>(model, kA).attempt, 2);
  EXPECT_EQ(model.node(kA).feedback, "red");
  EXPECT_CLEAN(model);
}

TEST(Advance, CallThatIsCancelledEndsTheRunAndGivesTheAttemptBack) {
  RunModel model = started({{}, {}});
  until<CallAgent>(model, kA);
  say(model, kA, agent(kA, AgentOutcome::Cancelled));
  EXPECT_EQ(model.state().outcome, "interrupted");
  EXPECT_EQ(model.node(kA).attempts, 0);
}

}  // namespace
}  // namespace director::run::testing
