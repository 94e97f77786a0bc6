#include <gmock/gmock.h>

#include <deque>
#include <map>

#include "run_steps.hpp"
#include "tests/unit/matchers.hpp"

namespace director::run::testing {
namespace {

using ::director::testing::FailsWith;

TEST(Lane, TwoThatPassTogetherLandOneAfterTheOther) {
  RunModel model = started({{}, {}}, start(2));
  until<Land>(model, kA);
  until<Land>(model, kB);
  well(model, kA);
  well(model, kB);
  EXPECT_EQ(model.node(kB).phase, Phase::Integrating) << "rebuilt on the new tip";
  EXPECT_EQ(model.state().lane, model.state().index_of(kB));
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.state().outcome, "done");
  EXPECT_CLEAN(model);
}

TEST(Lane, HolderThatFailsLetsTheNextOneIn) {
  const std::vector<RunEvent> ends{WorkFailed{kB, "disk"}, WorkInterrupted{kB},
                                   Gated{kB, Verdict::Fail, "red", false},
                                   Gated{kB, Verdict::Error, "127", false}};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    RunModel model = started({{}, {}, {}}, start(3));
    for (const NodeId& id : {kA, kB, kC}) {
      until<Land>(model, id);
    }
    for (const NodeId& id : {kA, kB, kC}) {
      well(model, id);
    }
    ASSERT_EQ(model.state().lane, model.state().index_of(kB));
    EXPECT_EQ(model.node(kC).phase, Phase::AwaitingLane);
    until<RunGates>(model, kB);
    say(model, kB, ends[i]);
    EXPECT_EQ(model.state().lane, model.state().index_of(kC)) << i;
    EXPECT_EQ(model.node(kC).phase, Phase::Integrating);
    EXPECT_TRUE(model.finish_well());
    EXPECT_CLEAN(model);
  }
}

TEST(Lane, WhoPassesWhileTheLaneIsTakenWaitsAndIsGatedAgain) {
  RunModel model = started({{}, {}, {}}, start(3));
  until<Land>(model, kA);
  until<Land>(model, kB);
  until<RunGates>(model, kC);
  well(model, kA);
  well(model, kB);
  well(model, kC);
  EXPECT_EQ(model.node(kC).phase, Phase::AwaitingLand);
  EXPECT_THAT(advance(model.state(), WorkFailed{kC, "x"}, At{1, 1}),
              FailsWith(Errc::Conflict, "waiting to land"));
  until<Land>(model, kB);
  well(model, kB);
  EXPECT_EQ(model.node(kC).phase, Phase::Integrating);
  EXPECT_TRUE(model.finish_well());
  EXPECT_CLEAN(model);
}

TEST(Lane, NobodyStarvesAndLandingIsInTheOrderOfTheQueue) {
  constexpr std::size_t kNodes = 16;
  RunModel model = started(Dependencies(kNodes), start(kNodes));
  for (const NodeId& id : names(kNodes)) {
    until<Land>(model, id);
  }
  EXPECT_TRUE(model.finish_well());
  EXPECT_CLEAN(model);
  std::vector<std::string> landed;
  for (const RunEvent& event : model.journal()) {
    if (const auto* one = std::get_if<Landed>(&event)) {
      landed.push_back(one->node.value);
    }
  }
  std::vector<std::string> expected;
  for (const NodeId& id : names(kNodes)) {
    expected.push_back(id.value);
  }
  EXPECT_EQ(landed, expected);
}

/// Refuses the node's landings until it stops trying; how many that took.
int refused_until_it_stops(RunModel& model, const NodeId& id) {
  int refused = 0;
  while (model.node(id).status == NodeStatus::Running) {
    until<Land>(model, id);
    say(model, id, LandRefused{id, Oid("moved")});
    ++refused;
  }
  return refused;
}

