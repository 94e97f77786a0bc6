#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

TEST(RunEngine, LandsThreeNodesWithADependency) {
  World world;
  world.adopt({node("a"), node("b"), node("c", {"a", "b"}, "+a.txt +b.txt +c.txt")});
  world.obedient({"a", "b", "c"});
  world.settings.gates = {{"all", "+a.txt +b.txt +c.txt"}};
  const Result<run::RunState> end = world.run({.parallel = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(world.landings(), (std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
  EXPECT_EQ(world.repository.files_at(kRef)["c.txt"], "made by c");
  EXPECT_EQ(world.repository.files_at("refs/heads/main"), (FileMap{{"README", "hello"}}));
  EXPECT_THAT(world.files.text("/repo/.director/state.json"), HasSubstr("\"status\": \"done\""));
  EXPECT_EQ(world.sink.records(kJob, "node").size(), 3U);
  EXPECT_EQ(world.sink.records(kJob, "cost").size(), 3U);
  ASSERT_EQ(world.sink.records(kJob, "run").size(), 1U);
  EXPECT_THAT(world.sink.records(kJob, "run")[0], HasSubstr("\"done\":3"));
}

TEST(RunEngine, DependentSeesWhatItsDependencyLanded) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  bool seen = false;
  world.gate.on_check = [&](const gate_request& request, bool) {
    const FileMap files = world.repository.slot(std::string(request.workdir));
    seen = seen || (request.node == "b" && files.count("a.txt") != 0 && files.count("b.txt") == 0);
  };
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_TRUE(seen) << "the red check of b ran without a";
}

TEST(RunEngine, SecondRunOfAFinishedJobDoesNothing) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  ASSERT_THAT(world.run(), IsOk());
  world.runner.forget_calls();
  const Result<run::RunState> again = world.run({.retry = true});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->outcome, "done");
  EXPECT_TRUE(world.runner.calls("").empty());
  EXPECT_EQ(world.landings()["a"], 1);
}

TEST(RunEngine, FailedAttemptPassesOnRetryWithFeedback) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}},
                                       Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 2);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[0].message, Not(HasSubstr("did not land")));
  EXPECT_THAT(calls[0].message, HasSubstr("expected =a.txt:right"));
  EXPECT_THAT(calls[1].message, HasSubstr("did not land"));
  EXPECT_THAT(calls[1].message, HasSubstr("The workspace is clean again"));
  EXPECT_EQ(world.sink.records(kJob, "node").size(), 1U);
}

TEST(RunEngine, RetryStartsFromACleanWorkspace) {
  World world;
  plan::Node one = node("a", {}, "+y.txt");
  one.files = {"x.txt", "y.txt"};
  world.adopt({one});
  world.runner.script["executor-a"] = {Turn{.files = {{"x.txt", "left over"}}},
                                       Turn{.files = {{"y.txt", "right"}}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_THAT(world.repository.files_at(kRef), Not(Contains(Key("x.txt"))));
}

TEST(RunEngine, KeptAttemptIsInTheWorkspaceAgainAndThePromptSaysSo) {
  World world;
  plan::Node one = node("a", {}, "+x.txt +y.txt");
  one.files = {"x.txt", "y.txt"};
  world.adopt({one});
  world.settings.limits.keep_attempt = true;
  world.runner.script["executor-a"] = {Turn{.files = {{"x.txt", "half"}}},
                                       Turn{.files = {{"y.txt", "rest"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("half"));
  EXPECT_THAT(calls[1].message, Not(HasSubstr("The workspace is clean again")));
}

TEST(RunEngine, GoesToTheEscalationTierOnceAndLands) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right")});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "wrong"}}}};
  world.runner.script["escalation-a"] = {Turn{.files = {{"a.txt", "right"}}}};
  const Result<run::RunState> end = world.run({.max_attempts = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 2U);
  EXPECT_EQ(world.runner.calls("escalation-a").size(), 1U);
  EXPECT_EQ(world.reviewer.diffs().size(), 1U) << "an escalated node is reviewed";
}

TEST(RunEngine, EscalationThatFailsIsAFailureAndBlocksDependents) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {"a"}), node("c")});
  world.obedient({"a", "b", "c"});
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "incomplete");
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Escalated);
  EXPECT_EQ(state_of(*end, "b").status, NodeStatus::Blocked);
  EXPECT_EQ(state_of(*end, "c").status, NodeStatus::Done);
  EXPECT_TRUE(world.runner.calls("executor-b").empty());
  int blocked = 0;
  for (const std::string& record : world.sink.records(kJob, "node")) {
    blocked += record.find("\"blocked\"") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(world.sink.records(kJob, "node").size(), 3U) << "each final node has its record";
  EXPECT_EQ(blocked, 1);
}

