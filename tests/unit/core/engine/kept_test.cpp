#include "core/engine/kept.hpp"

#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kKept = std::string(kKeptRefs) + kJob + "/";

std::vector<std::string> own_refs(World& world) { return world.repository.refs("refs/director/"); }

/// What one director leaves of a node that was tried twice at the executor tier and once above.
Result<run::RunState> fails_three_times(World& world) {
  world.adopt({node("a", {}, "=a.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "first"}}},
                                       Turn{.files = {{"a.txt", "second"}}}};
  world.runner.script["escalation-a"] = {Turn{.files = {{"a.txt", "third"}}}};
  return world.run({.max_attempts = 2});
}

TEST(Kept, EachAttemptThatFailedItsGateIsACommitOnItsBaseWithTheReason) {
  World world;
  const Result<run::RunState> end = fails_three_times(world);
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(world.repository.refs(kKeptRefs.data()),
            (std::vector<std::string>{kKept + "a/1", kKept + "a/2", kKept + "a/3"}));
  EXPECT_EQ(world.repository.files_at(kKept + "a/1")["a.txt"], "first");
  EXPECT_EQ(world.repository.files_at(kKept + "a/3")["a.txt"], "third");
  const std::vector<std::string> history = world.repository.messages(kKept + "a/1");
  ASSERT_THAT(history, SizeIs(3));
  EXPECT_THAT(history[0], HasSubstr("its tests failed"));
  EXPECT_THAT(history[0], HasSubstr("expected =a.txt:right"));
  EXPECT_EQ(history[1], "tests") << "its parent is the attempt's base";
  EXPECT_THAT(world.repository.refs("refs/director/flight/"), IsEmpty());
}

TEST(Kept, CommitThatIsKeptIsNeverTakenForALandedOne) {
  World world;
  ASSERT_THAT(fails_three_times(world), IsOk());
  // The person takes the attempt over onto the job branch as it is.
  world.repository.set_ref(kRef, world.repository.ref(kKept + "a/1"));
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_NE(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_THAT(world.landings(), IsEmpty());
}

TEST(Kept, WhateverFailsWhenItIsTidiedUpIsToldWithItsReason) {
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("call " + std::to_string(nth));
    World world;
    world.adopt({node("a")});
    world.obedient({"a"});
    for (const char* id : {"x", "y", "z"}) {
      world.repository.commit_on(std::string("refs/director/flight/another/") + id + "/candidate",
                                 {{id, "work"}}, "Director-Job: another");
    }
    director::testing::Fault fault(nth, director::testing::FaultSide::Before);
    world.repository.fault = &fault;
    (void)world.run();
    EXPECT_EQ(world.log.count_empty(), 0) << "failed: " << fault.where();
    if (!fault.fired()) {
      break;
    }
  }
}

TEST(Kept, NodeThatLandsInTheEndLeavesNothing) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {}, "=b.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  world.runner.script["executor-b"] = {Turn{.files = {{"b.txt", "wrong"}}}};
  world.runner.script["escalation-b"] = {Turn{.files = {{"b.txt", "wrong"}}}};
  const Result<run::RunState> end = world.run({.max_attempts = 2});
  ASSERT_THAT(end, IsOk());
  ASSERT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  for (const std::string& name : world.repository.refs(kKeptRefs.data())) {
    EXPECT_THAT(name, HasSubstr("/b/"));
  }
}

TEST(Kept, JobThatIsDoneLeavesNoRefButItsBranch) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  ASSERT_EQ(end->outcome, "done");
  EXPECT_THAT(own_refs(world), IsEmpty());
}

TEST(Kept, AttemptWithoutChangesLeavesNothing) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{}};
  world.runner.script["escalation-a"] = {Turn{.failure = agent_failure::model}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_THAT(world.repository.refs(kKeptRefs.data()), IsEmpty());
}

struct Ending {
  const char* name;
  std::function<void(World&)> arrange;
  const char* why;
};

class KeptBecause : public ::testing::TestWithParam<Ending> {};