TEST(Lane, TipThatAlwaysMovesEndsTheNodeAndTheNextOneGetsTheLane) {
  for (const int rounds : {1, 5}) {
    RunStarted event = start(2);
    event.landing_rounds = rounds;
    RunModel model = started({{}, {}}, event);
    until<Land>(model, kB);
    // The first refusal is the optimistic one, before it has the lane.
    EXPECT_EQ(refused_until_it_stops(model, kA), 1 + rounds + 1);
    EXPECT_EQ(model.node(kA).status, NodeStatus::Error);
    EXPECT_NE(model.node(kA).error.find("somebody else commits to it"), std::string::npos);
    EXPECT_FALSE(model.state().lane.has_value());
    EXPECT_TRUE(model.finish_well());
    EXPECT_EQ(model.node(kB).status, NodeStatus::Done);
    EXPECT_EQ(model.state().outcome, "incomplete");
    EXPECT_CLEAN(model);
  }
}

TEST(Lane, NodeThatLostEveryRoundLandsTheSameCandidateOnRetry) {
  RunModel model = started({{}});
  (void)refused_until_it_stops(model, kA);
  EXPECT_TRUE(model.finish_well());
  RunStarted retry = start();
  retry.retry = true;
  model.feed(retry);
  EXPECT_TRUE(std::holds_alternative<Integrate>(model.open().at(0))) << "nothing is paid again";
  EXPECT_EQ(model.node(kA).attempts, 1);
  // Losing again, it has all its rounds again.
  EXPECT_EQ(refused_until_it_stops(model, kA), 7);
  EXPECT_TRUE(model.finish_well());
  model.feed(retry);
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kA).status, NodeStatus::Done);
  EXPECT_CLEAN(model);
}

/// Two nodes that passed together: "n1" has the lane, "n2" waits for it, "n0" has landed.
RunModel two_at_the_lane(std::size_t nodes, int waiting) {
  RunStarted event = start(3);
  event.waiting = waiting;
  RunModel model = started(Dependencies(nodes), event);
  for (const NodeId& id : {kA, kB, kC}) {
    until<Land>(model, id);
  }
  for (const NodeId& id : {kA, kB, kC}) {
    well(model, id);
  }
  EXPECT_EQ(model.node(kC).phase, Phase::AwaitingLane);
  return model;
}

TEST(Lane, WhoWaitsForItMakesRoomForANodeThatCanWork) {
  // One begins in the place of the node that landed, another in that of the one that waits.
  for (const auto& [waiting, begun] : std::map<int, std::size_t>{{0, 1}, {1, 2}, {3, 2}}) {
    RunModel model = two_at_the_lane(9, waiting);
    std::size_t preparing = 0;
    for (std::size_t i = 3; i < 9; ++i) {
      preparing += model.node(i).phase == Phase::Preparing ? 1 : 0;
    }
    EXPECT_EQ(preparing, begun) << waiting;
    EXPECT_TRUE(model.finish_well());
    EXPECT_EQ(model.branch().landed.size(), 9U);
    EXPECT_CLEAN(model);
  }
}

// Its next attempt would be one agent more than may work at once.
TEST(Lane, WhoFailsInItIsTriedAgainWhenThereIsRoomAndWithTheReason) {
  RunModel model = two_at_the_lane(9, 3);
  until<RunGates>(model, kB);
  say(model, kB, Gated{kB, Verdict::Fail, "red on the new tip", false});
  EXPECT_EQ(model.node(kB).status, NodeStatus::Pending);
  EXPECT_EQ(model.node(kB).attempts, 1);
  EXPECT_EQ(model.node(kB).feedback, "red on the new tip");
  EXPECT_EQ(model.node(kC).phase, Phase::Integrating) << "who waited has the lane";
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.node(kB).status, NodeStatus::Done);
  EXPECT_EQ(model.node(kB).attempts, 2);
  EXPECT_CLEAN(model);
}

