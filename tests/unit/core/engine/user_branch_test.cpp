// What a job does when its user moves, deletes or checks out its branch, or collects garbage, at
// any stage of a node.
#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;

/// When the user acts: once, while node b is at that stage; a has landed before.
enum class Stage { Preparing, AtWork, AgentDone, Gating, BeforeLanding };

constexpr Stage kStages[] = {Stage::Preparing, Stage::AtWork, Stage::AgentDone, Stage::Gating,
                             Stage::BeforeLanding};

const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::Preparing:
      return "Preparing";
    case Stage::AtWork:
      return "AtWork";
    case Stage::AgentDone:
      return "AgentDone";
    case Stage::Gating:
      return "Gating";
    case Stage::BeforeLanding:
      return "BeforeLanding";
  }
  return "";
}

/// Node a, then b on top of it.
void two_nodes(World& world) {
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
}

void act_at(World& world, Stage stage, std::function<void()> act) {
  auto once = std::make_shared<bool>(true);
  const auto now = [once, act = std::move(act)] {
    if (std::exchange(*once, false)) {
      act();
    }
  };
  const auto is_b = [](const gate_request& request) { return request.node == "b"; };
  switch (stage) {
    case Stage::Preparing:
      world.gate.on_check = [=](const gate_request& request, bool passes) {
        if (is_b(request) && !passes) {
          now();
        }
      };
      return;
    case Stage::AtWork:
    case Stage::AgentDone:
      (stage == Stage::AtWork ? world.runner.on_call : world.runner.on_end) =
          [=](const director::testing::AgentCall& call) {
            if (call.key == "executor-b") {
              now();
            }
          };
      return;
    case Stage::Gating:
      world.gate.on_check = [=](const gate_request& request, bool passes) {
        if (is_b(request) && passes) {
          now();
        }
      };
      return;
    case Stage::BeforeLanding:
      world.on_event = [=](const run::RunEvent& event) {
        const auto* gated = std::get_if<run::Gated>(&event);
        if (gated != nullptr && gated->node.value == "b") {
          now();
        }
      };
      return;
  }
}

class UserBranch : public ::testing::TestWithParam<Stage> {};

TEST_P(UserBranch, CommitOnTopIsBuiltUponAndGatedWith) {
  World world;
  two_nodes(world);
  act_at(world, GetParam(), [&] { world.repository.commit_on(kRef, {{"users.txt", "mine"}}); });
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(world.repository.files_at(kRef)["users.txt"], "mine");
  EXPECT_EQ(world.runner.calls("executor-b").size(), 1U) << "nothing is paid twice";
}

TEST_P(UserBranch, DeletedOneEndsTheJobAndIsRestoredAsTheErrorSays) {
  World world;
  two_nodes(world);
  std::string last;
  act_at(world, GetParam(), [&] {
    last = world.repository.ref(kRef);
    world.repository.delete_ref(kRef);
    world.repository.collect_garbage();
  });
  const Result<run::RunState> end = world.run();
  EXPECT_THAT(end, FailsWith(Errc::NotFound, "is gone"));
  EXPECT_THAT(end, FailsWith(Errc::NotFound, "git branch " + std::string(kBranch) + " " + last));
  EXPECT_THAT(world.run(), FailsWith(Errc::NotFound, "git branch " + std::string(kBranch)));
  world.repository.collect_garbage();
  world.repository.set_ref(kRef, last);
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done") << "nothing needs --retry";
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST_P(UserBranch, OneThatWasResetEndsTheJobAndNothingLandsOnIt) {
  World world;
  two_nodes(world);
  std::string last;
  std::string reset;
  act_at(world, GetParam(), [&] {
    last = world.repository.ref(kRef);
    world.repository.set_ref(kRef, world.base);
    reset = world.repository.commit_on(kRef, {{"users.txt", "mine"}});
    world.repository.collect_garbage();
  });
  const Result<run::RunState> end = world.run();
  EXPECT_THAT(end, FailsWith(Errc::Conflict, "was moved to " + reset));
  EXPECT_THAT(end, FailsWith(Errc::Conflict, "git branch -f " + std::string(kBranch) + " " + last));
  EXPECT_EQ(world.repository.ref(kRef), reset) << "it is the user's";
  EXPECT_THAT(world.run(), FailsWith(Errc::Conflict, "was moved to"));
  world.repository.collect_garbage();
  world.repository.set_ref(kRef, last);
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST_P(UserBranch, OneThatIsCheckedOutEndsTheJobUntilItIsNot) {
  World world;
  two_nodes(world);
  act_at(world, GetParam(), [&] { world.repository.check_out(kRef); });
  EXPECT_THAT(world.run(), FailsWith(Errc::Conflict, "checked out"));
  EXPECT_THAT(world.run(), FailsWith(Errc::Conflict, "checked out"));
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}}));
  world.repository.check_out("");
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-b").size(), 1U) << "its candidate is gone on with";
}

