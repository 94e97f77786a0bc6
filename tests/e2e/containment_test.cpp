// What a job's commands do to the director: ends that are asked for, secrets that are printed,
// escapes for the terminal, resources that run out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/e2e/scripted_job.hpp"
#include "tests/support/processes.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string rule(const std::string& condition, const std::vector<std::string>& steps) {
  std::string text = "{\"role\": \"executor\", " + condition + ", \"steps\": [";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    text += (i == 0 ? "" : ", ") + steps[i];
  }
  return text + "]},\n";
}

std::string runs(const std::string& script) { return "{\"run\": " + json_quote(script) + "}"; }

class Contained : public ::testing::Test {
 protected:
  Contained() {
    mark_ = world.root().filename().string();
    world.environment()["MARK"] = mark_;
    configure();
  }
  ~Contained() override {
    EXPECT_EQ(test_support::marked(mark_), std::vector<pid_t>{}) << "nothing outlives its director";
  }

  void configure(const std::string& more = "") {
    write_file(world.state() / "config.toml",
               world.config("user", more + "[sandbox]\n" + "pass_env = [\"MARK\", " +
                                        "\"DEPLOY_TOKEN\", \"HOUSE_RULE\"]\n" +
                                        "secrets = [\"HOUSE_RULE\"]\n"));
  }

  /// All that director wrote where people, or later prompts, look.
  std::string written() {
    std::string all;
    for (const auto& [path, bytes] : world.state_files("profiles")) {
      all += path + "\n" + bytes + "\n";
    }
    return all;
  }

  ScriptedJob world;
  std::string mark_;
};

/// An agent that does not want to end, with a child that left its session.
constexpr const char* kStubborn =
    "trap '' TERM INT HUP\n"
    "(setsid sh -c 'trap \"\" TERM INT HUP; (setsid sh -c \"trap : TERM; while :; do sleep 1000; "
    "done\" &) ; while :; do sleep 1000; done' &)\n"
    "touch started\n"
    "while :; do sleep 1000; done\n";
constexpr const char* kIsUp = "ls \"$HOME\"/.cache/director/*/slots/*/started >/dev/null 2>&1";

class Interrupted : public Contained {
 protected:
  void SetUp() override {
    world.script("");
    ASSERT_EQ(world.director({"plan", "Two files", "--auto", "--no-critique"}).exit_code, 0);
    world.script(rule("\"contains\": \"Node one\"", {runs(kStubborn)}));
  }
  void expect_to_go_on() {
    world.script("");
    const Ran ran = world.director({"run"});
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  }
};

TEST_F(Interrupted, TheFirstSignalEndsEverythingCleanly) {
  for (const char* signal : {"INT", "TERM", "HUP"}) {
    const Ran ran = world.stopped({"run"}, kIsUp, signal);
    EXPECT_EQ(ran.exit_code, 130) << signal << ran.out << ran.err;
    EXPECT_EQ(test_support::marked(mark_), std::vector<pid_t>{}) << signal;
    EXPECT_THAT(read_file(world.state() / "journal.jsonl"),
                HasSubstr(R"("type":"run_finished","outcome":"interrupted")"));
    EXPECT_THAT(ran.out, HasSubstr("`director run` goes on"));
    // The workspace of the next one is not clean yet.
    ASSERT_EQ(run({"sh", "-c", "rm -f \"$HOME\"/.cache/director/*/slots/*/started"}, world.repo(),
                  world.environment())
                  .exit_code,
              0);
  }
  expect_to_go_on();
}

// The shell of a terminal that goes away sends a signal of its own.
TEST_F(Interrupted, ATerminalThatGoesAwayIsOneSignalHoweverOftenItIsTold) {
  const Ran ran = world.stopped({"run"}, kIsUp, "HUP $pid; kill -HUP $pid; sleep 0.05; kill -HUP");
  EXPECT_EQ(ran.exit_code, 130) << ran.out << ran.err;
  EXPECT_THAT(read_file(world.state() / "journal.jsonl"),
              HasSubstr(R"("type":"run_finished","outcome":"interrupted")"));
}

