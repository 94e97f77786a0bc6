// `director auto` as its users run it, with scripted agents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Asking the planner again would be an error.
constexpr const char* kNoPlanning =
    R"({"role": "planner", "steps": [{"fail": "auth", "why": "paid twice"}]},
       {"role": "brainstorm", "steps": [{"fail": "auth", "why": "paid twice"}]},)";
/// The executor of node two hangs.
constexpr const char* kHang =
    R"({"role": "executor", "contains": "Node two", "steps": [{"sleep_ms": 600000}]},)";
constexpr const char* kTwoIsAsked = "grep -qs '\"executor\".*\"two\"' .director/journal.jsonl";

class Auto : public ::testing::Test {
 protected:
  Auto() { write_file(world.state() / "config.toml", world.config("user")); }

  ScriptedJob world;
};

TEST_F(Auto, PlansAndRunsAWholeJob) {
  const std::string before = world.fingerprint();
  const Ran ran = world.director({"auto", "Write two files", "--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  EXPECT_THAT(ran.out, HasSubstr("git merge director/job-"));
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_EQ(world.git_says({"show", world.branches() + ":two.txt"}), "right");
}

TEST_F(Auto, ReadsTheTaskFromAFileOrStdin) {
  write_file(world.root() / "task.md", "\n# Write two files\n\nWith care.\n");
  const Ran file = world.director({"auto", "--input", (world.root() / "task.md").string()});
  ASSERT_EQ(file.exit_code, 0) << file.err;
  EXPECT_THAT(read_file(world.state() / "plan_stage.json"),
              HasSubstr(R"("# Write two files\n\nWith care.")"));
  const Ran piped =
      run({"sh", "-c", "echo Write them again | \"$0\" auto --input -", DIRECTOR_PROGRAM},
          world.repo(), world.environment());
  ASSERT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_THAT(read_file(world.state() / "plan_stage.json"), HasSubstr("\"Write them again\""));
}

TEST_F(Auto, UsageErrors) {
  write_file(world.root() / "empty.md", " \n");
  struct Case {
    std::vector<std::string> args;
    const char* part;
  };
  for (const Case& one :
       {Case{{"auto"}, "no unfinished job"}, Case{{"auto", "  "}, "the task is empty"},
        Case{{"auto", "task", "--input", "task.md"}, "not both"},
        Case{{"auto", "--input", "absent.md"}, "cannot read the task from 'absent.md'"},
        Case{{"auto", "--input", "."}, "cannot read the task from '.'"},
        Case{{"auto", "--input", (world.root() / "empty.md").string()}, "is empty"},
        Case{{"auto", "--force"}, "needs its task"},
        Case{{"auto", "x", "--max-cost", "0"}, "above 0"},
        Case{{"auto", "x", "--max-cost", "nan"}, "above 0"},
        Case{{"auto", "x", "--max-cost", "much"}, "--max-cost"},
        Case{{"auto", "x", "--parallel", "0"}, "--parallel"}}) {
    const Ran ran = world.director(one.args);
    EXPECT_EQ(ran.exit_code, 2) << one.part << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(one.part));
  }
  EXPECT_EQ(world.branches(), "") << "nothing was started";
}

TEST_F(Auto, GoesOnAfterAKillWithoutPayingForThePlanAgain) {
  world.script(kHang, {{"user", 0.5}});
  const Ran killed = world.stopped({"auto", "Write two files"}, kTwoIsAsked, "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  const Ran other = world.director({"auto", "Something else"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("'Write two files'"));
  EXPECT_THAT(other.err, HasSubstr("--force"));

  world.script(kNoPlanning, {{"user", 0.5}});
  const Ran ran = world.director({"auto", "Write two files"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  EXPECT_THAT(world.branches(), Not(HasSubstr("\n"))) << "one job only";

  const Ran again = world.director({"auto", "Write two files"});
  EXPECT_EQ(again.exit_code, 0) << "the same question at the same commit is the same job";
  EXPECT_THAT(again.err, HasSubstr("--force"));
  EXPECT_THAT(world.branches(), Not(HasSubstr("\n")));
}

TEST_F(Auto, AnInterruptionSaysHowToGoOn) {
  world.script(kHang);
  const Ran stopped =
      world.stopped({"auto", "Write two files", "--max-cost", "5"}, kTwoIsAsked, "INT");
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("`director auto --max-cost 5` goes on"));
  world.script(kNoPlanning);
  EXPECT_EQ(world.director({"auto"}).exit_code, 0) << "no task: whatever is there";
}

TEST_F(Auto, GoesOnAfterAKillWhilePlanning) {
  world.script(
      R"({"role": "test-author", "contains": "Node two", "steps": [{"sleep_ms": 600000}]},)");
  const Ran killed = world.stopped({"auto", "Write two files", "--no-critique"},
                                   "test \"$(grep -c '\"test_author\"' .director/journal.jsonl)\" "
                                   "-ge 3 2>/dev/null",
                                   "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  world.script(kNoPlanning);
  const Ran ran = world.director({"auto"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(Auto, ForcePutsAnUnfinishedJobAside) {
  world.script(kHang);
  ASSERT_EQ(world.stopped({"auto", "Write two files"}, kTwoIsAsked, "KILL").exit_code, 137);
  const std::string first = world.branches();
  const std::string journal = read_file(world.state() / "journal.jsonl");
  world.script("");
  const Ran ran = world.director({"auto", "Something else", "--force"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string job = first.substr(std::string("director/job-").size());
  EXPECT_THAT(read_file(world.state() / "history" / job / "journal.jsonl"), StartsWith(journal))
      << "and the call that was killed is closed";
  EXPECT_THAT(world.branches(), HasSubstr(first + "\n")) << "its branch stays";
}

TEST_F(Auto, TheCeilingStopsTheJobAndAHigherOneGoesOn) {
  world.script("", {{"user", 0.5}});
  // Planning costs $1.00 with its critiques; the second executor's call could pass $1.40.
  const Ran stopped = world.director({"auto", "Write two files", "--max-cost", "1.4"});
  EXPECT_EQ(stopped.exit_code, 1) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("ceiling"));
  EXPECT_THAT(stopped.out, HasSubstr("done 1 of 2"));
  world.script(kNoPlanning, {{"user", 0.5}});
  const Ran ran = world.director({"auto", "--max-cost", "9"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(Auto, TheCeilingHoldsWhilePlanningToo) {
  const Ran stopped = world.director({"auto", "Write two files", "--max-cost", "0.1"});
  EXPECT_EQ(stopped.exit_code, 1) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("ceiling"));
  EXPECT_THAT(stopped.err, HasSubstr("`director auto --max-cost <dollars>` tries again"));
}

TEST_F(Auto, ANodeThatDoesNotLandIsNotDone) {
  world.script(
      R"({"role": "executor", "contains": "Node two", "steps": [{"write": {"two.txt": "wrong\n"}}, {"text": "DONE"}]},)");
  const Ran ran = world.director({"auto", "Write two files", "--max-attempts", "1"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 1 of 2"));
}

TEST_F(Auto, DoesNotPassAGateForAPerson) {
  ASSERT_EQ(world.director({"plan", "Write two files"}).exit_code, 0);
  const std::string stage = read_file(world.state() / "plan_stage.json");
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"auto"}, {"auto", "Write two files"}}) {
    const Ran ran = world.director(args);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, HasSubstr("gate 1"));
    EXPECT_THAT(ran.err, HasSubstr("director plan --continue"));
  }
  EXPECT_EQ(read_file(world.state() / "plan_stage.json"), stage);
}

TEST_F(Auto, AfterAFinishedJobANewTaskStartsANewOne) {
  ASSERT_EQ(world.director({"auto", "Write two files"}).exit_code, 0);
  ASSERT_EQ(world.director({"auto", "Write them again"}).exit_code, 0);
  EXPECT_THAT(world.branches(), HasSubstr("\n"));
  EXPECT_TRUE(fs::exists(world.state() / "history"));
}

TEST_F(Auto, ASecondDirectorIsRefused) {
  const Ran ran = run({"flock", (world.state() / "lock").string(), DIRECTOR_PROGRAM, "auto", "x"},
                      world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
}

}  // namespace
}  // namespace director::e2e
