// Gate 2 with a person who edits the plan and the tests.
#include <gmock/gmock.h>

#include <functional>

#include "core/plan/plan_json.hpp"
#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

constexpr const char* kPlan = R"({"nodes":[
 {"id":"a","title":"A","spec":"do a","files":["a.txt"],"depends_on":[],
  "test_cmd":"+a.txt","tests":["tests/a.test"]},
 {"id":"b","title":"B","spec":"do b","files":["b.txt"],"depends_on":["a"],
  "test_cmd":"+b.txt","tests":["tests/b.test"]}]})";

class AtGateTwo : public ::testing::Test {
 protected:
  void SetUp() override { reach_the_gate(); }

  void reach_the_gate() {
    world.runner.script["explorer"] = {Turn{.answer = "the map"}};
    world.runner.script["brainstorm"] = {Turn{.answer = "the spec"}};
    world.runner.script["planner"] = {Turn{.answer = kPlan}};
    for (const std::string id : {"a", "b", "c"}) {
      world.runner.script["test_author-" + id] = {
          Turn{.files = {{"tests/" + id + ".test", "by the author"}}}};
    }
    ASSERT_THAT(world.plan(world.job(false)), IsOk());
    const Result<PlanEnd> end = world.plan(world.job(false), true);
    ASSERT_THAT(end, IsOk());
    ASSERT_EQ(*end, PlanEnd::PausedAtPlan);
    world.runner.forget_calls();
  }

  [[nodiscard]] Result<PlanEnd> go_on() { return world.plan(world.job(false), true); }

  [[nodiscard]] run::PlanState state() {
    const Result<JobState> job = world.replayed();
    EXPECT_THAT(job, IsOk());
    return job ? job->planning : run::PlanState();
  }

  /// Edits a file in the tests' checkout; nullopt: deletes it.
  void edit(const std::string& path, std::optional<std::string> bytes) {
    world.repository.edit(state().gate.checkout, path, std::move(bytes));
  }

  void edit_plan(const std::function<void(plan::Plan&)>& change) {
    Result<plan::Plan> plan = plan::parse_plan(world.files.text(kPlanFile));
    ASSERT_THAT(plan, IsOk());
    change(*plan);
    world.files.put(kPlanFile, plan::to_json(*plan));
  }

  void expect_ready() {
    const Result<PlanEnd> end = go_on();
    ASSERT_THAT(end, IsOk());
    EXPECT_EQ(*end, PlanEnd::Ready);
  }

  /// The gate waits on, nothing has moved, nobody was paid.
  void expect_refused(const std::string& part) {
    const std::string branch = world.repository.ref(kRef);
    EXPECT_THAT(go_on(), FailsWith(Errc::Invalid, part));
    EXPECT_EQ(world.repository.ref(kRef), branch);
    EXPECT_EQ(state().stage, run::Stage::GatePlan);
    EXPECT_EQ(world.runner.calls("").size(), 0U);
  }

  static constexpr const char* kPlanFile = "/repo/.director/plan.json";
  World world;
};

TEST_F(AtGateTwo, ChecksTheTestsOutOutsideTheRepository) {
  const run::PlanState at = state();
  EXPECT_THAT(at.gate.checkout, HasSubstr("/cache/"));
  EXPECT_EQ(world.repository.slot(at.gate.checkout), world.repository.files_at(kRef));
}

TEST_F(AtGateTwo, ApprovedUnchangedFreezesWhatIsThere) {
  const std::string branch = world.repository.ref(kRef);
  expect_ready();
  EXPECT_EQ(world.repository.ref(kRef), branch) << "no commit without an edit";
}

TEST_F(AtGateTwo, EditedTestIsCommittedAndHashed) {
  edit("tests/a.test", "by hand");
  expect_ready();
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "by hand");
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_EQ(job->plan->nodes[0].test_hashes.at("tests/a.test"), sha256_hex("by hand"));
  EXPECT_THAT(world.repository.messages(kRef)[0], HasSubstr("Director-Job: "));
}

TEST_F(AtGateTwo, EditsOutsideTheTestsKeepTheGateAndAreAllNamed) {
  edit("a.txt", "the work itself");
  edit("README", "changed");
  expect_refused("- 'a.txt' is no node's test");
  expect_refused("- 'README'");
  edit("a.txt", std::nullopt);
  edit("README", "hello");
  edit("tests/b.test", "by hand");
  expect_ready();
}

