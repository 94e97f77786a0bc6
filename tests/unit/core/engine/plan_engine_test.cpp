#include <gmock/gmock.h>

#include "core/plan/plan_json.hpp"
#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

constexpr const char* kPlan = R"(Here it is:
```json
{"nodes":[
 {"id":"b","title":"B","description":"do b","files":["b.txt"],"depends_on":["a"],
  "test_cmd":"+b.txt","tests":["tests/b.test"]},
 {"id":"a","title":"A","spec":"do a","files":["a.txt"],"depends_on":[],
  "test_cmd":"+a.txt","tests":["tests/a.test"]}]}
```)";

Turn says(const std::string& answer) { return Turn{.answer = answer}; }
Turn writes(const std::string& path, const std::string& bytes = "test") {
  return Turn{.files = {{path, bytes}}};
}

void script(World& world) {
  world.runner.script["explorer"] = {says("the map")};
  world.runner.script["brainstorm"] = {says("the spec")};
  world.runner.script["planner"] = {says(kPlan)};
  world.runner.script["test_author-a"] = {writes("tests/a.test")};
  world.runner.script["test_author-b"] = {writes("tests/b.test")};
}

plan::Plan frozen(World& world) {
  const Result<plan::Plan> plan = plan::parse_plan(world.files.text("/repo/.director/plan.json"));
  EXPECT_THAT(plan, IsOk());
  return plan ? *plan : plan::Plan();
}

TEST(PlanEngine, GoesFromTheTaskToAFrozenPlanByItself) {
  World world;
  script(world);
  const Result<PlanEnd> end = world.plan(world.job());
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::Ready);
  EXPECT_EQ(world.runner.calls("").size(), 5U);
  EXPECT_EQ(world.files.text("/repo/.director/recon.md"), "the map\n");
  EXPECT_EQ(world.files.text("/repo/.director/spec.md"), "the spec\n");
  EXPECT_THAT(world.files.text("/repo/.director/plan_stage.json"), HasSubstr("\"ready\""));
  const plan::Plan plan = frozen(world);
  ASSERT_EQ(plan.nodes.size(), 2U);
  for (const plan::Node& one : plan.nodes) {
    EXPECT_EQ(one.test_hashes.at("tests/" + one.id.value + ".test"), sha256_hex("test"));
  }
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "test");
  EXPECT_EQ(world.repository.files_at("refs/heads/main"), (FileMap{{"README", "hello"}}));
  const auto authors = world.runner.calls("test_author-b");
  ASSERT_EQ(authors.size(), 1U);
  EXPECT_TRUE(authors[0].may_edit);
  EXPECT_FALSE(world.runner.calls("planner")[0].may_edit);
}

TEST(PlanEngine, FrozenPlanRuns) {
  World world;
  script(world);
  ASSERT_THAT(world.plan(world.job()), IsOk());
  world.obedient({"a", "b"});
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->outcome, "done");
}

TEST(PlanEngine, CritiquesOnceEachAndTakesWhatTheySend) {
  World world;
  script(world);
  world.runner.script["brainstorm"].push_back(says("the better spec"));
  ASSERT_THAT(world.plan(world.job(true, true)), IsOk());
  EXPECT_EQ(world.runner.calls("brainstorm").size(), 2U);
  EXPECT_EQ(world.runner.calls("planner").size(), 2U);
  EXPECT_EQ(world.files.text("/repo/.director/spec.md"), "the better spec\n");
}

TEST(PlanEngine, CritiqueThatFailsOrSpoilsThePlanLeavesItAsItWas) {
  for (const Turn& bad :
       {says("no plan at all"), Turn{.answer = "down", .failure = agent_failure::transport}}) {
    World world;
    script(world);
    world.runner.script["brainstorm"].push_back(bad.failure ? bad : says("the spec"));
    world.runner.script["planner"].push_back(bad);
    const Result<PlanEnd> end = world.plan(world.job(true, true));
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(frozen(world).nodes.size(), 2U);
  }
}

