// What [sandbox] hides, opens and shuts, held against agents and gates that want it otherwise.
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

std::string quoted(const fs::path& path) { return "\"" + path.string() + "\""; }

class SandboxHide : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    write_file(vault() / "inner/key", "open-sesame\n");
    write_file(world.root() / "token", "open-sesame\n");
    write_file(world.repo() / ".env", "open-sesame\n");
    fs::create_directory_symlink(vault(), world.root() / "to-vault");
    configure(std::string(kSandboxConfig) + "[sandbox]\nhide = [" + quoted(vault()) + ", " +
              quoted(world.root() / "token") + ", " + quoted(world.repo() / ".env") + "]\n");
  }
  [[nodiscard]] fs::path vault() { return world.root() / "home/vault"; }
};

const std::vector<Attempt>& looks() {
  static const std::vector<Attempt> kLooks{
      {"file", R"(grep -q sesame "$ROOT/token")"},
      {"folder", R"(grep -rq sesame "$HOME/vault")"},
      {"deep", R"(grep -q sesame "$HOME/vault/inner/key")"},
      {"checkout", R"(grep -q sesame "$repo/.env")"},
      {"from-the-repository", R"(cd "$repo/.git" && grep -q sesame ../.env)"},
      {"link", R"(ln -s "$HOME/vault/inner" to; grep -q sesame to/key; got=$?; rm to; exit $got)"},
      {"their-link", R"(grep -q sesame "$ROOT/to-vault/inner/key")"},
      {"hard-link",
       R"(ln "$ROOT/token" second && grep -q sesame second; got=$?; rm -f second; exit $got)"},
      {"proc-root", R"(grep -q sesame "/proc/self/root$ROOT/token")"},
      {"proc-cwd", R"(cd "$ROOT" && grep -q sesame /proc/self/cwd/token)"},
      {"other-roots", R"(for root in /proc/[0-9]*/root; do
        grep -q sesame "$root$ROOT/token" && exit 0; done; exit 1)"},
      {"upwards", R"(grep -q sesame "$HOME/vault/../vault/inner/key")"},
      {"copy", R"(cp "$ROOT/token" copy && grep -q sesame copy; got=$?; rm -f copy; exit $got)"},
      {"move", R"(mv "$ROOT/token" "$ROOT/token.away" && mv "$ROOT/token.away" "$ROOT/token")"},
      {"git", R"(git hash-object -w "$ROOT/token" | xargs git cat-file -p | grep -q sesame)"},
      {"beside", R"(cat "$HOME/.gitconfig" "$repo/README.md")", kDone, kDone},
  };
  return kLooks;
}

TEST_P(SandboxHide, AgentsDoNotReadIt) {
  attack(script_of(looks()));
  write_file(world.root() / "home/.gitconfig", "");
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(looks(), said, true);
}

TEST_P(SandboxHide, ItIsReadWithoutIt) {
  attack(script_of(looks()));
  write_file(world.root() / "home/.gitconfig", "");
  expect_attempts(looks(), run_job({"--set", "sandbox.mode=off"}), false);
}

TEST_P(SandboxHide, GatesDoNotReadIt) {
  write_file(world.root() / "gate.sh", filled(R"SH(ROOT='@ROOT@'
for path in "$ROOT/token" "$HOME/vault/inner/key" "$ROOT/to-vault/inner/key" "$ROOT/repo/.env" \
    "/proc/self/root$ROOT/token"; do
  if grep -q sesame "$path"; then echo "gate: read $path"; exit 1; fi
done 2>/dev/null
)SH",
                                              "@ROOT@", world.root()));
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  (void)run_job({"--set", "sandbox.mode=off"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), HasSubstr("gate: read "));
}

TEST_P(SandboxHide, WhatIsMissingIsNotTakenForHidden) {
  const Ran tried =
      world.director({"plan", "One file", "--auto", "--set", "sandbox.hide=[\"/no/such/place\"]"});
  EXPECT_EQ(tried.exit_code, 2) << tried.out;
  EXPECT_THAT(tried.err, AllOf(HasSubstr("cannot hide '/no/such/place'"),
                               HasSubstr("take it out of sandbox.hide")));
  EXPECT_FALSE(fs::exists(world.state() / "journal.jsonl")) << "nothing was started";
}

