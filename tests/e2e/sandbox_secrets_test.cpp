// Agents and gates that look for the user's secrets.
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/sandbox_fixture.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SandboxSecrets : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    for (const char* name : {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "NPM_TOKEN",
                             "SERVICE_API_KEY", "DIRECTOR_SECRET"}) {
      world.environment()[name] = std::string("sesame-") + name;
    }
    for (const char* path :
         {".ssh/id", ".aws/credentials", ".config/gh/hosts.yml", ".netrc",
          ".local/share/opencode/auth.json", ".codex/auth.json", ".config/other"}) {
      write_file(world.root() / "home" / path, std::string("open-") + path + "\n");
    }
    (void)world.git_says(
        {"config", "http.https://host/.extraheader", "AUTHORIZATION: open-header"});
  }
};

// Whether there is a sandbox or not: it needs no kernel.
TEST_P(SandboxSecrets, TheEnvironmentHasNone) {
  attack("env | sort; cat /proc/self/environ; echo; echo looked\n");
  const std::string said = run_job();
  // Masked where it is printed, it would be there all the same.
  EXPECT_THAT(said, AllOf(HasSubstr("looked"), HasSubstr("HOME="), Not(HasSubstr("sesame")),
                          Not(HasSubstr("***"))));
}

TEST_P(SandboxSecrets, TheEnvironmentHasNoneWithoutIt) {
  attack("env | sort; cat /proc/self/environ; echo; echo looked\n");
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  // Masked where it is printed, it would be there all the same.
  EXPECT_THAT(said, AllOf(HasSubstr("looked"), HasSubstr("HOME="), Not(HasSubstr("sesame")),
                          Not(HasSubstr("***"))));
}

TEST_P(SandboxSecrets, TheEnvironmentHasWhatIsNamed) {
  attack("env; echo looked\n");
  const std::string said = run_job({"--set", "sandbox.pass_env=[\"NPM_TOKEN\", \"AWS_*\"]"});
  EXPECT_THAT(said, AllOf(HasSubstr("NPM_TOKEN=***NPM_TOKEN***"),
                          HasSubstr("AWS_SECRET_ACCESS_KEY=***AWS_SECRET_ACCESS_KEY***"),
                          Not(HasSubstr("GITHUB_TOKEN"))));
}

constexpr bool kDone = true;
constexpr bool kRefused = false;

const std::vector<Attempt>& looks() {
  static const std::vector<Attempt> kLooks{
      {"ssh", R"(cat "$HOME/.ssh/id")"},
      {"aws", R"(cat "$HOME/.aws/credentials")"},
      {"github", R"(cat "$HOME/.config/gh/hosts.yml")"},
      {"netrc", R"(cat "$HOME/.netrc" | grep .)"},
      {"auth", R"(cat "$HOME/.local/share/opencode/auth.json")"},
      {"codex", R"(cat "$HOME/.codex/auth.json")"},
      {"header", R"(grep -r open-header "$repo/.git")"},
      {"header-by-git", R"(git -C "$repo" config --list | grep open-header)"},
      {"git-there", R"(git -C "$repo" log --format=%s | grep First)", kDone, kRefused},
      {"link", R"(ln -s "$HOME/.ssh/id" link; cat link; read=$?; rm link; exit $read)"},
      {"hard-link", R"(ln "$HOME/.ssh/id" link && cat link && rm link)"},
      {"through-proc", R"(cat "/proc/self/root$HOME/.ssh/id")"},
      {"other", R"(cat "$HOME/.config/other")", kDone, kDone},
      {"director", "grep -qsa DIRECTOR_SECRET /proc/[0-9]*/environ"},
      {"memory",
       "for all in /proc/[0-9]*/environ; do grep -qsa DIRECTOR_SECRET $all && "
       "head -c 0 ${all%environ}mem && exit 0; done; exit 1"},
      {"neighbours", R"(ls -d "$cache"/slots/*.meta && cat "$cache"/slots/*.meta/*)"},
      {"journal", R"(cat "$repo/.director/journal.jsonl")", kDone, kDone},
  };
  return kLooks;
}

TEST_P(SandboxSecrets, WhatIsHiddenIsNotRead) {
  attack(script_of(looks()));
  write_file(world.root() / "gate.sh", R"SH(
for path in .ssh/id .aws/credentials .config/gh/hosts.yml .netrc .local/share/opencode/auth.json .codex/auth.json; do
  if cat "$HOME/$path" | grep -q open-; then echo "gate: read $path"; exit 1; fi
done 2>/dev/null
if grep -rs open-header "${HOME%/home}/repo/.git"; then echo "gate: read the header"; exit 1; fi
cat "$HOME/.config/other" >/dev/null
)SH");
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  expect_attempts(looks(), said, true);
}

TEST_P(SandboxSecrets, ItIsReadWithoutIt) {
  attack(script_of(looks()));
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  expect_attempts(looks(), said, false);
}

/// The same user, who keeps nothing where others keep it.
class SandboxMovedSecrets : public AnySandbox {
 protected:
  void SetUp() override {
    AnySandbox::SetUp();
    for (const auto& [name, value] : {std::pair{"XDG_CONFIG_HOME", "x/config"},
                                      {"XDG_DATA_HOME", "x/data"},
                                      {"CARGO_HOME", "cargo"},
                                      {"GNUPGHOME", "gpg"}}) {
      world.environment()[name] = (world.root() / value).string();
    }
    world.environment()["KUBECONFIG"] =
        (world.root() / "one").string() + ":" + (world.root() / "two").string();
    for (const char* path : {"x/config/gh/hosts.yml", "x/data/opencode/auth.json", "one", "two",
                             "cargo/credentials.toml", "cargo/config.toml", "gpg/key"}) {
      write_file(world.root() / path, "open\n");
    }
  }
};

const std::vector<Attempt>& moved() {
  static const std::vector<Attempt> kMoved{
      {"gh", R"(grep open "$ROOT/x/config/gh/hosts.yml")"},
      {"opencode",
       R"(grep open "$XDG_DATA_HOME/opencode/auth.json" "$ROOT/x/data/opencode/auth.json")"},
      {"kube", R"(grep open "$ROOT/one")"},
      {"kube-too", R"(grep open "$ROOT/two")"},
      {"cargo", R"(grep open "$CARGO_HOME/credentials.toml")"},
      {"cargo-itself", R"(grep open "$CARGO_HOME/config.toml")", kDone, kDone},
      {"gpg", R"(grep open "$ROOT/gpg/key")"},
  };
  return kMoved;
}

TEST_P(SandboxMovedSecrets, WhatIsHiddenIsNotRead) {
  attack(script_of(moved()));
  write_file(world.root() / "gate.sh", filled(R"SH(
! grep -rs open '@ROOT@/x' '@ROOT@/one' '@ROOT@/two' '@ROOT@/gpg' '@ROOT@/cargo/credentials.toml'
)SH",
                                              "@ROOT@", world.root()));
  const std::string said = run_job();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err << journal();
  expect_attempts(moved(), said, true);
}

TEST_P(SandboxMovedSecrets, ItIsReadWithoutIt) {
  attack(script_of(moved()));
  const std::string said = run_job({"--set", "sandbox.mode=off"});
  expect_attempts(moved(), said, false);
}

INSTANTIATE_TEST_SUITE_P(With, SandboxMovedSecrets, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);
INSTANTIATE_TEST_SUITE_P(With, SandboxSecrets, ::testing::Values("bubblewrap", "landlock"),
                         backend_name);

}  // namespace
}  // namespace director::e2e