TEST(PlanEngine, PausesAtBothGatesForAPerson) {
  World world;
  script(world);
  Result<PlanEnd> end = world.plan(world.job(false));
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtSpec);
  world.files.put("/repo/.director/spec.md", "edited by a person");
  end = world.plan(world.job(false), true);
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan);
  EXPECT_THAT(world.runner.calls("planner")[0].message, HasSubstr("edited by a person"));
  end = world.plan(world.job(false));
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan) << "a gate waits until it is approved";
  end = world.plan(world.job(false), true);
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::Ready);
  EXPECT_THAT(world.plan(world.job(false), true), FailsWith(Errc::Conflict, "no gate waits"));
}

TEST(PlanEngine, PlanThatAPersonBrokeIsNotApproved) {
  World world;
  script(world);
  ASSERT_THAT(world.plan(world.job(false)), IsOk());
  ASSERT_THAT(world.plan(world.job(false), true), IsOk());
  const std::string good = world.files.text("/repo/.director/plan.json");
  plan::Plan plan = frozen(world);
  plan.nodes[0].files.clear();
  world.files.put("/repo/.director/plan.json", plan::to_json(plan));
  EXPECT_THAT(world.plan(world.job(false), true), FailsWith(Errc::Invalid, "node 'b'"));
  world.files.put("/repo/.director/plan.json", good);
  const Result<PlanEnd> end = world.plan(world.job(false), true);
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::Ready);
}

TEST(PlanEngine, InvalidPlanIsMendedWithItsErrors) {
  World world;
  script(world);
  world.runner.script["planner"] = {says("{\"nodes\":[]}"), says(kPlan)};
  ASSERT_THAT(world.plan(world.job()), IsOk());
  const auto calls = world.runner.calls("planner");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("not a valid plan"));
}

TEST(PlanEngine, PlanThatIsInvalidTwiceIsAnErrorAndTheNextTryIsFresh) {
  World world;
  script(world);
  world.runner.script["planner"] = {says("no"), says("no"), says(kPlan)};
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Invalid, "twice"));
  const Result<PlanEnd> end = world.plan(world.job());
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::Ready);
  EXPECT_EQ(world.runner.calls("explorer").size(), 1U) << "what was done is not paid again";
}

struct BadTests {
  std::string name;
  Turn turn;
  std::string part;
};
class PlanEngineTests : public ::testing::TestWithParam<BadTests> {};

TEST_P(PlanEngineTests, AreRefusedWithTheReasonAndTakenWhenMended) {
  World world;
  script(world);
  world.runner.script["test_author-a"].insert(world.runner.script["test_author-a"].begin(),
                                              GetParam().turn);
  ASSERT_THAT(world.plan(world.job()), IsOk());
  const auto calls = world.runner.calls("test_author-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr(GetParam().part));
  const FileMap files = world.repository.files_at(kRef);
  EXPECT_EQ(files.size(), 3U) << "nothing but the tests was added";
}

TEST_P(PlanEngineTests, AreAnErrorWhenRefusedTwice) {
  World world;
  script(world);
  world.runner.script["test_author-a"] = {GetParam().turn};
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Invalid, "'a'"));
  EXPECT_EQ(world.repository.ref(kRef), world.base) << "the job branch has not moved";
  EXPECT_EQ(world.runner.calls("test_author-a").size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    All, PlanEngineTests,
    ::testing::Values(
        BadTests{"OtherFile", Turn{.files = {{"tests/a.test", "x"}, {"src.c", "x"}}}, "src.c"},
        BadTests{"TheWorkItself", Turn{.files = {{"tests/a.test", "x"}, {"a.txt", "x"}}}, "a.txt"},
        BadTests{"ChangedFile", Turn{.files = {{"tests/a.test", "x"}, {"README", "x"}}}, "README"},
        BadTests{"DeletedFile", Turn{.files = {{"tests/a.test", "x"}, {"README", std::nullopt}}},
                 "README"},
        BadTests{"Nothing", Turn{}, "was not written"},
        BadTests{"Symlink", Turn{.files = {{"tests/a.test", "symlink:/x"}}}, "plain file"}),
    [](const auto& each) { return each.param.name; });