TEST(RunEngine, RecordsThatWereDeletedComeBackAsTheyWere) {
  World world;
  world.adopt({node("a", {}, "=a.txt:right"), node("b", {"a"}), node("c", {"b"}), node("d")});
  world.obedient({"a", "b", "c", "d"});
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  std::map<std::string, std::vector<std::string>> before;
  for (const char* kind : {"node", "run", "cost"}) {
    before[kind] = world.sink.records(kJob, kind);
    EXPECT_FALSE(before[kind].empty()) << kind;
  }
  world.sink.forget();
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  for (const auto& [kind, records] : before) {
    const std::vector<std::string> after = world.sink.records(kJob, kind);
    ASSERT_GE(after.size(), records.size()) << kind;
    EXPECT_TRUE(std::equal(records.begin(), records.end(), after.begin())) << kind;
  }
}

struct Cheat {
  std::string name;
  Turn turn;
  std::string path;  ///< that the feedback names
};

class RunEngineContract : public ::testing::TestWithParam<Cheat> {};

TEST_P(RunEngineContract, NeverLandsAndNamesThePath) {
  World world;
  world.adopt({node("a"), node("b")});
  world.obedient({"b"});
  world.runner.script["executor-a"] = {GetParam().turn};
  world.runner.script["escalation-a"] = {GetParam().turn};
  const Result<run::RunState> end = world.run({.max_attempts = 2});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Escalated);
  EXPECT_EQ(world.landings().count("a"), 0U);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr(GetParam().path));
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "test of a");
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "test of b");
}

INSTANTIATE_TEST_SUITE_P(
    All, RunEngineContract,
    ::testing::Values(
        Cheat{"EditsItsTest", Turn{.files = {{"a.txt", "x"}, {"tests/a.test", "pass"}}},
              "tests/a.test"},
        Cheat{"DeletesItsTest", Turn{.files = {{"a.txt", "x"}, {"tests/a.test", std::nullopt}}},
              "tests/a.test"},
        Cheat{"EditsAnothersTest", Turn{.files = {{"a.txt", "x"}, {"tests/b.test", "pass"}}},
              "tests/b.test"},
        Cheat{"EditsOutside", Turn{.files = {{"a.txt", "x"}, {"README", "mine"}}}, "README"},
        Cheat{"WritesIgnoreRules", Turn{.files = {{"a.txt", "x"}, {".gitignore", "*"}}},
              ".gitignore"},
        Cheat{"LeavesASymlink", Turn{.files = {{"a.txt", "symlink:/etc/passwd"}}}, "a.txt"}),
    [](const auto& each) { return each.param.name; });

TEST(RunEngine, ChangingNothingIsAFailedAttempt) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{}};
  world.runner.script["escalation-a"] = {Turn{}};
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Escalated);
}

TEST(RunEngine, TestsThatPassBeforeAnyWorkFailTheNodeUnpaid) {
  World world;
  world.adopt({node("a", {}, "+README")});
  world.obedient({"a"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Failed);
  EXPECT_TRUE(world.runner.calls("").empty());
}

TEST(RunEngine, GateThatCannotRunIsAnErrorAndNeverAPass) {
  World world;
  world.adopt({node("a", {}, "!error")});
  world.obedient({"a"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_TRUE(world.landings().empty());
}

TEST(RunEngine, GateThatBreaksAfterTheWorkIsAnErrorAndNeverAPass) {
  World world;
  world.adopt({node("a", {}, "+a.txt !error")});
  world.obedient({"a"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_TRUE(world.landings().empty());
}

TEST(RunEngine, GateThatPassesByChanceDoesNotLand) {
  World world;
  world.adopt({node("a", {}, "+a.txt !flaky")});
  world.obedient({"a"});
  const Result<run::RunState> end = world.run({.max_attempts = 1});
  ASSERT_THAT(end, IsOk());
  EXPECT_TRUE(world.landings().empty());
  EXPECT_TRUE(state_of(*end, "a").flake_failed);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("flaky"));
}

TEST(RunEngine, IntegrationGateThatFailsOrCannotRunIsNotDone) {
  for (const std::string command : {"+missing", "!error"}) {
    World world;
    world.adopt({node("a")});
    world.obedient({"a"});
    world.settings.gates = {{"bad", command}, {"good", "+a.txt"}};
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(end->outcome, "incomplete") << command;
    EXPECT_THAT(end->integration_detail, HasSubstr("'bad'"));
    EXPECT_THAT(end->integration_detail, Not(HasSubstr("'good'")));
  }
}

TEST(RunEngine, RunnerThatReportsNoEndIsInfrastructureAndNotAnAttempt) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.silent = true}, Turn{.files = {{"a.txt", "x"}}}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(state_of(*end, "a").attempts, 1);
}

TEST(RunEngine, InfrastructureThatStaysDownEndsAsError) {
  World world;
  world.adopt({node("a")});
  world.settings.limits.infra_retries = 1;
  world.runner.script["executor-a"] = {
      Turn{.answer = "endpoint down", .failure = agent_failure::transport}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("endpoint down"));
  EXPECT_EQ(world.runner.calls("executor-a").size(), 2U);
}

TEST(RunEngine, ToolThatCancelsItselfIsInfrastructureAndEnds) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.failure = agent_failure::cancelled}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_EQ(world.runner.calls("executor-a").size(), 3U);
}