TEST_P(UserBranch, GarbageCollectionTakesNothingThatIsNeeded) {
  World world;
  two_nodes(world);
  act_at(world, GetParam(), [&] { world.repository.collect_garbage(); });
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

INSTANTIATE_TEST_SUITE_P(Stages, UserBranch, ::testing::ValuesIn(kStages),
                         [](const auto& each) { return name_of(each.param); });

TEST(UserBranchAtTheEnd, WhatIsCommittedMeanwhileIsGatedBeforeTheJobIsDone) {
  for (const bool breaks : {false, true}) {
    World world;
    two_nodes(world);
    world.settings.gates = {{"all", "^a.txt,broken"}};
    bool acted = false;
    world.gate.on_check = [&](const gate_request& request, bool) {
      if (request.node.empty() && !std::exchange(acted, true)) {
        world.repository.commit_on(
            kRef, breaks ? FileMap{{"broken", "yes"}} : FileMap{{"users.txt", "mine"}});
      }
    };
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    EXPECT_TRUE(acted);
    EXPECT_EQ(end->outcome, breaks ? "incomplete" : "done");
  }
}

TEST(UserBranchAtTheEnd, OneThatIsTakenAwayMeanwhileEndsTheJobAndNothingIsLost) {
  for (const bool is_deleted : {true, false}) {
    World world;
    two_nodes(world);
    world.settings.gates = {{"all", "+a.txt +b.txt"}};
    std::string last;
    world.gate.on_check = [&](const gate_request& request, bool) {
      if (request.node.empty() && last.empty()) {
        last = world.repository.ref(kRef);
        is_deleted ? world.repository.delete_ref(kRef) : world.repository.set_ref(kRef, world.base);
      }
    };
    EXPECT_THAT(world.run(), FailsWith(is_deleted ? Errc::NotFound : Errc::Conflict, last));
    world.repository.collect_garbage();
    world.repository.set_ref(kRef, last);
    const Result<run::RunState> more = world.run();
    ASSERT_THAT(more, IsOk());
    EXPECT_EQ(more->outcome, "done");
  }
}

TEST(UserBranchAtTheEnd, OneThatIsDeletedAfterTheGatesPassedIsHeldUnderAnotherName) {
  World world;
  two_nodes(world);
  std::string last;
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::IntegrationGated>(event)) {
      last = world.repository.ref(kRef);
      world.repository.delete_ref(kRef);
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  world.repository.collect_garbage();
  world.repository.set_ref(kRef, last);
  EXPECT_EQ(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
}

TEST(UserBranchAtTheEnd, CommitsWithoutEndEndTheRunAllTheSame) {
  World world;
  two_nodes(world);
  world.settings.gates = {{"all", "+a.txt"}};
  int commits = 0;
  world.gate.on_check = [&](const gate_request& request, bool) {
    if (request.node.empty()) {
      world.repository.commit_on(kRef, {{"users.txt", std::to_string(++commits)}});
    }
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(commits, world.settings.limits.landing_rounds);
  EXPECT_THAT(end->integration_detail, HasSubstr("left alone"));
}

TEST(UserGarbageCollection, AtEveryEventCallAndGateOfAJobThatFailsAndIsOvertakenTakesNothing) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {"a"}), node("c", {}, "=c.txt:never")});
  world.obedient({"b"});
  world.settings.limits.keep_attempt = true;
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  world.runner.script["executor-c"] = {Turn{.files = {{"c.txt", "one"}}},
                                       Turn{.files = {{"c.txt", "two"}, {"stray", "x"}}}};
  world.runner.script["escalation-c"] = {Turn{.files = {{"c.txt", "three"}}}};
  int pushes = 0;
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::Gated>(event) && ++pushes < 3) {
      world.repository.commit_on(kRef, {{"push" + std::to_string(pushes), "theirs"}});
    }
    world.repository.collect_garbage();
  };
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    world.repository.collect_garbage();
  };
  world.gate.on_check = [&](const gate_request&, bool) { world.repository.collect_garbage(); };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done) << state_of(*end, "a").error;
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Done);
  EXPECT_EQ(state_of(*end, "c").status, NodeStatus::Escalated) << state_of(*end, "c").error;
  EXPECT_EQ(world.repository.refs(kKeptRefs.data()).size(), 4U);
}

