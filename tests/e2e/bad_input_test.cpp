// What a user gets wrong: each ends with the documented status and one message that says what to
// do, and leaves nothing half-done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTiers = R"([tiers]
planner = "p/planner"
test_author = "p/author"
executor = "p/executor"
explorer = "p/explorer"
reviewer = "p/reviewer"
escalation = "p/escalation"
)";

class BadInput : public ::testing::Test {
 protected:
  /// A repository with a usable configuration, and an agent tool that is on PATH.
  void make_good() {
    world_.use_opencode();
    world_.make_repository();
    write_file(world_.state() / "config.toml", kTiers);
  }

  /// Nothing was started: no job, no branch.
  void expect_untouched() {
    EXPECT_FALSE(fs::exists(world_.state() / "journal.jsonl") &&
                 fs::file_size(world_.state() / "journal.jsonl") > 0);
    if (fs::exists(world_.repo() / ".git")) {
      EXPECT_EQ(world_.git({"for-each-ref", "refs/heads/director/"}).out, "");
    }
  }

  Ran plan() { return world_.director({"plan", "Do it", "--auto", "--no-critique"}); }

  World world_;
};

TEST_F(BadInput, NoConfiguration) {
  world_.make_repository();
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr(".director/config.toml"), HasSubstr("sync-agents")));
  expect_untouched();
}

TEST_F(BadInput, UnknownKeyHasPlaceAndSuggestion) {
  make_good();
  write_file(world_.state() / "config.toml", std::string(kTiers) + "[limits]\nmax_atempts = 2\n");
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("config.toml:9:1"), HasSubstr("max_attempts")));
  expect_untouched();
}

TEST_F(BadInput, BrokenConfigurationHasPlace) {
  make_good();
  write_file(world_.state() / "config.toml", "[tiers\nplanner = 1\n");
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("config.toml:1:"));
  expect_untouched();
}

TEST_F(BadInput, NotARepository) {
  world_.use_opencode();
  write_file(world_.state() / "config.toml", kTiers);
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("repository"), HasSubstr("git init")));
  expect_untouched();
}

TEST_F(BadInput, RepositoryWithoutACommit) {
  world_.use_opencode();
  fs::create_directories(world_.repo());
  (void)world_.git_says({"init", "--quiet"});
  write_file(world_.state() / "config.toml", kTiers);
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("no commit"), HasSubstr("commit something")));
  expect_untouched();
}

TEST_F(BadInput, NoSuchFolder) {
  write_file(world_.repo() / "x", "");
  const Ran ran = world_.director({"status", "--repo", "/nonexistent/folder"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("/nonexistent/folder"));
}

TEST_F(BadInput, AgentToolThatIsNotOnThePath) {
  world_.make_repository();
  write_file(world_.state() / "config.toml",
             std::string(kTiers) + "[plugin.runner-opencode]\ncommand = \"no-such-tool\"\n");
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("no-such-tool"));
  expect_untouched();
}

TEST_F(BadInput, UnknownRunner) {
  make_good();
  write_file(world_.state() / "config.toml",
             std::string(kTiers) + "[plugins]\nrunner = \"runner-opencodex\"\n");
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("runner-opencodex"), HasSubstr("runner-opencode")));
  expect_untouched();
}

TEST_F(BadInput, WrongTypeInAPluginsTable) {
  make_good();
  write_file(world_.state() / "config.toml",
             std::string(kTiers) + "[plugin.runner-opencode]\ncommand = 7\n");
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("config.toml:9:"), HasSubstr("command")));
  expect_untouched();
}

TEST_F(BadInput, ModelThatTheToolDoesNotKnow) {
  make_good();
  const Ran ran = plan();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("p/explorer"), HasSubstr("plan --continue")));
}

TEST_F(BadInput, NothingToRun) {
  make_good();
  const Ran ran = world_.director({"run"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("director plan"));
}

TEST_F(BadInput, NothingToContinue) {
  make_good();
  const Ran ran = world_.director({"plan", "--continue"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("director plan"));
}

TEST_F(BadInput, InvalidPlanNamesEveryProblemAtOnce) {
  make_good();
  write_file(
      world_.state() / "plan.json",
      R"({"job_id": "j", "task": "t", "repo": "", "created_at": "", "job_branch": "director/job-j",
    "nodes": [
      {"id": "a", "title": "A", "spec": "s", "files": ["../x"], "test_cmd": "true", "tests": []},
      {"id": "b", "title": "B", "spec": "s", "files": ["y"], "depends_on": ["nobody"],
       "test_cmd": "", "tests": []}]})");
  const Ran ran = world_.director({"run"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("'../x'"), HasSubstr("nobody"), HasSubstr("test_cmd")));
  EXPECT_EQ(fs::exists(world_.state() / "journal.jsonl") &&
                fs::file_size(world_.state() / "journal.jsonl") > 0,
            false);
}

TEST_F(BadInput, UsageErrors) {
  make_good();
  EXPECT_EQ(world_.director({"plan"}).exit_code, 2);
  EXPECT_EQ(world_.director({"frobnicate"}).exit_code, 2);
  EXPECT_EQ(world_.director({"run", "--parallel", "0"}).exit_code, 2);
  EXPECT_EQ(world_.director({"run", "--parallel", "many"}).exit_code, 2);
  EXPECT_EQ(world_.director({}).exit_code, 2);
  const Ran help = world_.director({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("Examples:"), HasSubstr("sync-agents")));
  EXPECT_EQ(world_.director({"--version"}).exit_code, 0);
}

TEST_F(BadInput, NoMessageIsAStackTraceOrABareCode) {
  make_good();
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"run"}, {"plan", "--continue"}, {"status"}}) {
    const Ran ran = world_.director(args);
    EXPECT_THAT(ran.err, HasSubstr("director: error: "));
    EXPECT_THAT(ran.err, Not(HasSubstr("terminate called")));
  }
}

TEST_F(BadInput, SyncAgentsSeedsOnlyWhatIsMissing) {
  world_.make_repository();
  write_file(world_.repo() / ".opencode" / "agents" / "executor.md", "mine\n");
  EXPECT_EQ(world_.director({"sync-agents"}).exit_code, 0);
  EXPECT_EQ(read_file(world_.repo() / ".opencode" / "agents" / "executor.md"), "mine\n");
  EXPECT_TRUE(fs::exists(world_.repo() / "opencode.json"));
  EXPECT_TRUE(fs::exists(world_.repo() / ".opencode" / "agents" / "planner.md"));
  const std::string config = read_file(world_.state() / "config.toml");
  EXPECT_THAT(config, HasSubstr("[tiers]"));
  EXPECT_EQ(world_.director({"sync-agents"}).exit_code, 0);
  EXPECT_EQ(read_file(world_.state() / "config.toml"), config);
}

TEST_F(BadInput, APluginThatOthersCanWriteIsRefusedByNameAndTheRestGoesOn) {
  make_good();
  const fs::path folder = world_.root() / "plugins";
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  write_file(folder / "open.so", "not a library");
  fs::permissions(folder / "open.so", fs::perms::all);
  write_file(folder / "garbage.so", "not a library");
  world_.environment()["DIRECTOR_PLUGIN_PATH"] = folder.string();
  const Ran ran = world_.director({"plugins"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("open.so"), HasSubstr("refused"), HasSubstr("garbage.so"),
                             HasSubstr("vcs-git"), HasSubstr("runner-opencode")));
}

}  // namespace
}  // namespace director::e2e