TEST_F(Interrupted, ByReadersOfItsOutputThatGoItIsNot) {
  world.script("");
  const Ran ran =
      run({"bash", "-c", "\"$0\" run 2>&1 | head -n 1; exit ${PIPESTATUS[0]}", DIRECTOR_PROGRAM},
          world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(read_file(world.state() / "journal.jsonl"),
              HasSubstr(R"("type":"run_finished","outcome":"done")"));
}

TEST_F(Interrupted, ByAParentThatIgnoresTheEndsOfItsChildrenItIsNot) {
  world.script("");
  const Ran ran = run({"perl", "-e", "$SIG{CHLD} = 'IGNORE'; exec @ARGV", DIRECTOR_PROGRAM, "run"},
                      world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, Not(HasSubstr("not confined")));
}

TEST_F(Interrupted, TheSecondSignalEndsEverythingAtOnce) {
  // Two signals of different kinds, so that they cannot become one.
  const Ran ran = world.stopped({"run"}, kIsUp, "INT $pid; kill -TERM");
  EXPECT_EQ(ran.exit_code, 130) << ran.out << ran.err;
  EXPECT_THAT(read_file(world.state() / "journal.jsonl"), Not(HasSubstr("run_finished")));
  EXPECT_TRUE(test_support::all_end(mark_)) << "the supervisors see it go";
  expect_to_go_on();
}

TEST_F(Interrupted, AHangupThatIsIgnoredStaysIgnored) {
  world.script(
      rule("\"contains\": \"Node one\"",
           {runs("touch started; until test -f go-on; do sleep 0.05; done; rm started go-on"),
            R"({"write": {"one.txt": "right\n"}})", R"({"text": "DONE"})"}));
  const std::string script = std::string("trap '' HUP\n\"$@\" & pid=$!\nuntil ") + kIsUp +
                             "; do sleep 0.02; done\nkill -HUP $pid\n"
                             "for at in \"$HOME\"/.cache/director/*/slots/*/started; do "
                             "touch \"${at%/*}/go-on\"; done\nwait $pid\n";
  const Ran ran =
      run({"sh", "-c", script, "sh", DIRECTOR_PROGRAM, "run"}, world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("interrupted")));
}

constexpr const char* kSecret = "tok-live/0123\"456789";

TEST_F(Contained, ASecretThatAgentAndGatePrintIsNowhereToBeRead) {
  world.environment()["DEPLOY_TOKEN"] = kSecret;
  world.environment()["HOUSE_RULE"] = "never-tell-anybody";
  const std::string leak =
      "printf 'said %s %s\\n' \"$DEPLOY_TOKEN\" \"$HOUSE_RULE\"; printf 'err %s\\n' "
      "\"$DEPLOY_TOKEN\" >&2; printf 'wrong %s\\n' \"$DEPLOY_TOKEN\" >one.txt";
  // The gate prints it again; the second attempt is only made if its prompt has the masked text.
  world.script(
      rule(R"("contains": "Node one", "nth": 1)", {runs(leak), R"({"text": "DONE"})"}) +
      rule(R"("contains": "***DEPLOY_TOKEN***")",
           {R"({"write": {"one.txt": "right\n"}})", R"({"text": "DONE"})"}) +
      rule(R"("contains": "Node one")", {R"({"fail": "config", "why": "the prompt shows it"})"}) +
      R"({"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "cat one.txt; grep -q right one.txt\n"}}, {"text": "DONE"}]},)");
  const Ran planned = world.director({"plan", "Two files", "--auto", "--no-critique", "-v"});
  ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  const Ran ran = world.director({"run", "-v"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  const std::string logs = world.director({"logs", "--raw", "one"}).out;
  const std::string all = written() + ran.out + ran.err + logs + world.director({"status"}).out;
  for (const char* part : {"tok-live", "456789", "never-tell-anybody"}) {
    EXPECT_THAT(all, Not(HasSubstr(part)));
  }
  EXPECT_THAT(all,
              AllOf(HasSubstr("said ***DEPLOY_TOKEN*** ***HOUSE_RULE***"),
                    HasSubstr("err ***DEPLOY_TOKEN***"), HasSubstr("wrong ***DEPLOY_TOKEN***")));
}

/// What a terminal would act on, or show in another order.
bool is_harmless(const std::string& text) { return text::printable_lines(text) == text; }

TEST_F(Contained, NothingThatATerminalActsOnReachesTheScreen) {
  // Clears the screen, sets the title, C1 controls, a bidirectional override, a forged line.
  const std::string evil =
      "\x1b[2J\x1b]0;owned\x07\xc2\x9b"
      "31m\xe2\x80\xae"
      "gnp.exe\r\x7f\xff\xe2\x81\xa6";
  const std::string quoted = json_quote(text::to_utf8(evil));
  const std::string inside = quoted.substr(1, quoted.size() - 2);
  world.script(
      rule(R"("contains": "Node one", "nth": 1)",
           {"{\"text\": " + quoted + "}", R"({"fail": "model", "why": )" + quoted + "}"}) +
      rule(R"("contains": "Node one", "nth": 2)",
           {R"({"write": {"one.txt": )" + quoted + "}}", R"({"text": "DONE"})"}) +
      rule(R"("contains": "Node one", "nth": 3)",
           {R"({"write": {")" + std::string("stray\\u001b[2J\\u202e.txt") + R"(": "x"}})",
            R"({"text": "DONE"})"}) +
      R"({"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"T\\u001b[2J\\u009b\\u202e\", \"spec\": \"Write one.txt\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"], \"estimated_difficulty\": \"easy\"}]}"}]},)" +
      R"({"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "cat one.txt; grep -q right one.txt\n"}}, {"text": "DONE"}]},)");
  configure("[limits]\nmax_attempts = 3\n");
  const std::string task = "Task " + text::to_utf8(evil);
  std::string all;
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"plan", task, "--auto", "--no-critique"},
                                             {"run"},
                                             {"status"},
                                             {"status", "--json"},
                                             {"logs"},
                                             {"logs", "one"},
                                             {"graph"},
                                             {"graph", "--json"},
                                             {"graph", "--format", "dot"},
                                             {"run", "--set", "limits.\x1b[2J=1"},
                                             {"logs", evil},
                                             {"logs", "--call", evil},
                                             {"config", "limits", "--profile", "x\x1b[2J"}}) {
    const Ran ran = world.director(args);
    EXPECT_TRUE(is_harmless(ran.out)) << args[0] << ": " << text::printable_lines(ran.out);
    EXPECT_TRUE(is_harmless(ran.err)) << args[0] << ": " << text::printable_lines(ran.err);
    all += ran.out + ran.err;
  }
  EXPECT_THAT(all, HasSubstr("\\x1b[2J")) << "it is shown, not hidden";
  for (const auto& [path, bytes] : world.state_files("logs")) {
    EXPECT_TRUE(path == "config.toml" || path.ends_with(".md") || is_harmless(bytes)) << path;
  }
}