TEST_P(KeptBecause, TheWorkIsThereWithItsReason) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "work"}}}};
  world.runner.script["escalation-a"] = {Turn{}};
  GetParam().arrange(world);
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  ASSERT_THAT(world.repository.refs(kKeptRefs.data()), Not(IsEmpty()));
  EXPECT_EQ(world.repository.files_at(kKept + "a/1")["a.txt"], "work");
  EXPECT_THAT(world.repository.message(kKept + "a/1"), HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    Endings, KeptBecause,
    ::testing::Values(
        Ending{"BrokenContract",
               [](World& world) {
                 world.runner.script["executor-a"] = {
                     Turn{.files = {{"a.txt", "work"}, {"other.txt", "stray"}}}};
               },
               "it broke the contract"},
        Ending{"Conflict",
               [](World& world) {
                 world.runner.on_call = [&world](const director::testing::AgentCall&) {
                   world.repository.commit_on(kRef, {{"a.txt", "theirs"}});
                 };
               },
               "conflicted"},
        Ending{"AgentThatGaveUp",
               [](World& world) {
                 world.runner.script["executor-a"] = {
                     Turn{.files = {{"a.txt", "work"}}, .failure = agent_failure::model}};
               },
               "did not get to its end"},
        Ending{"EndpointThatWentAway",
               [](World& world) {
                 world.runner.script["executor-a"] = {
                     Turn{.files = {{"a.txt", "work"}}, .failure = agent_failure::transport}};
               },
               "did not get to its end"},
        Ending{"Cancelled",
               [](World& world) {
                 world.runner.script["executor-a"] = {
                     Turn{.files = {{"a.txt", "work"}}, .failure = agent_failure::cancelled}};
                 world.runner.on_call = [&world](const director::testing::AgentCall&) {
                   world.interrupt.cancel();
                 };
               },
               "its agent was stopped"},
        Ending{"GateThatCannotRun",
               [](World& world) {
                 world.gate.on_check = [](const gate_request&, bool) {};
                 world.runner.on_call = [&world](const director::testing::AgentCall&) {
                   world.gate.broken = true;
                 };
               },
               "its tests could not be run"}),
    [](const auto& each) { return each.param.name; });

TEST(Kept, SecondWorkOfTheSameAttemptGetsANameOfItsOwnAndTheSameWorkNone) {
  World world;
  director::testing::FakeVcs vcs(world.repository);
  UnlandedWork work{JobId("j"), NodeId("a"),         1, Oid(world.base), Oid(),
                    "why",      "all of it\n\x1b[2J"};
  work.tree = Oid(world.repository.add_tree({{"f", "1"}}));
  const ports::WallTime now = world.clock.wall();
  EXPECT_EQ(keep_work(vcs, work, now).value_or(""), "j/a/1");
  EXPECT_EQ(keep_work(vcs, work, now).value_or(""), "j/a/1");
  work.tree = Oid(world.repository.add_tree({{"f", "2"}}));
  EXPECT_EQ(keep_work(vcs, work, now).value_or(""), "j/a/1-2");
  EXPECT_THAT(world.repository.message("refs/director/kept/j/a/1"), Not(HasSubstr("\x1b")));
}

TEST(Kept, IsListedOldestFirstAndDroppedByAge) {
  World world;
  director::testing::FakeVcs vcs(world.repository);
  const ports::WallTime now = world.clock.wall();
  for (const int days : {1, 40, 31}) {
    const Oid tree(world.repository.add_tree({{"f", std::to_string(days)}}));
    ASSERT_THAT(
        keep_work(vcs, {JobId("j"), NodeId("n"), days, Oid(world.base), tree, "why", "detail"},
                  now - std::chrono::hours(24) * days),
        IsOk());
  }
  world.repository.commit_on("refs/director/kept/by/hand", {{"x", "y"}}, "not ours");
  const Result<std::vector<KeptWork>> all = list_kept(vcs);
  ASSERT_THAT(all, IsOk());
  std::vector<std::string> ids;
  for (const KeptWork& kept : *all) {
    ids.push_back(kept.id);
  }
  EXPECT_THAT(ids, ElementsAre("j/n/40", "j/n/31", "j/n/1"));
  EXPECT_EQ((*all)[0].base, Oid(world.base));
  EXPECT_EQ(drop_older_than(vcs, std::chrono::hours(24 * 30), now).value_or(-1), 2);
  EXPECT_EQ(world.repository.refs(kKeptRefs.data()),
            (std::vector<std::string>{"refs/director/kept/by/hand", "refs/director/kept/j/n/1"}));
}

