// The user acts while a job is under way: through the program, with real git.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

class UserMeanwhile : public ::testing::Test {
 protected:
  /// A planned job whose first node's agent writes `bytes` and then waits for the user.
  void plan(const std::string& bytes = "right") {
    write_file(world_.state() / "config.toml", world_.config("m"));
    world_.script(R"({"role": "executor", "contains": "Node one", "steps": [
        {"write": {"one.txt": ")" +
                  bytes + R"(\n"}},
        {"run": "touch at-work; until [ -e ')" +
                  go().string() + R"(' ]; do sleep 0.02; done; rm at-work"}, {"text": "DONE"}]},)");
    const Ran planned = world_.director({"plan", "two files", "--auto", "--no-critique"});
    ASSERT_EQ(planned.exit_code, 0) << planned.err;
  }

  [[nodiscard]] fs::path go() const { return world_.root() / "repo" / ".director" / "go"; }
  [[nodiscard]] std::string at_work() const {
    return "[ -n \"$(find '" + (world_.root()).string() + "' -name at-work)\" ]";
  }
  [[nodiscard]] std::string branch() {
    std::string name = world_.branches();
    return name.substr(0, name.find('\n'));
  }
  /// Runs the job; once the agent is at work the user does `act`, a shell command in the
  /// repository, and lets the agent go on.
  Ran run_while(const std::string& act) {
    fs::remove(go());
    const std::string script = "\"$@\" & pid=$!\nuntil " + at_work() +
                               "; do\n  kill -0 $pid 2>/dev/null || break\n  sleep 0.02\ndone\n{ " +
                               act + "; } 1>&2 || echo the user failed\ntouch '" + go().string() +
                               "'\nwait $pid\n";
    const Ran ran = e2e::run({"sh", "-c", script, "sh", DIRECTOR_PROGRAM, "run"}, world_.repo(),
                             world_.environment());
    EXPECT_EQ(ran.out.find("the user failed"), std::string::npos) << ran.err;
    return ran;
  }
  [[nodiscard]] std::string refs(const std::string& below) {
    return world_.git_says({"for-each-ref", "--format=%(refname)", below});
  }

  ScriptedJob world_;
};

TEST_F(UserMeanwhile, TidiesUpTheRepositoryInEveryWayGitHas) {
  plan();
  const std::string before = world_.fingerprint();
  const Ran ran = run_while(
      "git gc -q --prune=now && git repack -q -a -d && git worktree prune && git pack-refs --all");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(refs("refs/director/"), "");
  EXPECT_EQ(world_.git({"fsck", "--strict"}).exit_code, 0);
  EXPECT_EQ(world_.fingerprint(), before);
}

TEST_F(UserMeanwhile, DeletesTheJobBranchAndCollectsItsObjects) {
  plan();
  const std::string name = branch();
  const Ran ran = run_while("git branch -q -D " + name + " && git gc -q --prune=now");
  EXPECT_EQ(ran.exit_code, 1);
  const std::string command = "git branch " + name + " ";
  const std::size_t at = ran.err.find(command);
  ASSERT_NE(at, std::string::npos) << ran.err;
  constexpr std::size_t kHexDigits = 40;
  const std::string last = ran.err.substr(at + command.size(), kHexDigits);
  EXPECT_EQ(world_.git({"branch", name, last}).exit_code, 0) << last;
  const Ran more = world_.director({"run"});
  EXPECT_EQ(more.exit_code, 0) << more.err;
}

TEST_F(UserMeanwhile, ResetsTheJobBranch) {
  plan();
  const std::string name = branch();
  const std::string last = world_.git_says({"rev-parse", name});
  const Ran ran = run_while("git branch -q -f " + name + " main && git gc -q --prune=now");
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_NE(ran.err.find("git branch -f " + name + " " + last), std::string::npos) << ran.err;
  EXPECT_EQ(world_.git_says({"rev-parse", name}), world_.git_says({"rev-parse", "main"}));
  ASSERT_EQ(world_.git({"branch", "-f", name, last}).exit_code, 0);
  const Ran more = world_.director({"run"});
  EXPECT_EQ(more.exit_code, 0) << more.err;
}

TEST_F(UserMeanwhile, ChecksTheJobBranchOut) {
  plan();
  const std::string name = branch();
  const Ran ran = run_while("git switch -q " + name);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_NE(ran.err.find("checked out"), std::string::npos) << ran.err;
  ASSERT_EQ(world_.git({"switch", "-q", "main"}).exit_code, 0);
  const Ran more = world_.director({"run"});
  EXPECT_EQ(more.exit_code, 0) << more.err;
}

TEST_F(UserMeanwhile, CommitsOnTheJobBranch) {
  plan();
  const Ran ran = run_while("tree=$(git rev-parse " + branch() +
                            "^{tree}) && new=$(git commit-tree " + "$tree -p " + branch() +
                            " -m mine) && git update-ref refs/heads/" + branch() + " $new");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(world_.git_says({"log", "--format=%s", branch()}).find("mine"), std::string::npos);
}

TEST_F(UserMeanwhile, KillsDirectorAndFindsTheHalfDoneWorkAgain) {
  plan("wrong");
  const Ran killed = world_.stopped({"run"}, at_work(), "KILL");
  EXPECT_EQ(killed.exit_code, 128 + 9);
  write_file(go(), "");
  const Ran ran = world_.director({"run", "--max-attempts", "1"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  const Ran listed = world_.director({"kept"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_NE(listed.out.find("director was ended while its agent was at work"), std::string::npos)
      << listed.out;
  EXPECT_NE(listed.out.find("its tests failed"), std::string::npos) << listed.out;
  const Ran shown = world_.director({"kept", "show", "one/1"});
  EXPECT_NE(shown.out.find("+wrong"), std::string::npos) << shown.out << shown.err;
  const Ran branched = world_.director({"kept", "branch", "one/1", "again"});
  EXPECT_EQ(branched.exit_code, 0) << branched.err;
  EXPECT_EQ(world_.git_says({"show", "director/again:one.txt"}), "wrong");
  EXPECT_EQ(world_.director({"kept", "show", "none/9"}).exit_code, 2);
  EXPECT_EQ(world_.director({"kept", "drop"}).exit_code, 2);
  EXPECT_EQ(world_.director({"kept", "drop", "--older-than", "1d"}).out, "");
  const Ran dropped = world_.director({"kept", "drop", "one/1", "one/1"});
  EXPECT_EQ(dropped.exit_code, 0) << dropped.err;
  EXPECT_EQ(std::count(dropped.out.begin(), dropped.out.end(), '\n'), 1) << dropped.out;
  EXPECT_EQ(world_.director({"kept", "drop", "--all"}).exit_code, 0);
  EXPECT_EQ(refs("refs/director/kept/"), "");
  EXPECT_EQ(world_.director({"kept", "--json"}).out, "{\n  \"kept\": []\n}\n");
  EXPECT_EQ(world_.director({"kept", "list", "--json"}).out, "{\n  \"kept\": []\n}\n");
}

}  // namespace
}  // namespace director::e2e