TEST(RunEngine, WrongCredentialsEndTheNodeAtOnce) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.answer = "no key", .failure = agent_failure::auth}};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U);
}

TEST(RunEngine, SinkThatFailsCostsNothingElse) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.sink.fails = true;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.log.count("lost a record"), 1);
}

TEST(RunEngine, JobBranchThatIsGoneIsAnError) {
  World world;
  world.adopt({node("a")});
  world.repository.delete_ref(kRef);
  EXPECT_THAT(world.run(), FailsWith(Errc::NotFound, "its branch is gone"));
}

TEST(RunEngine, FrozenTestChangedOnTheJobBranchStopsTheNode) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.repository.commit_on(kRef, {{"tests/a.test", "weaker"}});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("tests/a.test"));
  EXPECT_TRUE(world.runner.calls("").empty());
}

TEST(RunEngine, WorkspaceSetupThatFailsIsAnErrorOfTheNode) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.workspace.setup = "make deps";
  world.hosts.setup_exit_code = 2;
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("make deps"));
}

TEST(RunEngine, WorkspaceSetupRunsOncePerSlotUntilItsInputsChange) {
  World world;
  plan::Node touches = node("a");
  touches.files.push_back("lock");
  world.adopt({touches, node("b", {"a"}), node("c", {"b"})});
  world.obedient({"b", "c"});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "x"}, {"lock", "new"}}}};
  world.settings.workspace.setup = "make deps";
  world.settings.workspace.setup_inputs = {"lock"};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
  EXPECT_EQ(world.hosts.commands().size(), 4U) << "the agent's slot before and after the lock "
                                                  "changed, the verify slot for the candidate that "
                                                  "changes it and for the next one";
}

TEST(RunEngine, KeptFoldersForGatesAreMadeOnceWhileTheyAreAsSetupLeftThem) {
  World world;
  world.adopt({node("a"), node("b", {"a"})});
  world.obedient({"a", "b"});
  world.settings.workspace.setup = "make deps";
  world.settings.workspace.keep = {"deps"};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.hosts.commands().size(), 2U) << "the agent's slot, the verify slot";
}

TEST(RunEngine, KeptFoldersThatGatesChangedAreMadeAnewForEach) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.settings.workspace.setup = "make deps";
  world.settings.workspace.keep = {"deps"};
  world.slot_folders.spoilt = {"verify-1"};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.hosts.commands().size(), 3U) << "the agent's slot, each of two runs of the gate";
}

TEST(RunEngine, KeptFoldersOfACandidateThatChangesSetupsInputsAreItsAlone) {
  World world;
  plan::Node touches = node("a");
  touches.files.insert(touches.files.end(), {"lock", "wrong"});
  world.adopt({touches});
  world.runner.script["executor-a"] = {Turn{.files = {{"wrong", "x"}, {"lock", "evil"}}},
                                       Turn{.files = {{"a.txt", "x"}}}};
  world.settings.workspace.setup = "make deps";
  world.settings.workspace.setup_inputs = {"lock"};
  world.settings.workspace.keep = {"deps"};
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  EXPECT_EQ(world.hosts.commands().size(), 3U)
      << "the agent's slot, the verify slot for the first candidate, again for the second";
}

TEST(RunEngine, TestsThatTakeTooLongBeforeTheWorkAreNoRed) {
  World world;
  world.adopt({node("a")});
  world.obedient({"a"});
  world.gate.on_check = [&](const gate_request&, bool) {
    world.clock.advance(world.settings.limits.node_timeout);
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_EQ(world.runner.calls("executor-a").size(), 0U) << "nobody is paid for that";
}

}  // namespace
}  // namespace director::engine::testing
