#include "tests/e2e/sandbox_fixture.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace director::e2e {

const char* const kSandboxConfig = R"([tiers]
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

namespace {

constexpr const char* kScript = R"JSON({"rules": [
  {"role": "explorer", "steps": [{"text": "Small."}]},
  {"role": "brainstorm", "steps": [{"text": "# One file"}]},
  {"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}]}"}]},
  {"role": "test-author", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt || exit 1\n. '@ROOT@/gate.sh'\n"}}, {"text": "DONE"}]},
  {"role": "executor", "steps": [{"run": "ROOT='@ROOT@'; . '@ROOT@/attack.sh'"}, {"write": {"one.txt": "right\n"}}, {"text": "DONE"}]}
]})JSON";

}  // namespace

const char* const kAttempt = R"SH(
attempt() {
  if (eval "$2") >/dev/null 2>&1; then echo "[$1: done]"; else echo "[$1: refused]"; fi
}
repo=$ROOT/repo
cache=$(echo "$HOME"/.cache/director/repo-*)
)SH";

std::string script_of(const std::vector<Attempt>& attempts) {
  std::string script = kAttempt;
  for (const Attempt& attempt : attempts) {
    script += "attempt " + attempt.name + " '" + attempt.command + "'\n";
  }
  return script;
}

std::string Sandbox::why_no(const std::string& kind) {
  if (kind == "landlock") {
    constexpr int kWithScopes = 6;
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1);
    return abi >= kWithScopes ? "" : "no Landlock that can do all that is asked for here";
  }
  const Ran bare = run({"bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-net", "true"},
                       world.root(), world.environment());
  return bare.exit_code == 0 ? "" : "no bubblewrap: " + bare.err;
}

void Sandbox::SetUp() {
  if (const std::string why = why_no(backend); !why.empty()) {
    GTEST_SKIP() << why;
  }
  if (backend == "landlock") {
    break_bubblewrap();
  }
  world.make_repository();
  write_file(world.root() / "attack.sh", "true\n");
  write_file(world.root() / "gate.sh", "true\n");
  write_file(world.root() / "script.json", filled(kScript, "@ROOT@", world.root()));
  configure(kSandboxConfig);
}

void Sandbox::break_bubblewrap() {
  const fs::path bin = world.root() / "bin";
  fs::create_directories(bin);
  write_file(bin / "bwrap", "#!/bin/sh\necho 'bwrap: setting up uid map: no' >&2\nexit 1\n");
  fs::permissions(bin / "bwrap", fs::perms::owner_all);
  world.environment()["PATH"] = bin.string() + ":" + world.environment()["PATH"];
}

void Sandbox::configure(const std::string& config) const {
  write_file(world.state() / "config.toml",
             filled(filled(config, "@PLUGINS@", DIRECTOR_TEST_PLUGINS), "@SCRIPT@",
                    (world.root() / "script.json").string()));
}

void Sandbox::attack(const std::string& commands) const {
  write_file(world.root() / "attack.sh", kAttempt + commands);
}

std::string Sandbox::run_job(const std::vector<std::string>& options) {
  const std::vector<std::string> confined{
      "--set", backend == "landlock" ? "sandbox.mode=auto" : "sandbox.mode=required"};
  std::vector<std::string> plan{"plan", "One file", "--auto", "--no-critique"};
  std::vector<std::string> run{"run"};
  plan.insert(plan.end(), confined.begin(), confined.end());
  run.insert(run.end(), confined.begin(), confined.end());
  plan.insert(plan.end(), options.begin(), options.end());
  run.insert(run.end(), options.begin(), options.end());
  const Ran planned = world.director(plan);
  EXPECT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  ran = world.director(run);
  std::string said;
  std::error_code none;  // a call without a command leaves no transcript
  for (const auto& entry : fs::directory_iterator(world.state() / "logs", none)) {
    said += read_file(entry.path());
  }
  return said;
}

void Sandbox::expect_attempts(const std::vector<Attempt>& attempts, const std::string& said,
                              bool confined) const {
  for (const Attempt& attempt : attempts) {
    const bool can = !confined               ? attempt.unconfined
                     : backend == "landlock" ? attempt.landlock
                                             : attempt.bubblewrap;
    EXPECT_THAT(said, ::testing::HasSubstr("[" + attempt.name + (can ? ": done]" : ": refused]")));
  }
}

void AnySandbox::SetUp() {
  backend = GetParam();
  Sandbox::SetUp();
}

std::string backend_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

bool Sandbox::anything_evil() const {
  for (const auto& entry : fs::recursive_directory_iterator(world.root())) {
    if (entry.path().filename().string().starts_with("evil")) {
      return true;
    }
  }
  return false;
}

}  // namespace director::e2e
