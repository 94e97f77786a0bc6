// `[workspace] setup` is a command like any other: it runs what an agent may have written.
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr bool kDone = true;

class SandboxSetup : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(world.root() / "home/.ssh/id", "open-sesame\n");
    write_file(world.root() / "vault/key", "open-sesame\n");
    world.environment()["NPM_TOKEN"] = "open-sesame";
    configure(filled(std::string(kSandboxConfig) +
                         "[workspace]\nsetup = \"\"\"ROOT='@ROOT@'; . '@ROOT@/setup.sh'\"\"\"\n"
                         "[sandbox]\nhide = [\"@ROOT@/vault\"]\n",
                     "@ROOT@", world.root()));
  }
};

const std::vector<Attempt>& tries() {
  static const std::vector<Attempt> kTries{
      {"own-folder", "mkdir -p deps && echo x >deps/x", kDone, kDone},
      {"temp", R"(echo x >"$TMPDIR/mine")", kDone, kDone},
      {"home", R"(echo evil >"$HOME/evil")"},
      {"checkout", R"(echo evil >"$repo/evil")"},
      {"ref", R"(git -C "$repo" update-ref refs/heads/evil HEAD)"},
      {"hook", R"(echo evil >"$repo/.git/hooks/post-commit")"},
      {"meta", R"(echo evil >"$(pwd -P).meta/evil")"},
      {"neighbour", R"(mkdir ../evil)"},
      {"prompts", R"(echo evil >"$cache/plugins/runner-scripted/evil")"},
      {"tool-state", R"(echo evil >"$cache/plugins/runner-scripted/agent/evil")"},
      {"key", R"(grep -q sesame "$HOME/.ssh/id")"},
      {"vault", R"(grep -q sesame "$ROOT/vault/key")"},
      {"token", R"(test -n "$NPM_TOKEN")", false, false, false},
      {"director", R"(grep -qsa NPM_TOKEN= /proc/[0-9]*/environ)"},
  };
  return kTries;
}

// It fails, since only then does it tell what it said.
TEST_P(SandboxSetup, WritesInItsWorkspaceAloneAndReadsNoSecrets) {
  write_file(world.root() / "setup.sh", script_of(tries()) + "exit 1\n");
  const std::string before = world.fingerprint();
  const std::string kMode = backend == "landlock" ? "auto" : "required";
  ran = world.director(
      {"plan", "One file", "--auto", "--no-critique", "--set", "sandbox.mode=" + kMode});
  EXPECT_NE(ran.exit_code, 0);
  expect_attempts(tries(), ran.err, true);
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_FALSE(anything_evil());
}

TEST_P(SandboxSetup, DoesAllThatWithoutIt) {
  write_file(world.root() / "setup.sh", script_of(tries()) + "exit 1\n");
  ran =
      world.director({"plan", "One file", "--auto", "--no-critique", "--set", "sandbox.mode=off"});
  EXPECT_NE(ran.exit_code, 0);
  expect_attempts(tries(), ran.err, false);
}

TEST_P(SandboxSetup, LeavesNothingRunning) {
  const std::string nap = "97531." + std::to_string(::getpid());  // as no other test's
  write_file(world.root() / "setup.sh",
             "setsid sh -c \"sleep " + nap + "\" >/dev/null 2>&1 &\necho started\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(run({"pgrep", "-f", "slee[p] " + nap}, world.root(), world.environment()).out, "");
}

TEST_F(Sandbox, KeptFoldersLieInTheWorkspace) {
  for (const char* path : {"/etc", "../outside", "a/../../b", ".git", ".git/hooks", ".", ""}) {
    configure(std::string(kSandboxConfig) + "[workspace]\nkeep = [\"" + path + "\"]\n");
    const Ran tried = world.director({"run"});
    EXPECT_EQ(tried.exit_code, 2) << path << tried.out;
    EXPECT_THAT(tried.err, AllOf(HasSubstr("workspace.keep"), HasSubstr("config.toml:"),
                                 Not(HasSubstr("no job"))))
        << path;
  }
}

INSTANTIATE_TEST_SUITE_P(With, SandboxSetup, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