TEST_F(AtGateTwo, TestThatIsASymlinkKeepsTheGate) {
  edit("tests/a.test", "symlink:/etc/passwd");
  expect_refused("'tests/a.test' has to be a plain file");
}

TEST_F(AtGateTwo, DeletedTestIsWrittenAnewAndTheGateComesBack) {
  edit("tests/b.test", std::nullopt);
  const Result<PlanEnd> end = go_on();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan);
  EXPECT_EQ(world.runner.calls("test_author-b").size(), 1U);
  EXPECT_EQ(world.runner.calls("test_author-a").size(), 0U);
  expect_ready();
}

TEST_F(AtGateTwo, DeletedTestIsNotRunBeforeItIsWrittenAnew) {
  edit("tests/b.test", std::nullopt);
  edit_plan([](plan::Plan& plan) { plan.nodes[1].test_cmd = "+b.txt +tests/b.test"; });
  world.gate.judge_as = [this](const gate_request& request) {
    return world.repository.slot(std::string(request.workdir)).contains("tests/b.test")
               ? verdict::fail("exit 1")
               : verdict::error("exit 127", "no such file");
  };
  const Result<PlanEnd> end = go_on();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan);
  expect_ready();
}

// Whatever fails while a person's edits are looked at, they stay for the next time.
TEST_F(AtGateTwo, EditsOutliveEveryCallThatFails) {
  edit("tests/a.test", "by hand");
  int nth = 1;
  for (; state().stage == run::Stage::GatePlan; ++nth) {
    director::testing::Fault fault(nth, director::testing::FaultSide::Before);
    world.repository.fault = &fault;
    (void)go_on();
    world.repository.fault = nullptr;
    if (state().stage == run::Stage::GatePlan) {
      ASSERT_TRUE(fault.fired());
      EXPECT_EQ(world.repository.slot(state().gate.checkout)["tests/a.test"], "by hand")
          << fault.where();
    }
  }
  EXPECT_GT(nth, 5);
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "by hand");
}

TEST_F(AtGateTwo, CheckoutThatWasRemovedIsMadeAnew) {
  const std::string checkout = state().gate.checkout;
  world.repository.remove_slot(checkout);
  expect_refused("it was made anew");
  EXPECT_EQ(world.repository.slot(checkout), world.repository.files_at(kRef));
  expect_ready();
}

TEST_F(AtGateTwo, EditsOnACommitThatIsGoneAreLeftAlone) {
  edit("tests/a.test", "by hand");
  world.repository.set_ref(kRef, world.base);
  world.repository.commit_on(kRef, {{"tests/a.test", "amended"}, {"tests/b.test", "amended"}});
  world.repository.collect_garbage();
  EXPECT_THAT(go_on(), FailsWith(Errc::NotFound, "cannot tell what was edited in"));
  EXPECT_EQ(world.repository.slot(state().gate.checkout)["tests/a.test"], "by hand");
}

/// The repository had tests/b.test before the job began; its author wrote over it.
class AtGateTwoOfAnOldTest : public AtGateTwo {
 protected:
  void SetUp() override {
    world.base = world.repository.commit_on("refs/heads/main", {{"tests/b.test", "the user's"}});
    reach_the_gate();
    ASSERT_EQ(world.repository.files_at(kRef)["tests/b.test"], "by the author");
    edit_plan([](plan::Plan& plan) {
      for (plan::Node& one : plan.nodes) {
        one.tests.clear();
      }
    });
    // Files that version control checks out are not in the store of the test.
    checkout = state().gate.checkout;
    world.files.put(checkout + "/tests/a.test", "by the author");
    world.files.put(checkout + ".base/tests/b.test", "the user's");
  }
  std::string checkout;
};

TEST_F(AtGateTwoOfAnOldTest, ThatNoNodeNamesAnyMoreIsAsItWas) {
  expect_ready();
  EXPECT_EQ(world.files.text(checkout + "/tests/b.test"), "the user's");
  EXPECT_EQ(world.files.text(checkout + "/tests/a.test"), "") << "only an author wrote that";
}

TEST_F(AtGateTwoOfAnOldTest, ThatAPersonEditedIsAsTheyMadeIt) {
  edit("tests/b.test", "by hand");
  expect_ready();
  EXPECT_EQ(world.files.text(checkout + "/tests/b.test"), "") << "it was put back";
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "by hand");
}

TEST_F(AtGateTwoOfAnOldTest, ThatAPersonCommittedIsAsTheyMadeIt) {
  world.repository.commit_on(kRef, {{"tests/b.test", "committed"}});
  expect_ready();
  EXPECT_EQ(world.files.text(checkout + "/tests/b.test"), "") << "it was put back";
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "committed");
}