/// One command moves what lies around the secret, the next looks there.
const std::vector<Attempt>& moves() {
  static const std::vector<Attempt> kMoves{
      // Landlock opens child by child what holds something shut.
      {"write-beside", R"(echo x >"$ROOT/opened/a/here")", kDone, kRefused},
      {"write-in-there", R"(echo x >"$ROOT/opened/other/here")", kDone, kDone},
      {"move-around", R"(mv -T "$ROOT/opened/a" "$ROOT/opened/away")"},
      {"move-inside", R"(mv -T "$ROOT/opened/a/b" "$ROOT/opened/a/away")"},
      {"move-it", R"(mv -T "$ROOT/opened/a/b/secret" "$ROOT/opened/a/b/away")"},
      {"move-all", R"(mv -T "$ROOT/opened" "$ROOT/opened.away")"},
      {"remove", R"(rm -r "$ROOT/opened/a/b/secret")"},
  };
  return kMoves;
}

TEST_P(AnySandbox, WhatIsHiddenInAnOpenFolderIsNotMovedOutOfHiding) {
  const fs::path opened = world.root() / "opened";
  write_file(opened / "a/b/secret/key", "open-sesame\n");
  fs::create_directories(opened / "other");
  configure(std::string(kSandboxConfig) + "[sandbox]\nwritable = [" + quoted(opened) +
            "]\nhide = [" + quoted(opened / "a/b/secret") + "]\n");
  attack(script_of(moves()));
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(moves(), said, true);
  EXPECT_EQ(read_file(opened / "a/b/secret/key"), "open-sesame\n");
}

// The same for the repository: moved with the folder around it, it would be where nothing shuts it.
TEST_P(AnySandbox, TheRepositoryInAnOpenFolderIsNotMoved) {
  const fs::path real = world.root() / "opened/around/repo";
  fs::create_directories(real.parent_path());
  fs::rename(world.repo(), real);
  fs::create_directory_symlink(real, world.repo());
  configure(std::string(kSandboxConfig) + "[sandbox]\nwritable = [" +
            quoted(world.root() / "opened") + "]\n");
  const std::vector<Attempt> tries{
      {"move-around", R"(mv -T "$ROOT/opened/around" "$ROOT/opened/away")"},
      {"move", R"(mv -T "$ROOT/opened/around/repo" "$ROOT/opened/around/away")"},
      {"write", R"(echo evil >"$ROOT/opened/around/repo/evil")"},
      {"write-beside", R"(echo x >"$ROOT/opened/around/here")", kDone, kRefused},
  };
  attack(script_of(tries));
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(tries, said, true);
  EXPECT_FALSE(anything_evil());
}

/// A service on this machine that everything which has the network reaches.
class SandboxNetwork : public AnySandbox {
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
    write_file(world.root() / "connect.py", filled(R"(import socket, sys
how, port = sys.argv[1], @PORT@
if how == "mptcp":
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).connect(("127.0.0.1", port))
elif how == "mapped":
    socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(("::ffff:127.0.0.1", port))
else:
    socket.create_connection(("127.0.0.1", port), 5)
)",
                                                   "@PORT@", model->port()));
  }
  /// Shell that reaches the service.
  [[nodiscard]] std::string connect() {
    return "python3 '" + (world.root() / "connect.py").string() + "'";
  }
};

const std::vector<Attempt>& calls(bool confined_too) {
  static std::vector<Attempt> tries;
  tries = {{"tcp", R"(python3 "$ROOT/connect.py" tcp)", confined_too, confined_too},
           {"mptcp", R"(python3 "$ROOT/connect.py" mptcp)", confined_too, confined_too},
           {"mapped", R"(python3 "$ROOT/connect.py" mapped)", confined_too, confined_too}};
  return tries;
}

TEST_P(SandboxNetwork, AgentsHaveIt) {
  attack(script_of(calls(true)));
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(calls(true), said, true);
}