/// A run that a person ends while node b's candidate is tested.
void interrupt_gating_of_b(World& world) {
  world.gate.on_check = [&](const gate_request& request, bool passes) {
    if (passes && request.node == "b") {
      world.interrupt.cancel();
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  world.gate.on_check = nullptr;
}

TEST(UserGarbageCollection, BetweenTwoRunsKeepsTheCandidateThatWasPaidFor) {
  World world;
  two_nodes(world);
  interrupt_gating_of_b(world);
  world.repository.collect_garbage();
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-b").size(), 1U);
}

TEST(UserGarbageCollection, BetweenTwoRunsOfAllThatHeldTheCandidateCostsItsAttempt) {
  World world;
  two_nodes(world);
  interrupt_gating_of_b(world);
  for (const std::string& ref : world.repository.refs("refs/director/")) {
    world.repository.delete_ref(ref);
  }
  world.repository.collect_garbage();
  world.obedient({"b"});
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  ASSERT_EQ(world.runner.calls("executor-b").size(), 2U);
  EXPECT_THAT(world.runner.calls("executor-b")[1].message, HasSubstr("collected as garbage"));
}

TEST(UserBranchBetweenRuns, CommitThatANodeBeganOnAndThatIsTakenBackStopsNothing) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  world.runner.script["escalation-a"] = {Turn{.files = {{"a.txt", "wrong, too"}}}};
  const std::string before = world.repository.ref(kRef);
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::RunStarted>(event)) {
      world.repository.commit_on(kRef, {{"users.txt", "mine"}});
    }
  };
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  ASSERT_THAT(world.landings(), IsEmpty());
  world.on_event = nullptr;
  world.repository.set_ref(kRef, before);
  const Result<run::RunState> more = world.run({.retry = true});
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done") << state_of(*more, "a").error;
}

TEST(UserBranchBetweenRuns, OneThatLostWhatLandedIsNotGoneOnWith) {
  World world;
  two_nodes(world);
  const std::string before = world.repository.ref(kRef);
  ASSERT_THAT(world.run(), IsOk());
  const std::string last = world.repository.ref(kRef);
  world.repository.set_ref(kRef, before);
  EXPECT_THAT(world.run(), FailsWith(Errc::Conflict, last));
  EXPECT_EQ(world.repository.ref(kRef), before);
}

TEST(UserBranchBetweenRuns, MergeOfTheUsersBranchIsBuiltUpon) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"a"});
  world.runner.script["executor-b"] = {Turn{}};
  world.runner.script["escalation-b"] = {Turn{}};
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  world.repository.commit_on(kRef, {{"merged.txt", "theirs"}});
  world.obedient({"b"});
  const Result<run::RunState> more = world.run({.retry = true});
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_THAT(world.repository.files_at(kRef), Contains(Key("merged.txt")));
}

}  // namespace
}  // namespace director::engine::testing
