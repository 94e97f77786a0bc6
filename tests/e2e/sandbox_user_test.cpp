// director as a user without any privilege, as most people run it: it is confined all the same.
// Where the tests run as root, they become somebody else; where that fails, so does the test.
#include <sys/stat.h>
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
constexpr bool kRefused = false;

class SandboxUser : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(world.root() / "home/.ssh/id", "open-sesame\n");
    write_file(world.root() / "home/.profile", "mine\n");
  }
  /// From here on, director is run by somebody else, to whom all of this belongs.
  void become_nobody() {
    constexpr uid_t kSomebody = 54321;
    if (::geteuid() == 0) {
      world.become(kSomebody);
    }
    const Ran who = world.as_user({"id", "-u"});
    ASSERT_EQ(who.exit_code, 0) << who.err;
    ASSERT_NE(who.out, "0\n");
    const Ran program = world.as_user({"test", "-x", DIRECTOR_PROGRAM});
    ASSERT_EQ(program.exit_code, 0) << "everybody must be able to run " << DIRECTOR_PROGRAM;
  }
};

const std::vector<Attempt>& tries() {
  static const std::vector<Attempt> kTries{
      {"not-root", R"SH(test "$(id -u)" != 0)SH", kDone, kDone},
      {"own-file", "echo right >one.txt && chmod 755 one.txt && chmod 644 one.txt", kDone, kDone},
      {"temp", R"(echo x >"$TMPDIR/mine")", kDone, kDone, kRefused},
      {"history", R"(git log --format=%s | grep -q First)", kDone, kDone},
      {"checkout", R"(echo evil >"$repo/README.md")"},
      {"new-file", R"(echo evil >"$repo/evil")"},
      {"ref", R"(git -C "$repo" update-ref refs/heads/evil HEAD)"},
      {"hook", R"(echo evil >"$repo/.git/hooks/post-commit")"},
      {"home", R"(echo evil >"$HOME/.profile")"},
      {"link", R"(ln -s "$repo/README.md" link; trap "rm link" EXIT; echo evil >link)"},
      {"state", R"(echo evil >"$repo/.director/evil")"},
      {"key", R"(grep -q sesame "$HOME/.ssh/id")"},
      {"key-by-proc", R"(grep -q sesame "/proc/self/root$HOME/.ssh/id")"},
      {"director", R"(grep -qsa DIRECTOR_SECRET /proc/[0-9]*/environ)"},
      {"remount", R"SH(unshare --user --map-root-user --mount sh -c "mount -o remount,rw,bind / &&
        echo evil >$repo/evil")SH"},
      {"unmount", R"SH(unshare --user --map-root-user --mount sh -c "umount $HOME/.ssh &&
        grep -q sesame $HOME/.ssh/id")SH",
       kRefused, kRefused, kRefused},
      {"kill", R"SH(kill -0 "$(cat "$ROOT/pid")")SH"},
  };
  return kTries;
}

TEST_P(SandboxUser, IsConfinedWithoutPrivileges) {
  world.environment()["DIRECTOR_SECRET"] = "open";
  attack(script_of(tries()));
  const std::string on_layer = backend == "bubblewrap" ? R"SH(
if ! grep -q " $PWD .* overlay " /proc/self/mountinfo; then echo "gate: not on a layer"; exit 1; fi
)SH"
                                                       : "";
  write_file(world.root() / "gate.sh", on_layer + R"SH(
if (echo evil >"$HOME/evil") 2>/dev/null; then echo "gate: wrote outside"; exit 1; fi
if grep -q sesame "$HOME/.ssh/id" 2>/dev/null; then echo "gate: read a key"; exit 1; fi
test "$(id -u)" != 0
)SH");
  const std::string before = world.fingerprint();
  ASSERT_NO_FATAL_FAILURE(become_nobody());
  const pid_t sleeper = world.start_as_user({"sleep", "1000"});
  write_file(world.root() / "pid", std::to_string(sleeper) + "\n");
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said << journal();
  expect_attempts(tries(), said, true);
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_EQ(read_file(world.root() / "home/.profile"), "mine\n");
  EXPECT_FALSE(anything_evil());
  world.end(sleeper);
}

TEST_P(SandboxUser, TheSameSucceedsWithoutIt) {
  world.environment()["DIRECTOR_SECRET"] = "open";
  attack(script_of(tries()));
  ASSERT_NO_FATAL_FAILURE(become_nobody());
  const pid_t sleeper = world.start_as_user({"sleep", "1000"});
  write_file(world.root() / "pid", std::to_string(sleeper) + "\n");
  expect_attempts(tries(), run_job({"--set", "sandbox.mode=off"}), false);
  world.end(sleeper);
}

INSTANTIATE_TEST_SUITE_P(With, SandboxUser, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
