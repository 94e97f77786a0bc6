#include <gmock/gmock.h>

#include "run_steps.hpp"
#include "tests/unit/matchers.hpp"

namespace director::run::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;

TEST(Resume, CandidateIsUsedAgainAndAnyOtherAttemptIsGivenBack) {
  struct Row {
    std::size_t steps;  ///< good answers before the process is gone
    bool reused;
  };
  for (const Row& row :
       {Row{0, false}, Row{1, false}, Row{2, false}, Row{3, true}, Row{4, true}, Row{5, true}}) {
    RunModel model = started({{}});
    for (std::size_t i = 0; i < row.steps; ++i) {
      well(model, kA);
    }
    RunModel second = RunModel::resumed({{}}, model.branch(), model.journal());
    second.feed(start());
    EXPECT_EQ(std::holds_alternative<Integrate>(second.open().at(0)), row.reused) << row.steps;
    EXPECT_EQ(second.node(kA).attempts, 1) << row.steps;
    EXPECT_TRUE(second.finish_well());
    EXPECT_CLEAN(second);
  }
}

TEST(Resume, CountsFailedAttemptsOnceAndGoesOnAtTheRightTier) {
  RunModel model = started({{}}, start(1, 2));
  for (int i = 0; i < 2; ++i) {
    until<CallAgent>(model, kA);
    say(model, kA, agent(kA, AgentOutcome::Failed));
  }
  until<CallAgent>(model, kA);  // the escalation is under way
  for (int again = 0; again < 3; ++again) {
    RunModel second = RunModel::resumed({{}}, model.branch(), model.journal());
    second.feed(start(1, 2));
    EXPECT_EQ(open_effect<StartAttempt>(second, kA).tier, TierKind::Escalation);
    EXPECT_EQ(second.node(kA).attempts, 3);
    EXPECT_EQ(second.node(kA).feedback, "why");
    model = std::move(second);
  }
}

TEST(Resume, LandingThatTheJournalMissedIsTakenInAnyPhase) {
  for (std::size_t steps = 0; steps <= 5; ++steps) {
    RunModel model = started({{}, {0}});
    for (std::size_t i = 0; i < steps; ++i) {
      well(model, kA);
    }
    Branch branch = model.branch();
    branch.landed[kA] = ++branch.tip;
    RunModel second = RunModel::resumed({{}, {0}}, branch, model.journal());
    second.feed(start());
    EXPECT_EQ(second.node(kA).status, NodeStatus::Done) << steps;
    EXPECT_TRUE(second.finish_well());
    EXPECT_EQ(second.state().outcome, "done");
    EXPECT_CLEAN(second);
  }
}

TEST(Resume, NodeThatFailedAndIsFoundLandedUnblocksItsDependents) {
  RunModel model = started({{}, {0}, {1}});
  until<Land>(model, kA);
  say(model, kA, WorkFailed{kA, "the answer was lost"});
  ASSERT_EQ(model.node(kC).status, NodeStatus::Blocked);
  Branch branch;
  branch.landed[kA] = ++branch.tip;
  RunModel second = RunModel::resumed({{}, {0}, {1}}, branch, model.journal());
  second.feed(start());
  EXPECT_TRUE(second.finish_well());
  EXPECT_EQ(second.state().outcome, "done");
  EXPECT_CLEAN(second);
}

TEST(Resume, HolderOfTheLaneThatIsFoundLandedHandsTheLaneToNobody) {
  const Dependencies three{{}, {}, {}};
  RunModel model = started(three, start(3));
  for (const NodeId& id : {kA, kB, kC}) {
    until<Land>(model, id);
  }
  for (const NodeId& id : {kA, kB, kC}) {
    well(model, id);
  }
  ASSERT_EQ(model.state().lane, model.state().index_of(kB));
  ASSERT_EQ(model.node(kC).phase, Phase::AwaitingLane);
  Branch branch = model.branch();
  branch.landed[kB] = ++branch.tip;  // killed before it could write that down
  RunModel second = RunModel::resumed(three, branch, model.journal());
  EXPECT_CLEAN(second);
  second.feed(start(3));
  EXPECT_TRUE(second.finish_well());
  EXPECT_EQ(second.state().outcome, "done");
  EXPECT_CLEAN(second);
}

TEST(Resume, LandedWithoutALandingIsAConflictUnlessFound) {
  RunModel model = started({{}});
  EXPECT_THAT(advance(model.state(), Landed{kA, Oid("c1")}, At{1, 1}),
              FailsWith(Errc::Conflict, "landed"));
  EXPECT_THAT(advance(model.state(), Landed{kA, Oid("c1"), true}, At{1, 1}), IsOk());
}

