// Agents and gates that try to get out of their workspace, as processes, with real git. Each
// attempt is made twice: confined, where it has to fail and to change nothing, and with the sandbox
// off, where it succeeds, so that a test cannot pass because its attempt is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
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

/// Confined, each is refused.
const std::vector<Attempt>& attacks() {
  static const std::vector<Attempt> kAttacks{
      {"checkout", R"(echo evil >"$repo/README.md")"},
      {"new-file", R"(echo evil >"$repo/evil")"},
      {"upwards", "echo evil >../evil"},
      {"ref-file", R"(cp "$repo/.git/refs/heads/main" "$repo/.git/refs/heads/evil")"},
      {"update-ref", R"(git -C "$repo" update-ref refs/heads/evil-too HEAD)"},
      {"hook", R"(echo evil >"$repo/.git/hooks/post-commit")"},
      {"config", R"(git -C "$repo" config user.name evil)"},
      {"home", R"(echo evil >"$HOME/.profile")"},
      {"empty", R"(truncate -s 0 "$HOME/.profile")"},
      {"meta", R"(echo evil >"$(pwd -P).meta/evil")"},
      {"neighbour", R"(none=1; for other in ../*/.git; do
        test "$other" -ef .git && continue; echo evil >"$other/evil" || exit 1; none=0; done; exit $none)"},
      {"prompts", R"(echo evil >"$cache/plugins/runner-scripted"/evil)"},
      {"link", R"(ln -s "$repo/README.md" link; trap "rm link" EXIT; echo evil >link)"},
      {"hard-link", R"(ln "$repo/README.md" link && trap "rm link" EXIT && echo evil >link)"},
      {"swap", R"(here=$(pwd -P); mv "$here" "$here.away" && mv "$here.away" "$here")"},
      {"state", R"(echo evil >"$repo/.director/evil")"},
      {"journal", R"(touch -c "$repo/.director/journal.jsonl" && echo >>"$repo/.director/evil")"},
  };
  return kAttacks;
}

TEST_P(AnySandbox, AnAgentWritesNowhereElse) {
  attack(script_of(attacks()));
  write_file(world.root() / "home" / ".profile", "mine\n");
  const std::string before = world.fingerprint();
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(attacks(), said, true);
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_EQ(read_file(world.root() / "home" / ".profile"), "mine\n");
  EXPECT_FALSE(anything_evil());
}

TEST_F(Sandbox, TheSameAttemptsSucceedWithoutIt) {
  attack(script_of(attacks()));
  const std::string before = world.fingerprint();
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  expect_attempts(attacks(), said, false);
  EXPECT_NE(world.fingerprint(), before);
  EXPECT_TRUE(anything_evil());
}

