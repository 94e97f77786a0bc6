// A launcher plugin in front of the sandbox: what it makes of a command is confined like the
// command.
#include <string>
#include <vector>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SandboxLauncher : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    std::string config = kSandboxConfig;
    const std::string plugins = "[plugins]\n";
    config.insert(config.find(plugins) + plugins.size(), "launcher = \"launcher-wrapping\"\n");
    configure(config + "[workspace]\nsetup = \"test -n \\\"$WRAPPED\\\"\"\n");
  }
  /// What the launcher has run before each command, after kAttempt.
  void wrap(const std::string& commands) {
    write_file(world.root() / "home/wrap.sh",
               "ROOT='" + world.root().string() + "'\n" + kAttempt + commands);
  }
};

constexpr bool kDone = true;

const std::vector<Attempt>& reaches() {
  static const std::vector<Attempt> kReaches{
      {"write-home", R"(echo evil >"$HOME/evil")"},
      {"write-checkout", R"(echo evil >"$repo/evil")"},
      {"move-ref", R"(git -C "$repo" update-ref refs/heads/evil HEAD)"},
      {"read-key", R"(grep -q sesame "$HOME/.ssh/id")"},
      {"secret", R"(test -n "$SERVICE_API_KEY")", false, false, false},
      {"temp", R"(echo x >"$TMPDIR/mine" && test -n "$WRAPPED")", kDone, kDone},
      {"workspace", R"(echo x >here && rm here)", kDone, kDone},
  };
  return kReaches;
}

TEST_P(SandboxLauncher, WhatItMakesIsConfined) {
  write_file(world.root() / "home/.ssh/id", "open-sesame\n");
  world.environment()["SERVICE_API_KEY"] = "open-sesame";
  wrap("if test \"$WRAPPED\" = 1; then\n" + script_of(reaches()) + "fi\n");
  const std::string before = world.fingerprint();
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  expect_attempts(reaches(), said, true);
  EXPECT_EQ(world.fingerprint(), before);
  EXPECT_FALSE(anything_evil());
}

TEST_P(SandboxLauncher, WhatItMakesIsFreeWithoutIt) {
  write_file(world.root() / "home/.ssh/id", "open-sesame\n");
  world.environment()["SERVICE_API_KEY"] = "open-sesame";
  wrap("if test \"$WRAPPED\" = 1; then\n" + script_of(reaches()) + "fi\n");
  expect_attempts(reaches(), run_job({"--set", "sandbox.mode=off"}), false);
}

// Its wrapping stands before the gate's command, and decides no more than that does.
TEST_P(SandboxLauncher, GatesThatItWrapsHaveNoNetworkAndNoPlaceToWrite) {
  write_file(world.root() / "model.json", R"({"rules": []})");
  const ScriptedModel model(world.root() / "model.json", world.root());
  wrap(filled(R"SH(if test "$WRAPPED" = 2; then
  if (echo evil >"$HOME/evil") 2>/dev/null; then echo "wrapper: wrote outside"; exit 1; fi
  if python3 -c "import socket; socket.create_connection(('127.0.0.1', @PORT@), 5)" 2>/dev/null; then
    echo "wrapper: connected"; exit 1
  fi
fi
)SH",
              "@PORT@", model.port()));
  write_file(world.root() / "gate.sh", "test \"$WRAPPED\" = 2\n");
  (void)run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  EXPECT_FALSE(anything_evil());
  (void)run_job({"--set", "sandbox.mode=off"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(journal(), AllOf(HasSubstr("wrapper: wrote outside"), Not(HasSubstr("connected"))));
}

INSTANTIATE_TEST_SUITE_P(With, SandboxLauncher, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
