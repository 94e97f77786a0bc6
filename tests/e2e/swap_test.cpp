// A whole job without git and without OpenCode: both swapped for test plugins, loaded as shared
// libraries by the same loader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;

constexpr const char* kConfig = R"([tiers]
planner = "any/planner"
test_author = "any/author"
executor = "any/executor"
explorer = "any/explorer"
reviewer = "any/reviewer"
escalation = "any/escalation"
[gates]
both = "test -f one.txt && test -f two.txt"
[limits]
max_attempts = 2
[plugins]
runner = "runner-scripted"
vcs = "vcs-memory"
path = ["@PLUGINS@"]
[plugin.runner-scripted]
script = "@SCRIPT@"
)";

constexpr const char* kScript = R"JSON({"rules": [
  {"role": "explorer", "steps": [{"text": "An empty folder."}]},
  {"role": "brainstorm", "steps": [{"text": "# Two files"}]},
  {"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}, {\"id\": \"two\", \"title\": \"Two\", \"spec\": \"Write two.txt\", \"files\": [\"two.txt\"], \"depends_on\": [\"one\"], \"test_cmd\": \"sh tests/two.sh\", \"tests\": [\"tests/two.sh\"], \"estimated_difficulty\": \"hard\"}]}"}]},
  {"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt\n"}}, {"text": "DONE"}]},
  {"role": "test-author", "contains": "Node two", "steps": [{"write": {"tests/two.sh": "grep -q right one.txt && grep -q right two.txt\n"}}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node one", "nth": 1, "steps": [{"write": {"one.txt": "wrong\n"}}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node one", "steps": [{"write": {"one.txt": "right\n"}}, {"usage": {"input": 10, "output": 2, "cost": 0.5}}, {"text": "DONE"}]},
  {"role": "executor", "contains": "Node two", "nth": 1, "steps": [{"write": {"two.txt": "right\n", "tests/two.sh": "true\n"}}, {"text": "DONE, I mended the tests"}]},
  {"role": "executor", "contains": "Node two", "steps": [{"write": {"two.txt": "right\n"}}, {"text": "DONE"}]}
]})JSON";

void configure(World& world) {
  const fs::path script = world.root() / "script.json";
  write_file(script, kScript);
  write_file(
      world.state() / "config.toml",
      filled(filled(kConfig, "@PLUGINS@", DIRECTOR_TEST_PLUGINS), "@SCRIPT@", script.string()));
}