/// What an agent needs, and where the two kinds of sandbox differ.
const std::vector<Attempt>& work() {
  static const std::vector<Attempt> kWork{
      {"own-file", "echo right >one.txt", kDone, kDone},
      {"own-folders", "mkdir -p a/b c && echo x >a/b/x && mv a/b/x c && rm -r a c", kDone, kDone},
      {"own-commit", "git add -A && git commit --quiet -m work", kDone, kDone},
      {"history", R"SH(test "$(git log --format=%s | tail -1)" = First)SH", kDone, kDone},
      {"temp", R"SH(test ! -e "$TMPDIR/mine" && echo x >"$TMPDIR/mine")SH", kDone, kDone},
      {"temp-name", R"SH(test "$(mktemp -u | cut -c1-${#TMPDIR})" = "$TMPDIR")SH", kDone, kDone},
      {"slash-tmp", R"SH(echo x >"/tmp/mine-${ROOT##*/}")SH", kDone, kRefused},
      {"opened", R"SH(echo x >"$ROOT/opened/here")SH", kDone, kDone},
      {"state", R"SH(echo x >"$cache/plugins/runner-scripted"/agent/here)SH", kDone, kDone},
      {"read-repository", R"SH(test -r "$repo/.git/HEAD" && cat "$repo/README.md")SH", kDone,
       kDone},
      {"list", R"SH(ls / && ls "$HOME" && ls "$repo")SH", kDone, kDone},
      {"devices", "echo x >/dev/null && head -c 1 /dev/urandom", kDone, kDone},
      {"shared-memory", "echo x >/dev/shm/mine && rm /dev/shm/mine", kDone, kRefused},
      {"no-capabilities", R"SH(grep -q "^CapEff:.0000000000000000$" /proc/self/status)SH", kDone,
       kDone},
      {"own-child", "sleep 60 & kill $!", kDone, kDone},
      {"alone", R"SH(test "$(ls /proc | grep -c "^[0-9]*$")" -lt 12)SH", kDone, kRefused},
      // Landlock does not see these.
      {"times", R"SH(touch -d @1 "$repo/README.md")SH", kRefused, kDone},
      {"modes", R"SH(chmod 640 "$repo/README.md")SH", kRefused, kDone},
  };
  return kWork;
}

TEST_P(AnySandbox, AnAgentCanDoItsWork) {
  attack(script_of(work()));
  fs::create_directories(world.root() / "opened");
  configure(std::string(kSandboxConfig) + "[sandbox]\nwritable = [\"" +
            (world.root() / "opened").string() + "\"]\n");
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(work(), said, true);
  EXPECT_EQ(read_file(world.root() / "opened" / "here"), "x\n");
  EXPECT_FALSE(fs::exists("/tmp/mine-" + world.root().filename().string()));
  // No command's temporary files are left.
  for (const auto& cache : fs::directory_iterator(world.root() / "home/.cache/director")) {
    if (fs::exists(cache.path() / "tmp")) {
      EXPECT_TRUE(fs::is_empty(cache.path() / "tmp")) << cache.path();
    }
  }
}

TEST_P(AnySandbox, AnAgentLeavesNothingForTheNextJob) {
  attack(R"SH(cd "$cache/plugins/runner-scripted/agent" && ls
mkdir planted && touch planted/config && chmod 0 planted && echo "left it"
)SH");
  for (int job = 0; job < 2; ++job) {
    EXPECT_THAT(run_job(), AllOf(HasSubstr("left it"), Not(HasSubstr("planted"))));
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  }
}

TEST_P(AnySandbox, SaysWhatItDoesNotHold) {
  const Ran planned = world.director({"plan", "One file", "--auto", "--no-critique"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  if (backend == "landlock") {
    EXPECT_THAT(
        planned.err,
        AllOf(HasSubstr("confined by Landlock alone (bubblewrap does not work"),
              HasSubstr("setting up uid map: no"), HasSubstr("/tmp is shared and read-only")));
  } else {
    EXPECT_THAT(planned.err, AllOf(Not(HasSubstr("Landlock")), Not(HasSubstr("confined"))));
  }
}

// A namespace of one's own does not open what is shut: its mounts are locked.
TEST_F(Sandbox, MountsCannotBeUndone) {
  write_file(world.root() / "attack.sh", R"SH(
unshare --user --map-root-user --mount sh -c "
  mount -o remount,rw,bind / ; mount -o remount,rw / ; umount -l / ; umount -l /tmp
  echo evil >'$ROOT/repo/evil'" 2>/dev/null
mount -o remount,rw / 2>/dev/null
echo evil >"$ROOT/repo/evil"
echo over
)SH");
  EXPECT_THAT(run_job(), HasSubstr("over"));
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_FALSE(anything_evil());
}

TEST_P(AnySandbox, NothingOutlivesItsCommand) {
  // It would write into the workspace, which it may, for as long as it lives.
  const std::string nap = "98765." + std::to_string(::getpid());  // as no other test's
  write_file(world.root() / "attack.sh", filled(R"SH(
setsid nohup sh -c 'exec sleep NAP' >/dev/null 2>&1 &
(setsid sh -c 'sleep NAP & sleep NAP' >/dev/null 2>&1 &)
echo started
)SH",
                                                "NAP", nap));
  EXPECT_THAT(run_job(), HasSubstr("started"));
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream line(entry.path() / "cmdline", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(line), {}};
    EXPECT_THAT(text, Not(HasSubstr(std::string("sleep\0", 6) + nap))) << entry.path();
  }
}

/// Says what it could do, and fails if that was anything.
constexpr const char* kGate = R"SH(
bad=0
if python3 -c "import socket; socket.create_connection(('127.0.0.1', @PORT@), 5)" 2>/dev/null; then
  echo "gate: connected"; bad=1
fi
if test -n "$SERVICE_API_KEY"; then echo "gate: saw the secret"; bad=1; fi
if (echo evil >'@ROOT@/home/evil') 2>/dev/null; then echo "gate: wrote outside"; bad=1; fi
if ! (echo x >here && rm here && mktemp >/dev/null); then echo "gate: cannot work"; bad=1; fi
if python3 -c "
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', @PORT@))
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.connect(('127.0.0.1', @PORT@))" 2>/dev/null; then echo "gate: connected in other ways"; bad=1; fi
loopback=yes
python3 -c "
import socket
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname(), 5)" 2>/dev/null || loopback=no
python3 -c "
import socket
a, b = socket.socketpair()
socket.getaddrinfo('localhost', 1)" || { echo "gate: cannot work"; bad=1; }
if test $loopback != @LOOPBACK@; then echo "gate: loopback: $loopback"; bad=1; fi
test $bad = 0
)SH";

class SandboxedGate : public AnySandbox {
 public:
  std::unique_ptr<ScriptedModel> model;

 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(world.root() / "model.json", R"({"rules": []})");
    model = std::make_unique<ScriptedModel>(world.root() / "model.json", world.root());
    std::string gate = filled(kGate, "@PORT@", model->port());
    gate = filled(gate, "@ROOT@", world.root());
    // Landlock has no network of the gate's own.
    write_file(world.root() / "gate.sh",
               filled(gate, "@LOOPBACK@", backend == "landlock" ? "no" : "yes"));
    world.environment()["SERVICE_API_KEY"] = "sesame";
  }
};

TEST_P(SandboxedGate, HasNoNetworkNoSecretAndNoPlaceToWrite) {
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  EXPECT_FALSE(anything_evil());
}

TEST_P(SandboxedGate, CanDoAllThatWithoutItButReadSecrets) {
  (void)run_job({"--set", "sandbox.mode=off"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(),
              AllOf(HasSubstr("gate: connected"), HasSubstr("gate: wrote outside"),
                    Not(HasSubstr("gate: saw the secret")), Not(HasSubstr("gate: cannot work")),
                    Not(HasSubstr("gate: loopback: no"))));
}

TEST_P(SandboxedGate, IsGivenWhatTheConfigurationGives) {
  (void)run_job(
      {"--set", "sandbox.gate_network=true", "--set", "sandbox.pass_env=[\"SERVICE_API_KEY\"]"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate: connected"), HasSubstr("gate: saw the secret"),
                               Not(HasSubstr("gate: wrote outside"))));
}

TEST_P(AnySandbox, WorksWithOddFolders) {
  const fs::path real = world.root() / "-odd \"$(x)'\n\xc3\xbc";
  fs::create_directories(real);
  const fs::path link = world.root() / "a link";
  fs::create_directory_symlink(real, link);
  world.environment()["XDG_CACHE_HOME"] = link.string();
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

// Where the repository borrows its objects, or is a linked worktree, what it needs is
// elsewhere below /tmp.
TEST_P(AnySandbox, ShowsWhatTheRepositoryBorrows) {
  const TempFolder objects;
  const TempFolder main;
  const TempFolder linked;
  const fs::path clone = main.path() / "clone";
  const fs::path tree = linked.path() / "tree";
  (void)world.git_says({"clone", "--quiet", "--shared", ".", clone.string()});
  (void)world.git_says({"-C", clone.string(), "worktree", "add", "--quiet", tree.string()});
  fs::rename(world.repo(), objects.path() / "origin");
  write_file(clone / ".git/objects/info/alternates",
             (objects.path() / "origin/.git/objects").string() + "\n");
  fs::create_directory_symlink(tree, world.repo());
  configure(kSandboxConfig);
  write_file(world.root() / "attack.sh",
             "test \"$(git log --format=%s | tail -1)\" = First && echo '[history: done]'\n");
  EXPECT_THAT(run_job(), HasSubstr("[history: done]"));
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(Sandbox, RequiredIsRefusedWhereThereIsNone) {
  const fs::path bin = world.root() / "bin";
  fs::create_directories(bin);
  world.environment()["PATH"] = bin.string();
  const Ran refused =
      world.director({"plan", "One file", "--auto", "--set", "sandbox.mode=required"});
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("sandbox.mode = \"required\""),
                                 HasSubstr("install the package 'bubblewrap'")));
  EXPECT_FALSE(fs::exists(world.state() / "journal.jsonl")) << "nothing was started";
  // One that is there and does not work is named with what it says.
  write_file(bin / "bwrap", "#!/bin/sh\necho 'bwrap: setting up uid map: no' >&2\nexit 1\n");
  fs::permissions(bin / "bwrap", fs::perms::owner_all);
  const Ran broken =
      world.director({"plan", "One file", "--auto", "--set", "sandbox.mode=required"});
  EXPECT_EQ(broken.exit_code, 2) << broken.out;
  EXPECT_THAT(broken.err, HasSubstr("setting up uid map: no"));
  const Ran warned = world.director({"plan", "One file", "--auto", "--no-critique"});
  EXPECT_THAT(warned.err, HasSubstr("confined by Landlock alone (bubblewrap does not work"));
  EXPECT_TRUE(fs::exists(world.state() / "journal.jsonl")) << warned.err;
}

TEST_F(Sandbox, WritableFoldersHaveToBeThereAndOutside) {
  for (const fs::path& path : {world.root() / "missing", world.repo(), world.state()}) {
    const Ran tried = world.director(
        {"plan", "One file", "--auto", "--set", "sandbox.writable=[\"" + path.string() + "\"]"});
    EXPECT_EQ(tried.exit_code, 2) << path << tried.out;
    EXPECT_THAT(tried.err, HasSubstr("sandbox.writable"));
  }
}

INSTANTIATE_TEST_SUITE_P(With, AnySandbox, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);
INSTANTIATE_TEST_SUITE_P(With, SandboxedGate, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