// A gate that sees the branch move ends then; what it has used counts.
TEST(Lane, WhoIsOutrunWhileGatedQueuesLikeOneThatIsRefused) {
  RunModel model = started({{}, {}}, start(2));
  until<RunGates>(model, kA);
  until<Land>(model, kB);
  well(model, kB);
  LandRefused outrun{kA, oid(1)};
  outrun.used.cpu_ms = 40;
  say(model, kA, outrun);
  EXPECT_EQ(model.state().lane, model.state().index_of(kA));
  EXPECT_EQ(model.node(kA).phase, Phase::Integrating);
  EXPECT_EQ(model.node(kA).used.cpu_ms, 40);
  EXPECT_EQ(model.node(kA).lost_rounds, 0) << "it had not the lane";
  EXPECT_TRUE(model.finish_well());
  EXPECT_CLEAN(model);
}

// With others landing as fast as they can, a node is refused once without the lane and at most once
// with it, whatever the bound.
TEST(Lane, OthersOfTheRunNeverUseUpANodesRounds) {
  constexpr std::size_t kNodes = 24;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RunStarted event = start(8);
    event.landing_rounds = 1;
    event.waiting = seed % 2 == 0 ? 0 : 8;
    RunModel model = started(Dependencies(kNodes), event);
    unsigned state = seed;
    std::map<std::string, int> refused;
    while (!model.open().empty()) {
      state = state * 1664525U + 1013904223U;
      const std::size_t which = (state >> 8U) % model.open().size();
      model.answer(which, [&](const RunEffect& effect) { return model.good(effect); });
      if (const auto* one = std::get_if<LandRefused>(&model.journal().back())) {
        ++refused[one->node.value];
      }
    }
    EXPECT_EQ(model.state().outcome, "done") << "seed " << seed;
    for (const auto& [node, times] : refused) {
      EXPECT_LE(times, 2) << node << ", seed " << seed;
    }
    EXPECT_CLEAN(model);
  }
}

/// "n0" has landed, and so has "n1", which had the lane, while the others that passed together
/// wait: the first of these has the lane now.
RunModel batch_of(std::size_t members, int batch) {
  RunStarted event = start(static_cast<int>(members) + 2);
  event.batch = batch;
  RunModel model = started(Dependencies(members + 2), event);
  for (const NodeId& id : names(members + 2)) {
    until<Land>(model, id);
  }
  for (const NodeId& id : names(members + 2)) {
    well(model, id);
  }
  until<Land>(model, kB);
  well(model, kB);
  return model;
}

TEST(Batch, ThoseThatWaitLandTogetherInTheirOrder) {
  RunModel model = batch_of(4, 9);
  const LandBatch batch = open_effect<LandBatch>(model, kC);
  EXPECT_EQ(batch.riders, (std::vector<NodeId>{NodeId("n3"), NodeId("n4"), NodeId("n5")}));
  EXPECT_EQ(model.state().at_work(), 1U) << "who rides along does no work";
  for (const std::size_t i : {2, 3, 4, 5}) {
    Landed landed{NodeId("n" + std::to_string(i)), oid(static_cast<int>(i) + 1)};
    landed.used.cpu_ms = 7;
    i == 2 ? say(model, kC, landed) : model.feed(landed);
    EXPECT_EQ(model.node(i).status, NodeStatus::Done);
    EXPECT_EQ(model.node(i).used.cpu_ms, 7);
  }
  EXPECT_FALSE(model.state().lane.has_value());
  EXPECT_EQ(model.state().tip, oid(6));
}

TEST(Batch, RefusedTheFirstLandsAloneAndHalfAsManyAreTriedNext) {
  RunModel model = batch_of(8, 9);
  BatchRefused refused{kC, "red together"};
  refused.used.cpu_ms = 40;
  say(model, kC, refused);
  EXPECT_EQ(model.node(kC).phase, Phase::Integrating);
  EXPECT_EQ(model.node(kC).used.cpu_ms, 40);
  EXPECT_EQ(model.node(3).phase, Phase::AwaitingLane);
  EXPECT_EQ(model.state().lane_queue, (std::deque<std::size_t>{3, 4, 5, 6, 7, 8, 9}));
  until<Land>(model, kC);
  well(model, kC);
  EXPECT_EQ(open_effect<LandBatch>(model, NodeId("n3")).riders.size(), 4U)
      << "half of eight, and one for what landed";
  EXPECT_TRUE(model.finish_well());
  EXPECT_EQ(model.branch().landed.size(), 10U);
  EXPECT_CLEAN(model);
}