/// The plan with another test command for a.
std::string plan_with(const std::string& command) {
  std::string text = kPlan;
  text.replace(text.find("+a.txt"), 6, command);
  return text;
}

TEST(PlanEngine, TestsThatAreNotRedAreAnErrorByItself) {
  for (const std::string command : {"+README", "!error"}) {
    World world;
    script(world);
    world.runner.script["planner"] = {says(plan_with(command))};
    EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Invalid, "tests of node 'a'")) << command;
    EXPECT_EQ(world.repository.ref(kRef), world.base);
  }
}

TEST(PlanEngine, TestsThatAreNotRedAreAWarningAtAPersonsGate) {
  World world;
  script(world);
  world.runner.script["planner"] = {says(plan_with("+README"))};
  ASSERT_THAT(world.plan(world.job(false)), IsOk());
  const Result<PlanEnd> end = world.plan(world.job(false), true);
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan);
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_THAT(job->planning.authored.at(NodeId("a")).warning, HasSubstr("passes although"));
  EXPECT_EQ(job->planning.authored.at(NodeId("b")).warning, "");
}

TEST(PlanEngine, JobBranchThatIsGoneIsAClearError) {
  World world;
  script(world);
  ASSERT_THAT(world.plan(world.job(false)), IsOk());
  world.repository.delete_ref(kRef);
  EXPECT_THAT(world.plan(world.job(false), true), FailsWith(Errc::NotFound, "is gone"));
}

TEST(PlanEngine, BranchThatIsSomebodyElsesIsLeftAlone) {
  World world;
  script(world);
  const std::string theirs = world.repository.commit_on(kRef, {{"x", "y"}});
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Conflict, "is somewhere else"));
  EXPECT_EQ(world.repository.ref(kRef), theirs);
}

Turn down() { return {.answer = "endpoint is down", .failure = agent_failure::transport}; }

TEST(PlanEngine, InfrastructureFailuresAreTriedAgainAndShown) {
  World world;
  script(world);
  world.runner.script["brainstorm"] = {down(), down(), says("the spec")};
  world.runner.script["test_author-a"] = {down(), writes("tests/a.test")};
  ASSERT_THAT(world.plan(world.job()), IsOk());
  EXPECT_EQ(world.runner.calls("brainstorm").size(), 3U);
  EXPECT_EQ(world.log.count("endpoint is down; trying again in"), 3);
  EXPECT_EQ(world.log.count("(2 of 2)"), 1);
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_EQ(job->ledger.total.calls, 8) << "each try is paid for and written down";
}

TEST(PlanEngine, AgentThatCannotBeReachedIsAnErrorAndTheSameCommandGoesOn) {
  World world;
  script(world);
  world.runner.script["brainstorm"] = {down(), down(), down(), says("the spec")};
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::External, "endpoint is down"));
  EXPECT_EQ(world.runner.calls("brainstorm").size(), 3U) << "one try and infra_retries";
  ASSERT_THAT(world.plan(world.job()), IsOk());
  EXPECT_EQ(world.runner.calls("explorer").size(), 1U);
}

void interrupt_at_the_first_check(World& world) {
  world.gate.on_check = [&world, once = false](const gate_request&, bool) mutable {
    if (!once) {
      once = true;
      world.interrupt.cancel();
    }
  };
}

TEST(PlanEngine, InterruptedWhileTestsAreCheckedDoesNotPayTheAuthorAgain) {
  World world;
  script(world);
  interrupt_at_the_first_check(world);
  ASSERT_THAT(world.plan(world.job()), FailsWith(Errc::Cancelled, "interrupted"));
  ASSERT_THAT(world.plan(world.job()), IsOk());
  EXPECT_EQ(world.runner.calls("test_author-a").size(), 1U);
  EXPECT_EQ(frozen(world).nodes.size(), 2U);
}