TEST(SwappedBackends, PlanAndRunAWholeJob) {
  World world;
  write_file(world.repo() / "README.md", "no repository of git\n");
  configure(world);

  const Ran planned = world.director({"plan", "Write two files", "--auto", "--no-critique"});
  ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  const Ran ran = world.director({"run", "--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  EXPECT_THAT(ran.err, HasSubstr("tests/two.sh")) << "the edit of a frozen test is named";
  EXPECT_FALSE(fs::exists(world.repo() / "one.txt")) << "the checkout is the user's";
  EXPECT_FALSE(fs::exists(world.repo() / ".git"));
  EXPECT_THAT(read_file(world.state() / "costs.jsonl"), HasSubstr("\"cost\":0.5"));
}

// What git users have: a detached HEAD, uncommitted work, and file names that break naive tools.
TEST(SwappedRunner, WorksOnAnOddRepositoryAndLeavesItAlone) {
  World world;
  fs::create_directories(world.repo() / "odd");
  for (const char* name : {"with space", "with\"quote'", "with\nnewline", "\xc3\xbc", "\xff\xfe",
                           "-dash", "back\\slash", "$(touch pwned)"}) {
    write_file(world.repo() / "odd" / name, "odd\n");
  }
  const fs::path files = world.root() / "files";
  fs::rename(world.repo(), files);
  world.make_repository(files);
  (void)world.git_says({"checkout", "--quiet", "--detach"});
  configure(world);
  write_file(world.repo() / "odd" / "with space", "changed, not committed\n");
  write_file(world.repo() / "untracked", "mine\n");
  const std::string config = read_file(world.state() / "config.toml");
  std::string with_git = config;
  with_git.erase(with_git.find("vcs = \"vcs-memory\"\n"),
                 std::string("vcs = \"vcs-memory\"\n").size());
  write_file(world.state() / "config.toml", with_git);
  const std::string before = world.fingerprint();

  const Ran planned = world.director({"plan", "Write two files", "--auto", "--no-critique"});
  ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  EXPECT_THAT(planned.err, HasSubstr("uncommitted changes"));
  const Ran ran = world.director({"run", "--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_FALSE(fs::exists(world.repo() / "pwned"));
  const std::string branch =
      world.git_says({"for-each-ref", "--format=%(refname)", "refs/heads/director/"});
  EXPECT_EQ(world.git_says({"diff", "--name-only", "HEAD", branch}),
            "one.txt\ntests/one.sh\ntests/two.sh\ntwo.txt");
}

/// The first block of a language on the page about these backends.
std::string block_of_page(const std::string& language) {
  const std::string page = read_file(DIRECTOR_SWAP_PAGE);
  const std::string begin = "```" + language + "\n";
  const std::size_t at = page.find(begin) + begin.size();
  return page.substr(at, page.find("```\n", at) - at);
}

// The configuration that the page shows is one: a job with all four runs.
TEST(SwappedBackends, ThePagesConfigurationDoesAJob) {
  World world;
  write_file(world.repo() / "README.md", "no repository of git\n");
  configure(world);
  std::string config = read_file(world.state() / "config.toml");
  config = config.substr(0, config.find("[plugins]")) +
           filled(filled(block_of_page("toml"), "/usr/local/lib/director/test-plugins",
                         DIRECTOR_TEST_PLUGINS),
                  "/abs", world.root().string());
  write_file(world.state() / "config.toml", config);
  write_file(world.root() / "gates.json", R"({"rules": [
    {"node": "one", "files": {"one.txt": {"has": "right"}}, "verdict": "pass"},
    {"node": "two", "files": {"two.txt": {"has": "right"}}, "verdict": "pass"},
    {"scope": "integration", "verdict": "pass"},
    {"verdict": "fail", "summary": "not right"}]})");
  const Ran planned = world.director({"plan", "Write two files", "--auto", "--no-critique"});
  ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  const Ran ran = world.director({"run"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  EXPECT_THAT(read_file(world.root() / "calls.jsonl"), HasSubstr("\"role\":\"executor\""));
  EXPECT_FALSE(fs::exists(world.state() / "costs.jsonl")) << "that is metrics-jsonl's";
}

TEST(SwappedBackends, PlanningStopsAtBothGates) {
  World world;
  write_file(world.repo() / "README.md", "no repository of git\n");
  configure(world);
  const Ran first = world.director({"plan", "Write two files"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("Gate 1"));
  EXPECT_THAT(read_file(world.state() / "plan_stage.json"), HasSubstr("\"gate_spec\""));

  const Ran early = world.director({"run"});
  EXPECT_EQ(early.exit_code, 2);
  EXPECT_THAT(early.err, HasSubstr("plan --continue"));
  const Ran other = world.director({"plan", "Something else"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("--new"));

  const Ran second = world.director({"plan", "--continue"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("Gate 2"));
  const Ran third = world.director({"plan", "--continue"});
  EXPECT_EQ(third.exit_code, 0) << third.err;
  EXPECT_THAT(third.out, HasSubstr("director run"));
  EXPECT_EQ(world.director({"run"}).exit_code, 0);
  EXPECT_EQ(world.director({"plan", "Something else"}).exit_code, 0) << "the last job is over";
  EXPECT_TRUE(fs::exists(world.state() / "history"));
}

// The second of two directors is told so, and by its status.
TEST(SwappedBackends, ASecondDirectorIsRefused) {
  World world;
  write_file(world.repo() / "README.md", "no repository of git\n");
  configure(world);
  const Ran ran = run({"flock", (world.state() / "lock").string(), DIRECTOR_PROGRAM, "run"},
                      world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("is at work in this repository"));
}

// Where everything landed but a gate of the job as a whole says no, the status is not 0.
TEST(SwappedBackends, AFailedIntegrationGateIsNotDone) {
  World world;
  write_file(world.repo() / "README.md", "no repository of git\n");
  configure(world);
  ASSERT_EQ(world.director({"plan", "Write two files", "--auto", "--no-critique"}).exit_code, 0);
  write_file(world.state() / "config.toml",
             filled(read_file(world.state() / "config.toml"), "test -f one.txt &&", "false &&"));
  const Ran ran = world.director({"run"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("integration gates FAILED"));
}

}  // namespace
}  // namespace director::e2e