TEST_F(Contained, UsageIsInTheMetricsAndTheSameAfterAReplay) {
  world.script(rule("\"contains\": \"Node one\"",
                    {runs("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"),
                     R"({"write": {"one.txt": "right\n"}})", R"({"text": "DONE"})"}));
  ASSERT_EQ(world.director({"auto", "Two files", "--no-critique"}).exit_code, 0);
  const std::string metrics = read_file(world.state() / "metrics.jsonl");
  std::size_t nodes = 0;
  for (const std::string_view line : text::split_lines(metrics)) {
    const Result<Json> json = parse_json(line);
    ASSERT_TRUE(json) << line;
    if (*json->get_string("kind") == "node") {
      ++nodes;
      EXPECT_GT(*json->get_number("cpu_secs"), 0) << line;
      EXPECT_GT(*json->get_number("peak_memory_mb"), 0.1) << line;
    }
  }
  EXPECT_EQ(nodes, 2U);
  fs::remove(world.state() / "metrics.jsonl");
  ASSERT_EQ(world.director({"run"}).exit_code, 0);
  EXPECT_THAT(read_file(world.state() / "metrics.jsonl"),
              HasSubstr(metrics.substr(0, metrics.find('\n'))));
}

TEST_F(Contained, ALimitThatCannotBeHeldIsSaidOnceAtTheStart) {
  // A machine that can hold it says nothing: which it is, doctor knows.
  configure("[limits]\nmemory_mb = 4096\n");
  const Ran ran = world.director({"auto", "Two files", "--no-critique"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  const Ran doctor = world.director({"doctor"});
  const std::string warning = "a limit is not enforced: limits.memory_mb: ";
  if (doctor.out.find("held to limits.memory_mb") != std::string::npos) {
    EXPECT_THAT(ran.err, Not(HasSubstr(warning)));
    return;
  }
  EXPECT_THAT(doctor.out, HasSubstr("not enforced: limits.memory_mb: "));
  const std::size_t first = ran.err.find(warning);
  ASSERT_NE(first, std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find(warning, first + 1), std::string::npos) << "once";
}

/// Runs director with a limit of the shell's.
Ran limited(ScriptedJob& world, const std::string& limit, const std::vector<std::string>& args) {
  std::vector<std::string> argv{"sh", "-c", limit + "; exec \"$@\"", "sh", DIRECTOR_PROGRAM};
  argv.insert(argv.end(), args.begin(), args.end());
  return run(argv, world.repo(), world.environment());
}

TEST_F(Contained, RunningOutOfDescriptorsIsNoAttempt) {
  configure("[limits]\ninfra_retries = 0\n");
  ASSERT_EQ(world.director({"plan", "Two files", "--auto", "--no-critique"}).exit_code, 0);
  bool said = false;
  bool went_on = false;
  for (int files = 8; files <= 64 && !went_on; files += 4) {
    const Ran ran = limited(world, "ulimit -n " + std::to_string(files), {"run", "--retry"});
    went_on = ran.exit_code == 0;
    said = said || ran.err.find("too many open files") != std::string::npos;
    EXPECT_THAT(read_file(world.state() / "journal.jsonl"), Not(HasSubstr(R"("attempt":2)")))
        << files << ran.err;
  }
  EXPECT_TRUE(said) << "the cause is told";
  EXPECT_TRUE(went_on || world.director({"run", "--retry"}).exit_code == 0);
}

}  // namespace
}  // namespace director::e2e