TEST(Resume, RetryReopensEverythingThatDidNotLandAndNothingElse) {
  RunModel model = started({{}, {}, {}, {2}, {}}, start(1, 1));
  say(model, kC, WorkFailed{kC, "disk"});  // first, since a node waits for it
  until<Land>(model, kA);
  well(model, kA);
  say(model, kB, RedChecked{kB, Red::No, ""});
  const NodeId last("n4");
  for (int i = 0; i < 2; ++i) {
    until<CallAgent>(model, last);
    say(model, last, agent(last, AgentOutcome::Failed));
  }
  ASSERT_TRUE(model.finish_well());
  const std::vector<NodeStatus> ended{NodeStatus::Done, NodeStatus::Failed, NodeStatus::Error,
                                      NodeStatus::Blocked, NodeStatus::Escalated};
  for (std::size_t i = 0; i < ended.size(); ++i) {
    EXPECT_EQ(model.node(i).status, ended[i]) << i;
  }
  model.feed(start(1, 1));
  ASSERT_TRUE(model.finish_well());
  for (std::size_t i = 0; i < ended.size(); ++i) {
    EXPECT_EQ(model.node(i).status, ended[i]) << "without --retry nothing changes: " << i;
  }
  RunStarted retry = start(4, 1);
  retry.retry = true;
  model.feed(retry);
  EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
  EXPECT_EQ(open_effect<StartAttempt>(model, kB).attempt, 1);
  ASSERT_TRUE(model.finish_well());
  EXPECT_EQ(model.state().outcome, "done");
  EXPECT_CLEAN(model);
}

RunModel ended_as_error(const RunEvent& event) {
  RunStarted first = start(1, 1);
  first.review_file_threshold = 0;
  RunModel model = started({{}}, first);
  if (std::holds_alternative<Reviewed>(event)) {
    until<ReviewCandidate>(model, kA);
  } else {
    until<RunGates>(model, kA);
  }
  say(model, kA, event);
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kA).status, NodeStatus::Error);
  return model;
}

TEST(Resume, RetryAfterAnOutageOfGateOrReviewerGoesOnWithTheCandidate) {
  Reviewed down;
  down.node = kA;
  down.verdict = Verdict::Error;
  RunStarted retry = start(1, 1);
  retry.retry = true;
  retry.review_file_threshold = 0;
  for (const RunEvent& event : {RunEvent(Gated{kA, Verdict::Error, "127", false}), RunEvent(down),
                                RunEvent(WorkFailed{kA, "disk"})}) {
    RunModel model = ended_as_error(event);
    model.feed(retry);
    EXPECT_TRUE(std::holds_alternative<Integrate>(model.open().at(0))) << "nothing is paid again";
    EXPECT_EQ(model.node(kA).attempts, 1);
    EXPECT_EQ(model.node(kA).error, "");
    EXPECT_EQ(model.node(kA).finished_ms, 0);
    EXPECT_TRUE(model.finish_well());
    EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
    EXPECT_CLEAN(model);
  }
}

TEST(Resume, CandidateWithWhichNothingCanBeDoneIsGivenUpInTheEnd) {
  const RunEvent broken = Gated{kA, Verdict::Error, "127", false};
  RunModel model = ended_as_error(broken);
  RunStarted retry = start(1, 1);
  retry.retry = true;
  for (int again = 0; again < kMostRetriesOfACandidate; ++again) {
    model.feed(retry);
    ASSERT_TRUE(std::holds_alternative<Integrate>(model.open().at(0))) << again;
    until<RunGates>(model, kA);
    say(model, kA, broken);
    EXPECT_TRUE(model.finish_well());
  }
  model.feed(retry);
  EXPECT_EQ(open_effect<StartAttempt>(model, kA).attempt, 1);
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
  EXPECT_CLEAN(model);
}

TEST(Finish, FailedIntegrationIsNotDone) {
  RunModel model = started({{}});
  until<Land>(model, kA);
  well(model, kA);
  ASSERT_TRUE(std::holds_alternative<RunIntegrationGates>(model.open().at(0)));
  model.answer(0, [](const RunEffect&) { return IntegrationGated{false, "red"}; });
  EXPECT_EQ(model.state().outcome, "incomplete");
  EXPECT_EQ(model.state().integration_detail, "red");
}

TEST(Finish, InterruptDuringTheLastGatesDoesNotDenyWhatTheySay) {
  RunModel model = started({{}});
  until<Land>(model, kA);
  well(model, kA);
  model.feed(InterruptSeen{});
  model.answer(0, [](const RunEffect&) { return IntegrationGated{true, ""}; });
  EXPECT_EQ(model.state().outcome, "done");
}

TEST(Finish, IntegrationGatesRunAgainInEachRun) {
  RunModel model = started({{}});
  ASSERT_TRUE(model.finish_well());
  model.feed(start());
  EXPECT_TRUE(std::holds_alternative<RunIntegrationGates>(model.open().at(0)));
}

}  // namespace
}  // namespace director::run::testing
