// Agents and gates that try to get out of their workspace, as processes, with real git. Each
// attempt is made twice: confined, where it has to fail and to change nothing, and with the sandbox
// off, where it succeeds, so that a test cannot pass because its attempt is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig = R"([tiers]
planner = "any/planner"
test_author = "any/author"
executor = "any/executor"
explorer = "any/explorer"
reviewer = "any/reviewer"
escalation = "any/escalation"
[limits]
max_attempts = 1
flake_runs = 1
[plugins]
runner = "runner-scripted"
path = ["@PLUGINS@"]
[plugin.runner-scripted]
script = "@SCRIPT@"
)";

/// One node; its agent runs attack.sh, its gate gate.sh, both in @ROOT@.
constexpr const char* kScript = R"JSON({"rules": [
  {"role": "explorer", "steps": [{"text": "Small."}]},
  {"role": "brainstorm", "steps": [{"text": "# One file"}]},
  {"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}]}"}]},
  {"role": "test-author", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt || exit 1\n. '@ROOT@/gate.sh'\n"}}, {"text": "DONE"}]},
  {"role": "executor", "steps": [{"run": "ROOT='@ROOT@'; . '@ROOT@/attack.sh'"}, {"write": {"one.txt": "right\n"}}, {"text": "DONE"}]}
]})JSON";

/// Says of each attempt whether it was done or refused.
constexpr const char* kAttempt = R"SH(
attempt() {
  if (eval "$2") >/dev/null 2>&1; then echo "[$1: done]"; else echo "[$1: refused]"; fi
}
repo=$ROOT/repo
cache=$(echo "$HOME"/.cache/director/repo-*)
)SH";

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

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    // What the machine allows is asked without the code under test.
    const Ran bare =
        run({"bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-net", "true"},
            world_.root(), world_.environment());
    if (bare.exit_code == 1) {
      GTEST_SKIP() << "this machine allows no sandbox: " << bare.err;
    }
    ASSERT_EQ(bare.exit_code, 0) << bare.err;
    world_.make_repository();
    write_file(world_.root() / "attack.sh", "true\n");
    write_file(world_.root() / "gate.sh", "true\n");
    const fs::path script = world_.root() / "script.json";
    write_file(script, filled(filled(kScript, "@ROOT@", world_.root()), "@ROOT@", world_.root()));
    configure(kConfig);
  }

  static std::string filled(std::string text, const std::string& place, const std::string& value) {
    for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos;) {
      text.replace(at, place.size(), value);
      at += value.size();
    }
    return text;
  }

  void configure(const std::string& config) {
    write_file(world_.state() / "config.toml",
               filled(filled(config, "@PLUGINS@", DIRECTOR_TEST_PLUGINS), "@SCRIPT@",
                      (world_.root() / "script.json").string()));
  }

  /// Plans and runs the job; what its agents' commands said.
  std::string run_job(const std::vector<std::string>& options = {}) {
    std::vector<std::string> plan{"plan", "One file", "--auto", "--no-critique"};
    std::vector<std::string> run{"run"};
    plan.insert(plan.end(), options.begin(), options.end());
    run.insert(run.end(), options.begin(), options.end());
    const Ran planned = world_.director(plan);
    EXPECT_EQ(planned.exit_code, 0) << planned.out << planned.err;
    ran_ = world_.director(run);
    std::string said;
    std::error_code none;  // a call without a command leaves no transcript
    for (const auto& entry : fs::directory_iterator(world_.state() / "logs", none)) {
      said += read_file(entry.path());
    }
    return said;
  }

  [[nodiscard]] bool anything_evil() const {
    for (const auto& entry : fs::recursive_directory_iterator(world_.root())) {
      if (entry.path().filename().string().starts_with("evil")) {
        return true;
      }
    }
    return false;
  }

  World world_;
  Ran ran_;
};