TEST_P(SandboxNetwork, AgentsHaveNoneWhereItIsShut) {
  attack(script_of(calls(false)));
  const std::string said = run_job({"--set", "sandbox.agent_network=false"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << said;
  expect_attempts(calls(false), said, true);
}

// Else an agent would have what it asks for run by the preparation of the next workspace.
TEST_P(SandboxNetwork, PreparingHasNoneWhereItIsShut) {
  configure(std::string(kSandboxConfig) + "[workspace]\nsetup = \"\"\"" + connect() +
            " tcp\"\"\"\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  fs::remove_all(world.root() / "home/.cache");  // the workspaces are prepared
  const Ran shut = world.director(
      {"plan", "One file", "--auto", "--no-critique", "--set", "sandbox.setup_network=false"});
  EXPECT_NE(shut.exit_code, 0) << shut.out;
  EXPECT_THAT(shut.err, HasSubstr("workspace setup 'python3"));
}

TEST_P(SandboxNetwork, IsForTheGatesThatAreNamed) {
  const std::string config = std::string(kSandboxConfig) + "[gates]\nonline = \"\"\"" + connect() +
                             " tcp && echo 'online: connected'\"\"\"\noffline = \"\"\"if " +
                             connect() + " tcp || " + connect() +
                             " mapped; then echo 'offline: connected'; exit 1; fi\"\"\"\n";
  write_file(world.root() / "gate.sh",
             "if " + connect() + " tcp; then echo 'tests: connected'; exit 1; fi\n");
  configure(config + "[sandbox]\nnetwork_gates = [\"online\"]\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();

  configure(config);
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 1) << "named nowhere, it has none: " << ran.out << ran.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate 'online'"), Not(HasSubstr("gate 'offline'"))));

  configure(config + "[sandbox]\nnetwork_gates = [\"offline\"]\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate 'online'"), HasSubstr("offline: connected")));

  configure(config + "[sandbox]\nnetwork_gates = [\"online\", \"tests\"]\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), HasSubstr("tests: connected"));
}

TEST_F(Sandbox, NetworkForAGateThatIsNotThereIsRefused) {
  configure(std::string(kSandboxConfig) +
            "[gates]\nend-to-end = \"true\"\n[sandbox]\nnetwork_gates = [\"end-to-ends\"]\n");
  const Ran tried = world.director({"plan", "One file", "--auto"});
  EXPECT_EQ(tried.exit_code, 2) << tried.out;
  EXPECT_THAT(tried.err, AllOf(HasSubstr("config.toml:"), HasSubstr("did you mean 'end-to-end'?")));
}

TEST_F(Sandbox, ConfigShowsWhatIsInForce) {
  configure(std::string(kSandboxConfig) + "[sandbox]\nhide = [\"~/vault\"]\n");
  const Ran shown = world.director({"config", "--set", "sandbox.agent_network=false"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  for (const char* line :
       {"sandbox.hide", "[\"~/vault\"]", "sandbox.agent_network", "false", "sandbox.backend",
        "\"auto\"", "sandbox.network_gates", "[]", "sandbox.setup_network"}) {
    EXPECT_THAT(shown.out, HasSubstr(line));
  }
}

// Landlock shows itself by what it cannot give.
constexpr const char* kWhich =
    "attempt private-tmp \"echo x >/tmp/mine-\\${ROOT##*/}\"\n"
    "attempt write \"echo evil >\\$repo/evil\"\n";

TEST_F(Sandbox, LandlockIsTakenWhereItIsNamed) {
  if (const std::string why = why_no("landlock"); !why.empty()) {
    GTEST_SKIP() << why;
  }
  attack(kWhich);
  const std::string said =
      run_job({"--set", "sandbox.backend=landlock", "--set", "sandbox.mode=required"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(said, AllOf(HasSubstr("[private-tmp: refused]"), HasSubstr("[write: refused]")));
  EXPECT_THAT(ran.err, Not(HasSubstr("Landlock"))) << "who names it knows";
  const Ran doctor = world.director({"doctor", "--set", "sandbox.backend=landlock"});
  EXPECT_THAT(doctor.out, HasSubstr("confined by Landlock alone: /tmp is shared"));
}

TEST_F(Sandbox, BubblewrapIsTakenOrNoneWhereItIsNamed) {
  attack(kWhich);
  std::string said = run_job({"--set", "sandbox.backend=bubblewrap"});
  EXPECT_THAT(said, AllOf(HasSubstr("[private-tmp: done]"), HasSubstr("[write: refused]")));
  break_bubblewrap();
  const Ran refused =
      world.director({"plan", "One file", "--auto", "--set", "sandbox.mode=required", "--set",
                      "sandbox.backend=bubblewrap"});
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("setting up uid map: no"));
  said = run_job({"--set", "sandbox.mode=auto", "--set", "sandbox.backend=bubblewrap"});
  EXPECT_THAT(ran.err, AllOf(HasSubstr("agents and gates are not confined: bubblewrap"),
                             Not(HasSubstr("Landlock"))));
  EXPECT_THAT(said, HasSubstr("[write: done]"));
  fs::remove("/tmp/mine-" + world.root().filename().string());
}

INSTANTIATE_TEST_SUITE_P(With, SandboxHide, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);
INSTANTIATE_TEST_SUITE_P(With, SandboxNetwork, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

TEST_F(Sandbox, TestsAreOnALayerUnlessTheConfigurationSaysNo) {
  write_file(world.root() / "gate.sh", R"SH(
grep -q " $PWD .* overlay " /proc/self/mountinfo && echo "gate: on a layer" || echo "gate: on none"
echo litter >litter
exit 1
)SH");
  run_job();
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate: on a layer"), Not(HasSubstr("gate: on none"))));
  run_job({"--set", "sandbox.layers=false"});
  EXPECT_THAT(journal(), AllOf(HasSubstr("gate: on none"), Not(HasSubstr("gate: on a layer"))));
}

}  // namespace
}  // namespace director::e2e
