// Agents and gates that try to get out of their workspace, as processes, with real git. Each
// attempt is made twice: confined, where it has to fail and to change nothing, and with the sandbox
// off, where it succeeds, so that a test cannot pass because its attempt is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

constexpr const char* kAttacks = R"SH(
attempt checkout 'echo evil >"$repo/README.md"'
attempt new-file 'echo evil >"$repo/evil"'
attempt upwards 'echo evil >../evil'
attempt ref-file 'cp "$repo/.git/refs/heads/main" "$repo/.git/refs/heads/evil"'
attempt update-ref 'git -C "$repo" update-ref refs/heads/evil-too HEAD'
attempt hook 'echo evil >"$repo/.git/hooks/post-commit"'
attempt config 'git -C "$repo" config user.name evil'
attempt home 'echo evil >"$HOME/.profile"'
attempt meta 'echo evil >"$(pwd -P).meta/evil"'
attempt neighbour 'none=1; for other in ../*/.git; do
  test "$other" -ef .git && continue; echo evil >"$other/evil" || exit 1; none=0; done; exit $none'
attempt prompts 'echo evil >"$cache/plugins/runner-scripted"/evil'
attempt link 'ln -s "$repo/README.md" link; trap "rm link" EXIT; echo evil >link'
attempt swap 'here=$(pwd -P); mv "$here" "$here.away" && mv "$here.away" "$here"'
attempt state 'echo evil >"$repo/.director/evil"'
attempt journal 'touch "$repo/.director/journal.jsonl"'
)SH";

const std::vector<std::string> kAttempts{
    "checkout", "new-file",  "upwards", "ref-file", "update-ref", "hook",  "config", "home",
    "meta",     "neighbour", "prompts", "link",     "swap",       "state", "journal"};

TEST_F(Sandbox, AnAgentWritesNowhereElse) {
  attack(kAttacks);
  write_file(world.root() / "home" / ".profile", "mine\n");
  const std::string before = world.fingerprint();
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  for (const std::string& name : kAttempts) {
    EXPECT_THAT(said, HasSubstr("[" + name + ": refused]"));
  }
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_EQ(read_file(world.root() / "home" / ".profile"), "mine\n");
  EXPECT_FALSE(anything_evil());
}

TEST_F(Sandbox, TheSameAttemptsSucceedWithoutIt) {
  attack(kAttacks);
  const std::string before = world.fingerprint();
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  for (const std::string& name : kAttempts) {
    EXPECT_THAT(said, HasSubstr("[" + name + ": done]"));
  }
  EXPECT_NE(world.fingerprint(), before);
  EXPECT_TRUE(anything_evil());
}

constexpr const char* kWork = R"SH(
attempt own-file 'echo right >one.txt'
attempt own-commit 'git add -A && git commit --quiet -m work'
attempt history 'test "$(git log --format=%s | tail -1)" = First'
attempt temp 'test -z "$(find /tmp -maxdepth 1 -type f)" && echo x >/tmp/mine && echo x >"$TMPDIR/too"'
attempt temp-name 'test "$(mktemp -u | cut -c1-5)" = /tmp/'
attempt opened 'echo x >"$ROOT/opened/here"'
attempt state 'echo x >"$cache/plugins/runner-scripted"/agent/here'
attempt read-repository 'test -r "$repo/.git/HEAD"'
attempt devices 'echo x >/dev/null && test -r /dev/urandom && test -w /dev/shm'
attempt no-capabilities 'grep -q "^CapEff:.0000000000000000$" /proc/self/status'
attempt alone 'test "$(ls /proc | grep -c "^[0-9]*$")" -lt 12'
)SH";

TEST_F(Sandbox, AnAgentCanDoItsWork) {
  attack(kWork);
  fs::create_directories(world.root() / "opened");
  configure(std::string(kSandboxConfig) + "[sandbox]\nwritable = [\"" +
            (world.root() / "opened").string() + "\"]\n");
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  EXPECT_THAT(said, Not(HasSubstr("refused]")));
  EXPECT_THAT(said, HasSubstr("[alone: done]"));
  EXPECT_EQ(read_file(world.root() / "opened" / "here"), "x\n");
  EXPECT_FALSE(fs::exists("/tmp/mine"));
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

TEST_F(Sandbox, NothingOutlivesItsCommand) {
  // It would write into the workspace, which it may, for as long as it lives.
  write_file(world.root() / "attack.sh", R"SH(
setsid nohup sh -c 'exec sleep 98765.4321' >/dev/null 2>&1 &
(setsid sh -c 'sleep 98765.4321 & sleep 98765.4321' >/dev/null 2>&1 &)
echo started
)SH");
  EXPECT_THAT(run_job(), HasSubstr("started"));
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream line(entry.path() / "cmdline", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(line), {}};
    EXPECT_THAT(text, Not(HasSubstr(std::string("sleep\0", 6) + "98765.4321"))) << entry.path();
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
if ! python3 -c "
import socket
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname(), 5)"; then echo "gate: no loopback"; bad=1; fi
test $bad = 0
)SH";

class SandboxedGate : public Sandbox {
 public:
  std::unique_ptr<ScriptedModel> model;

 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(world.root() / "model.json", R"({"rules": []})");
    model = std::make_unique<ScriptedModel>(world.root() / "model.json", world.root());
    const std::string& endpoint = model->endpoint();
    const std::string port = endpoint.substr(std::string("http://127.0.0.1:").size());
    write_file(
        world.root() / "gate.sh",
        filled(filled(kGate, "@PORT@", port.substr(0, port.find('/'))), "@ROOT@", world.root()));
    world.environment()["SERVICE_API_KEY"] = "sesame";
  }
};

TEST_F(SandboxedGate, HasNoNetworkNoSecretAndNoPlaceToWrite) {
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  EXPECT_FALSE(anything_evil());
}

TEST_F(SandboxedGate, CanDoAllThatWithoutItButReadSecrets) {
  (void)run_job({"--set", "sandbox.mode=off"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(),
              AllOf(HasSubstr("gate: connected"), HasSubstr("gate: wrote outside"),
                    Not(HasSubstr("gate: saw the secret")), Not(HasSubstr("gate: cannot work")),
                    Not(HasSubstr("gate: no loopback"))));
}

TEST_F(SandboxedGate, IsGivenWhatTheConfigurationGives) {
  (void)run_job(
      {"--set", "sandbox.gate_network=true", "--set", "sandbox.pass_env=[\"SERVICE_API_KEY\"]"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate: connected"), HasSubstr("gate: saw the secret"),
                               Not(HasSubstr("gate: wrote outside"))));
}

TEST_F(Sandbox, WorksWithOddFolders) {
  const fs::path real = world.root() / "-odd \"$(x)'\n\xc3\xbc";
  fs::create_directories(real);
  const fs::path link = world.root() / "a link";
  fs::create_directory_symlink(real, link);
  world.environment()["XDG_CACHE_HOME"] = link.string();
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

// Where the repository borrows its objects, or is a linked worktree, what it needs is elsewhere
// below /tmp.
TEST_F(Sandbox, ShowsWhatTheRepositoryBorrows) {
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
  EXPECT_THAT(warned.err, HasSubstr("agents and gates are not confined: bubblewrap does not work"));
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

}  // namespace
}  // namespace director::e2e