TEST(Batch, WhoIsLeftOutWaitsAndTheOthersLand) {
  RunModel model = batch_of(3, 9);
  const NodeId left("n3");
  const NodeId last("n4");
  say(model, kC, LandRefused{left, oid(5)});
  EXPECT_EQ(model.node(left).phase, Phase::AwaitingLane);
  model.feed(Landed{kC, oid(4)});
  EXPECT_EQ(model.state().lane, model.state().index_of(last)) << "it is landing";
  model.feed(Landed{last, oid(5)});
  EXPECT_EQ(model.state().lane, model.state().index_of(left));
  EXPECT_EQ(model.node(left).phase, Phase::Integrating);
}

TEST(Batch, WhoseReviewIsDueNeitherRidesAlongNorHasRiders) {
  RunStarted event = start(5);
  event.batch = 9;
  event.review_file_threshold = 1;
  RunModel model = started(Dependencies(5), event);
  const NodeId wide("n3");
  const NodeId last("n4");
  until<CaptureCandidate>(model, wide);
  say(model, wide, candidate(wide, 2));
  until<RunGates>(model, wide);
  for (const NodeId& id : {kA, kB, kC, last}) {
    until<Land>(model, id);
  }
  for (const NodeId& id : {kA, kB, kC}) {
    well(model, id);
  }
  say(model, wide, LandRefused{wide, oid(1)});
  well(model, last);
  until<Land>(model, kB);
  well(model, kB);
  EXPECT_EQ(open_effect<LandBatch>(model, kC).riders, std::vector<NodeId>{last});
  EXPECT_EQ(model.node(wide).phase, Phase::AwaitingLane);
  say(model, kC, BatchRefused{kC, "red together"});
  EXPECT_EQ(model.state().lane_queue.front(), model.state().index_of(last));
  // Now it is the first that waits.
  RunModel again = model;
  until<Land>(again, kC);
  well(again, kC);
  until<Land>(again, last);
  well(again, last);
  EXPECT_EQ(again.node(wide).phase, Phase::Integrating);
  until<ReviewCandidate>(again, wide);
  for (RunModel* one : {&model, &again}) {
    EXPECT_TRUE(one->finish_well());
    EXPECT_CLEAN(*one);
  }
}

// Where the branch is cannot be told: each of them may have landed.
TEST(Batch, ThatFailsFailsForAllOfItAndTheNextHasTheLane) {
  RunModel model = batch_of(3, 3);
  say(model, kC, WorkFailed{kC, "disk"});
  for (const NodeId& id : {NodeId("n3"), NodeId("n4")}) {
    model.feed(WorkFailed{id, "disk"});
  }
  for (const std::size_t i : {2, 3, 4}) {
    EXPECT_EQ(model.node(i).status, NodeStatus::Error);
  }
  EXPECT_FALSE(model.state().lane.has_value());
}

TEST(Batch, AnOldJournalHasNone) {
  RunModel model = batch_of(4, 1);
  EXPECT_EQ(model.node(kC).phase, Phase::Integrating);
  EXPECT_EQ(RunStarted().batch, 1);
}

TEST(Batch, WhatDoesNotBelongToOneIsAConflict) {
  RunModel model = batch_of(3, 9);
  EXPECT_THAT(advance(model.state(), BatchRefused{NodeId("n3"), ""}, At{1, 1}),
              FailsWith(Errc::Conflict, "batch_refused"));
  EXPECT_THAT(advance(model.state(), LandRefused{kC, oid(9)}, At{1, 1}),
              FailsWith(Errc::Conflict, "land_refused"));
  RunModel alone = started({{}});
  until<Land>(alone, kA);
  EXPECT_THAT(advance(alone.state(), BatchRefused{kA, ""}, At{1, 1}),
              FailsWith(Errc::Conflict, "batch_refused"));
}

}  // namespace
}  // namespace director::run::testing
