// When `setup` runs in a slot, on which files, and whose fault it is if it fails.
#include <gmock/gmock.h>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using run::NodeStatus;
using ::testing::HasSubstr;
using ::testing::Not;

class Setup : public ::testing::Test {
 protected:
  Setup() {
    world.settings.workspace.setup = "make deps";
    world.settings.workspace.keep = {"deps"};
  }
  /// One node that may write `file` beside its own; its first attempt writes that alone, its second
  /// what is asked of it.
  void adopt(const std::string& file) {
    plan::Node touches = node("a");
    touches.files.push_back(file);
    world.adopt({touches});
    world.runner.script["executor-a"] = {Turn{.files = {{file, "new"}}},
                                         Turn{.files = {{"a.txt", "x"}, {file, std::nullopt}}}};
  }
  void expect_done() {
    const Result<run::RunState> end = world.run();
    ASSERT_THAT(end, IsOk());
    ASSERT_EQ(state_of(*end, "a").status, NodeStatus::Done);
  }

  World world;
};

TEST_F(Setup, RunsAgainForGatesOnceAFileInAKeptFolderLanded) {
  plan::Node touches = node("a");
  touches.files.push_back("deps/shim");
  world.adopt({touches, node("b", {"a"})});
  world.obedient({"b"});
  world.runner.script["executor-a"] = {Turn{.files = {{"a.txt", "x"}, {"deps/shim", "new"}}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_EQ(world.hosts.commands().size(), 4U)
      << "the agent's slot, each of two runs of the gate with the file, once it landed";
}

TEST_F(Setup, RunsAgainWhereAnotherFolderIsKept) {
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {Turn{.files = {{"b.txt", "x"}}},
                                       Turn{.files = {{"a.txt", "x"}}}};
  ASSERT_THAT(world.run({.max_attempts = 1}), IsOk());
  const std::size_t before = world.hosts.commands().size();
  world.settings.workspace.keep.push_back("tools");
  ASSERT_THAT(world.run({.max_attempts = 1, .retry = true}), IsOk());
  EXPECT_EQ(world.hosts.commands().size(), before + 2) << "the agent's slot, the verify slot";
}

TEST_F(Setup, RunsAgainWhereSomethingInAFolderOfInputsChanged) {
  world.settings.workspace.setup_inputs = {"lock"};
  adopt("lock/a");
  expect_done();
  EXPECT_EQ(world.hosts.commands().size(), 3U)
      << "the agent's slot, the verify slot for the first candidate, again for the second";
}

TEST_F(Setup, ThatFailsOnWhatACandidateChangedIsAFailedAttempt) {
  world.settings.workspace.setup_inputs = {"lock"};
  adopt("lock");
  world.hosts.exit_code_in = [&](const std::string& folder) {
    return world.repository.slot(folder).contains("lock") ? 3 : 0;
  };
  expect_done();
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("workspace setup 'make deps' failed with exit status 3"));
}

TEST_F(Setup, ThatTakesTooLongOnWhatACandidateChangedIsAnError) {
  world.settings.workspace.setup_inputs = {"lock"};
  adopt("lock");
  world.hosts.exit_code_in = [&](const std::string& folder) {
    return world.repository.slot(folder).contains("lock")
               ? director::testing::FakeHostServices::kTimesOut
               : 0;
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("since its time was over"));
}

// What it left half done is not taken for what it makes.
TEST_F(Setup, ThatWasCutOffRunsAgain) {
  world.settings.limits.keep_attempt = true;
  world.settings.workspace.setup_inputs = {"lock"};
  adopt("lock");
  bool cut = false;
  world.hosts.exit_code_in = [&](const std::string& folder) {
    const bool with_lock = world.repository.slot(folder).contains("lock");
    cut = cut || (with_lock && folder.find("/verify-") == std::string::npos);
    return !with_lock ? 0
           : folder.find("/verify-") != std::string::npos
               ? 3
               : director::testing::FakeHostServices::kTimesOut;
  };
  ASSERT_THAT(world.run(), IsOk());
  ASSERT_TRUE(cut) << "on the work that the second attempt was to go on with";
  const std::size_t before = world.hosts.commands().size();
  world.hosts.exit_code_in = nullptr;
  world.settings.limits.keep_attempt = false;
  ASSERT_THAT(world.run({.retry = true}), IsOk());
  EXPECT_GE(world.hosts.commands().size(), before + 1);
  EXPECT_THAT(world.hosts.commands()[before], Not(HasSubstr("/verify-")));
}

TEST_F(Setup, ThatFailsOnWorkThatIsGoneOnWithIsForTheAgentToMend) {
  world.settings.limits.keep_attempt = true;
  world.settings.workspace.setup_inputs = {"lock"};
  adopt("lock");
  world.hosts.exit_code_in = [&](const std::string& folder) {
    return world.repository.slot(folder).contains("lock") ? 3 : 0;
  };
  expect_done();
  EXPECT_EQ(world.runner.calls("executor-a").size(), 2U);
}

TEST_F(Setup, ThatFailsOnWhatLandedIsAnError) {
  world.adopt({node("a")});
  world.obedient({"a"});
  world.hosts.exit_code_in = [&](const std::string& folder) {
    return folder.find("/verify-") == std::string::npos ? 0 : 3;
  };
  const Result<run::RunState> end = world.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, NodeStatus::Error);
  EXPECT_THAT(state_of(*end, "a").error, HasSubstr("failed with exit status 3"));
}

}  // namespace
}  // namespace director::engine::testing