TEST_F(Sandbox, AnAgentWritesNowhereElse) {
  write_file(world_.root() / "attack.sh", std::string(kAttempt) + kAttacks);
  write_file(world_.root() / "home" / ".profile", "mine\n");
  const std::string before = world_.fingerprint();
  const std::string said = run_job();
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err << said;
  for (const std::string& name : kAttempts) {
    EXPECT_THAT(said, HasSubstr("[" + name + ": refused]"));
  }
  EXPECT_EQ(world_.fingerprint(), before);
  EXPECT_EQ(read_file(world_.root() / "home" / ".profile"), "mine\n");
  EXPECT_FALSE(anything_evil());
}

TEST_F(Sandbox, TheSameAttemptsSucceedWithoutIt) {
  write_file(world_.root() / "attack.sh", std::string(kAttempt) + kAttacks);
  const std::string before = world_.fingerprint();
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  for (const std::string& name : kAttempts) {
    EXPECT_THAT(said, HasSubstr("[" + name + ": done]"));
  }
  EXPECT_NE(world_.fingerprint(), before);
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
  write_file(world_.root() / "attack.sh", std::string(kAttempt) + kWork);
  fs::create_directories(world_.root() / "opened");
  configure(std::string(kConfig) + "[sandbox]\nwritable = [\"" +
            (world_.root() / "opened").string() + "\"]\n");
  const std::string said = run_job();
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err << said;
  EXPECT_THAT(said, Not(HasSubstr("refused]")));
  EXPECT_THAT(said, HasSubstr("[alone: done]"));
  EXPECT_EQ(read_file(world_.root() / "opened" / "here"), "x\n");
  EXPECT_FALSE(fs::exists("/tmp/mine"));
}

// A namespace of one's own does not open what is shut: its mounts are locked.
TEST_F(Sandbox, MountsCannotBeUndone) {
  write_file(world_.root() / "attack.sh", R"SH(
unshare --user --map-root-user --mount sh -c "
  mount -o remount,rw,bind / ; mount -o remount,rw / ; umount -l / ; umount -l /tmp
  echo evil >'$ROOT/repo/evil'" 2>/dev/null
mount -o remount,rw / 2>/dev/null
echo evil >"$ROOT/repo/evil"
echo over
)SH");
  EXPECT_THAT(run_job(), HasSubstr("over"));
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err;
  EXPECT_FALSE(anything_evil());
}

TEST_F(Sandbox, NothingOutlivesItsCommand) {
  // It would write into the workspace, which it may, for as long as it lives.
  write_file(world_.root() / "attack.sh", R"SH(
setsid nohup sh -c 'exec sleep 98765.4321' >/dev/null 2>&1 &
(setsid sh -c 'sleep 98765.4321 & sleep 98765.4321' >/dev/null 2>&1 &)
echo started
)SH");
  EXPECT_THAT(run_job(), HasSubstr("started"));
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err;
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
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(world_.root() / "model.json", R"({"rules": []})");
    model_ = std::make_unique<ScriptedModel>(world_.root() / "model.json", world_.root());
    const std::string& endpoint = model_->endpoint();
    const std::string port = endpoint.substr(std::string("http://127.0.0.1:").size());
    write_file(
        world_.root() / "gate.sh",
        filled(filled(kGate, "@PORT@", port.substr(0, port.find('/'))), "@ROOT@", world_.root()));
    world_.environment()["SERVICE_API_KEY"] = "sesame";
  }

  /// The journal tells what a failed gate said.
  [[nodiscard]] std::string journal() const { return read_file(world_.state() / "journal.jsonl"); }

  std::unique_ptr<ScriptedModel> model_;
};

TEST_F(SandboxedGate, HasNoNetworkNoSecretAndNoPlaceToWrite) {
  (void)run_job();
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err << journal();
  EXPECT_FALSE(anything_evil());
}

TEST_F(SandboxedGate, CanDoAllThatWithoutItButReadSecrets) {
  (void)run_job({"--set", "sandbox.mode=off"});
  EXPECT_EQ(ran_.exit_code, 1) << ran_.out << ran_.err;
  EXPECT_THAT(journal(),
              AllOf(HasSubstr("gate: connected"), HasSubstr("gate: wrote outside"),
                    Not(HasSubstr("gate: saw the secret")), Not(HasSubstr("gate: cannot work")),
                    Not(HasSubstr("gate: no loopback"))));
}