TEST(Kept, OldWorkGoesAtTheEndOfARun) {
  for (const int days : {0, 30}) {
    World world;
    world.settings.workspace.kept_days = days;
    director::testing::FakeVcs vcs(world.repository);
    const Oid tree(world.repository.add_tree({{"f", "old"}}));
    ASSERT_THAT(keep_work(vcs, {JobId("old"), NodeId("n"), 1, Oid(world.base), tree, "why", ""},
                          world.clock.wall() - std::chrono::hours(24 * 365)),
                IsOk());
    world.adopt({node("a")});
    world.obedient({"a"});
    ASSERT_THAT(world.run(), IsOk());
    EXPECT_THAT(own_refs(world), SizeIs(days == 0 ? 1 : 0));
  }
}

TEST(Kept, WhatAKilledDirectorsAgentWroteIsKeptBeforeItsSlotIsUsedAgain) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  director::testing::Fault kill;
  world.inject(&kill);
  world.runner.script["executor-a"].insert(world.runner.script["executor-a"].begin(),
                                           Turn{.files = {{"half.txt", "half of it"}}});
  bool once = true;
  world.runner.on_end = [&](const director::testing::AgentCall&) {
    if (std::exchange(once, false)) {
      kill.kill_next();  // nothing that comes after reaches the disk
    }
  };
  (void)world.run();
  world.inject(nullptr);
  ASSERT_THAT(world.repository.refs(kKeptRefs.data()), IsEmpty());
  std::string seen;
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    seen = world.repository.files_at(kKept + "a/1")["half.txt"];
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(seen, "half of it");
}

TEST(Kept, SlotWhoseWorkCannotBeKeptIsNotUsedAgain) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"b"});
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "work"}}, .failure = agent_failure::model}};
  world.runner.script["escalation-a"] = {Turn{.failure = agent_failure::model}};
  std::string slot;
  world.runner.on_call = [&](const director::testing::AgentCall& call) {
    if (call.key == "executor-a") {
      world.repository.refuse_commits = true;
      slot = call.workdir;
    } else {
      world.repository.refuse_commits = false;
    }
  };
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  EXPECT_GE(world.log.count("cannot keep the work of node 'a'"), 1);
  EXPECT_EQ(world.repository.slot(slot)["a.txt"], "work");
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.repository.files_at(kKept + "a/1")["a.txt"], "work");
}

TEST(Kept, WorkOfAnEarlierAttemptThatIsKeptLateLeavesTheCandidateOfTheNextInFlight) {
  World world;
  world.adopt({node("a")});
  world.settings.review.stage_two_file_threshold = 0;
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "half"}}, .failure = agent_failure::transport},
      Turn{.files = {{"a.txt", "made by a"}}}};
  world.runner.on_call = [&](const director::testing::AgentCall&) {
    world.repository.refuse_commits = world.runner.calls("executor-a").size() == 1;
  };
  world.gate.on_check = [&](const gate_request&, bool passes) {
    if (passes) {
      world.interrupt.cancel();
    }
  };
  ASSERT_THAT(world.run(), IsOk());
  ASSERT_EQ(world.runner.calls("executor-a").size(), 2U);
  ASSERT_GE(world.log.count("cannot keep the work of node 'a'"), 1);
  world.gate.on_check = nullptr;
  std::vector<std::string> held;
  world.on_event = [&](const run::RunEvent& event) {
    if (std::holds_alternative<run::RunStarted>(event)) {
      held = world.repository.refs("refs/director/flight/");
    }
  };
  const Result<run::RunState> more = world.run();
  ASSERT_THAT(more, IsOk());
  EXPECT_EQ(more->outcome, "done");
  EXPECT_THAT(held, Not(IsEmpty())) << "a collection may come any time";
  EXPECT_EQ(world.runner.calls("executor-a").size(), 2U) << "its candidate was paid for";
}

TEST(RefPart, IsAlwaysOnePartOfAValidName) {
  const std::pair<const char*, const char*> kCases[] = {{"20260101-000000", "20260101-000000"},
                                                        {"a.b", "a.b"},
                                                        {"a..b", "a.-b"},
                                                        {".a", "-a"},
                                                        {"a.lock", "a.lock-"},
                                                        {"a b~^:?*[\\/", "a-b--------"},
                                                        {"", "-"},
                                                        {"a.", "a.-"},
                                                        {"@{", "--"},
                                                        {"\x01\xff", "--"}};
  for (const auto& [text, part] : kCases) {
    EXPECT_EQ(ref_part(text), part) << text;
  }
}

}  // namespace
}  // namespace director::engine::testing