TEST(PlanEngine, TestsWrittenOnABranchThatMovedSinceAreWrittenAnew) {
  World world;
  script(world);
  interrupt_at_the_first_check(world);
  ASSERT_THAT(world.plan(world.job()), FailsWith(Errc::Cancelled, "interrupted"));
  world.repository.commit_on(kRef, {{"other", "x"}});
  ASSERT_THAT(world.plan(world.job()), IsOk());
  EXPECT_EQ(world.runner.calls("test_author-a").size(), 2U);
  EXPECT_EQ(world.repository.files_at(kRef)["other"], "x");
}

TEST(PlanEngine, CeilingStopsPlanningBeforeTheCall) {
  World world;
  script(world);
  world.settings.limits.cost_ceiling_usd = 0.5;
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Conflict, "cost_ceiling_usd"));
  EXPECT_EQ(world.runner.calls("").size(), 2U);
}

TEST(PlanEngine, InterruptedAtEveryCallGoesOnAndPaysNoStageTwice) {
  for (int stop = 1; stop <= 7; ++stop) {
    World world;
    script(world);
    world.runner.script["brainstorm"].push_back(says("the better spec"));
    int calls = 0;
    world.runner.on_call = [&](const director::testing::AgentCall&) {
      if (++calls == stop) {
        world.interrupt.cancel();
      }
    };
    const Result<PlanEnd> first = world.plan(world.job(true, true));
    ASSERT_THAT(first, FailsWith(Errc::Cancelled, "interrupted")) << stop;
    const Result<PlanEnd> second = world.plan(world.job(true, true));
    ASSERT_THAT(second, IsOk()) << stop;
    EXPECT_EQ(*second, PlanEnd::Ready);
    // The call in flight may be paid again, nothing else.
    EXPECT_LE(world.runner.calls("").size(), 8U) << stop;
  }
}

class PlanEngineFaults : public ::testing::TestWithParam<FaultSide> {};

TEST_P(PlanEngineFaults, AnyPortCallMayFailOnceAndTheSameCommandGoesOn) {
  int nth = 1;
  for (; nth < 1000; ++nth) {
    World world;
    script(world);
    Fault fault(nth, GetParam());
    world.inject(&fault);
    const Result<PlanEnd> first = world.plan(world.job());
    world.inject(nullptr);
    if (!fault.fired()) {
      break;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + fault.where());
    Result<PlanEnd> end = world.plan(world.job());
    if (!end) {
      end = world.plan(world.job());  // planning had stopped; the next try is fresh
    }
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(*end, PlanEnd::Ready);
    EXPECT_EQ(frozen(world).nodes.size(), 2U);
    EXPECT_EQ(world.repository.files_at(kRef).size(), 3U);
    EXPECT_LE(world.runner.calls("").size(), 7U) << "more than the call in flight was paid twice";
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(nth, 60);
}

INSTANTIATE_TEST_SUITE_P(Sides, PlanEngineFaults,
                         ::testing::Values(FaultSide::Before, FaultSide::After),
                         [](const auto& each) {
                           return each.param == FaultSide::Before ? "BeforeItsEffect"
                                                                  : "AfterItsEffect";
                         });

TEST(PlanEngine, JobThatExistsIsNotCreatedOverAgain) {
  World world;
  script(world);
  ASSERT_THAT(world.plan(world.job(false)), IsOk());
  const std::string before = world.files.text(world.journal());
  EXPECT_THAT(world.create_again(world.job(false)), FailsWith(Errc::Conflict, "job_created"));
  EXPECT_EQ(world.files.text(world.journal()), before) << "a replay would refuse that journal";
}

}  // namespace
}  // namespace director::engine::testing