TEST_F(SandboxedGate, IsGivenWhatTheConfigurationGives) {
  (void)run_job(
      {"--set", "sandbox.gate_network=true", "--set", "sandbox.pass_env=[\"SERVICE_API_KEY\"]"});
  EXPECT_EQ(ran_.exit_code, 1) << ran_.out << ran_.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate: connected"), HasSubstr("gate: saw the secret"),
                               Not(HasSubstr("gate: wrote outside"))));
}

TEST_F(Sandbox, WorksWithOddFolders) {
  const fs::path real = world_.root() / "-odd \"$(x)'\n\xc3\xbc";
  fs::create_directories(real);
  const fs::path link = world_.root() / "a link";
  fs::create_directory_symlink(real, link);
  world_.environment()["XDG_CACHE_HOME"] = link.string();
  (void)run_job();
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err;
}

// Where the repository borrows its objects, or is a linked worktree, what it needs is elsewhere
// below /tmp.
TEST_F(Sandbox, ShowsWhatTheRepositoryBorrows) {
  const TempFolder objects;
  const TempFolder main;
  const TempFolder linked;
  const fs::path clone = main.path() / "clone";
  const fs::path tree = linked.path() / "tree";
  (void)world_.git_says({"clone", "--quiet", "--shared", ".", clone.string()});
  (void)world_.git_says({"-C", clone.string(), "worktree", "add", "--quiet", tree.string()});
  fs::rename(world_.repo(), objects.path() / "origin");
  write_file(clone / ".git/objects/info/alternates",
             (objects.path() / "origin/.git/objects").string() + "\n");
  fs::create_directory_symlink(tree, world_.repo());
  configure(kConfig);
  write_file(world_.root() / "attack.sh",
             "test \"$(git log --format=%s | tail -1)\" = First && echo '[history: done]'\n");
  EXPECT_THAT(run_job(), HasSubstr("[history: done]"));
  EXPECT_EQ(ran_.exit_code, 0) << ran_.out << ran_.err;
}

TEST_F(Sandbox, RequiredIsRefusedWhereThereIsNone) {
  const fs::path bin = world_.root() / "bin";
  fs::create_directories(bin);
  world_.environment()["PATH"] = bin.string();
  const Ran refused =
      world_.director({"plan", "One file", "--auto", "--set", "sandbox.mode=required"});
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("sandbox.mode = \"required\""),
                                 HasSubstr("install the package 'bubblewrap'")));
  EXPECT_FALSE(fs::exists(world_.state() / "journal.jsonl")) << "nothing was started";
  // One that is there and does not work is named with what it says.
  write_file(bin / "bwrap", "#!/bin/sh\necho 'bwrap: setting up uid map: no' >&2\nexit 1\n");
  fs::permissions(bin / "bwrap", fs::perms::owner_all);
  const Ran broken =
      world_.director({"plan", "One file", "--auto", "--set", "sandbox.mode=required"});
  EXPECT_EQ(broken.exit_code, 2) << broken.out;
  EXPECT_THAT(broken.err, HasSubstr("setting up uid map: no"));
  const Ran warned = world_.director({"plan", "One file", "--auto", "--no-critique"});
  EXPECT_THAT(warned.err, HasSubstr("agents and gates are not confined: bubblewrap does not work"));
  EXPECT_TRUE(fs::exists(world_.state() / "journal.jsonl")) << warned.err;
}

TEST_F(Sandbox, WritableFoldersHaveToBeThereAndOutside) {
  for (const fs::path& path : {world_.root() / "missing", world_.repo(), world_.state()}) {
    const Ran ran = world_.director(
        {"plan", "One file", "--auto", "--set", "sandbox.writable=[\"" + path.string() + "\"]"});
    EXPECT_EQ(ran.exit_code, 2) << path << ran.out;
    EXPECT_THAT(ran.err, HasSubstr("sandbox.writable"));
  }
}

}  // namespace
}  // namespace director::e2e