TEST_F(AtGateTwo, NodeAddedToThePlanHasItsTestsWritten) {
  edit_plan([](plan::Plan& plan) {
    plan.nodes.push_back(node("c", {"b"}));
    plan.nodes.back().tests = {"tests/c.test"};
  });
  const Result<PlanEnd> end = go_on();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(*end, PlanEnd::PausedAtPlan) << "nobody has seen those tests yet";
  EXPECT_EQ(world.runner.calls("").size(), 1U);
  expect_ready();
  const Result<JobState> job = world.replayed();
  ASSERT_THAT(job, IsOk());
  EXPECT_EQ(job->plan->nodes.size(), 3U);
}

TEST_F(AtGateTwo, NodeAddedWithTestsWrittenByHandNeedsNoAuthor) {
  edit_plan([](plan::Plan& plan) {
    plan.nodes.push_back(node("c", {"b"}));
    plan.nodes.back().tests = {"tests/c.test"};
  });
  edit("tests/c.test", "by hand");
  expect_ready();
  EXPECT_EQ(world.runner.calls("").size(), 0U);
}

TEST_F(AtGateTwo, BadPlanKeepsTheGateWithEveryProblem) {
  edit_plan([](plan::Plan& plan) {
    plan.nodes[0].files.clear();
    plan.nodes[1].test_cmd.clear();
  });
  expect_refused("node 'a'");
  expect_refused("node 'b'");
  world.files.put(kPlanFile, "{not json");
  expect_refused("plan.json");
}

TEST_F(AtGateTwo, PlanOfAnotherJobOrBranchKeepsTheGate) {
  edit_plan([](plan::Plan& plan) { plan.job_branch = "main"; });
  expect_refused("job_branch");
  edit_plan([](plan::Plan& plan) {
    plan.job_branch = kBranch;
    plan.job_id = JobId("another");
  });
  expect_refused("job_id");
}

TEST_F(AtGateTwo, CommandThatCannotRunKeepsTheGateOnceTestsWereEdited) {
  edit("tests/a.test", "by hand");
  edit_plan([](plan::Plan& plan) { plan.nodes[0].test_cmd = "!error"; });
  expect_refused("node 'a': the tests cannot be run");
}

TEST_F(AtGateTwo, EditedTestThatIsNotRedIsAWarning) {
  edit("tests/a.test", "by hand");
  edit_plan([](plan::Plan& plan) { plan.nodes[0].test_cmd = "+README"; });
  expect_ready();
  EXPECT_EQ(world.log.count("passes although nothing is implemented"), 1);
}

TEST_F(AtGateTwo, CommitsOnTheJobBranchAndEditsInTheCheckoutComeTogether) {
  world.repository.commit_on(kRef, {{"tests/a.test", "committed by hand"}});
  edit("tests/b.test", "by hand");
  expect_ready();
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "committed by hand");
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "by hand");
}

TEST_F(AtGateTwo, BranchAndCheckoutThatDisagreeKeepTheGate) {
  world.repository.commit_on(kRef, {{"tests/a.test", "committed by hand"}});
  edit("tests/a.test", "by hand");
  expect_refused("differently, in: tests/a.test");
}

TEST_F(AtGateTwo, KilledAfterTheCommitGoesOnWithoutAnother) {
  edit("tests/a.test", "by hand");
  const std::string journal = world.files.text(world.journal());
  expect_ready();
  const std::string branch = world.repository.ref(kRef);
  world.files.put(world.journal(), journal);  // as if it had died before it wrote that down
  expect_ready();
  EXPECT_EQ(world.repository.ref(kRef), branch);
}

TEST_F(AtGateTwo, EmptySpecificationKeepsGateOne) {
  World other;
  other.runner.script = world.runner.script;
  ASSERT_THAT(other.plan(other.job(false)), IsOk());
  for (const char* empty : {"", " \n\t\n"}) {
    other.files.put("/repo/.director/spec.md", empty);
    EXPECT_THAT(other.plan(other.job(false), true),
                FailsWith(Errc::Invalid, "there is no specification"));
  }
  other.files.put("/repo/.director/spec.md", "by hand");
  ASSERT_THAT(other.plan(other.job(false), true), IsOk());
  EXPECT_THAT(other.runner.calls("planner")[0].message, HasSubstr("by hand"));
}

}  // namespace
}  // namespace director::engine::testing
