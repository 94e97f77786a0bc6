// A job that loads a plugin which does wrong ends with an error that names it and nothing lands,
// or, where a job need not mind, lands what is right and nothing else.
#include "tests/e2e/bad_plugin.hpp"

namespace director::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_P(BadPlugin, EndsAJobWithANamedErrorAndNothingLands) {
  ScriptedJob job;
  const Ran ran = run_with(job, GetParam());
  EXPECT_THAT(ran.exit_code, AnyOf(1, 2)) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr(GetParam().said));
  EXPECT_THAT(landed(job), Not(HasSubstr("one.txt")));
}

TEST_P(CarelessPlugin, LandsWhatIsRightAndNothingElse) {
  ScriptedJob job;
  const Ran ran = run_with(job, GetParam());
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  expect_all_landed(job);
}

// A sanitizer has something of its own to say about a crash.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
INSTANTIATE_TEST_SUITE_P(
    Crashing, BadPlugin,
    ::testing::Values(
        Bad{kOurs, "gate-crashes-in-call", "plugin 'gate-crashes-in-call' crashed (segmentation"},
        Bad{kOurs, "gate-crashes-in-create", "plugin 'gate-crashes-in-create' crashed"},
        Bad{kOurs, "gate-exits-in-call", "plugin 'gate-exits-in-call' ended the program (exit)"}),
    name_of);

// Nor does one like these two, which lose memory.
INSTANTIATE_TEST_SUITE_P(Leaking, CarelessPlugin,
                         ::testing::Values(Bad{kOurs, "gate-leaks-memory", ""},
                                           Bad{kOurs, "gate-throws-in-destroy", ""}),
                         name_of);

// All that landed stays, and the next command goes on without the plugin.
TEST_F(BadPlugin, ThatCrashesAtTheEndIsNamedAndTakesNothingWithIt) {
  ScriptedJob job;
  const Ran ran = run_with(job, {kOurs, "gate-crashes-in-destroy", ""});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("plugin 'gate-crashes-in-destroy' crashed"));
  EXPECT_EQ(landed(job), kAllLanded);
  write_file(job.state() / "config.toml", job.config("any"));
  EXPECT_EQ(job.director({"run"}).exit_code, 0);
}
#endif

INSTANTIATE_TEST_SUITE_P(
    Loading, BadPlugin,
    ::testing::Values(Bad{kLoaders, "bad-wrong_major", "was built for ABI 2."},
                      Bad{kLoaders, "bad-newer_minor", "or later, this director has"},
                      Bad{kLoaders, "bad-throws_in_entry", "threw while loading"},
                      Bad{kLoaders, "bad-crashes_on_load", "crashed while loading (signal 11)"},
                      Bad{kLoaders, "bad-hangs_on_load", "did not finish loading in time"},
                      Bad{kLoaders, "bad-exits_on_load",
                          "ended the program with status 0 while loading"},
                      Bad{kLoaders, "bad-returns_null", "says that it cannot work with ABI"},
                      Bad{kLoaders, "bad-short_descriptor", "too short for ABI 1.0"},
                      Bad{kLoaders, "bad-absurd_descriptor", "descriptor of 4294967295 bytes"},
                      Bad{kLoaders, "bad-bad_id", "has no valid id"},
                      Bad{kLoaders, "bad-bad_schema", "schema that is not JSON"},
                      Bad{kLoaders, "bad-no_version", "has no version"},
                      Bad{kLoaders, "bad-no_get_interface", "has no get_interface"},
                      Bad{kLoaders, "bad-no_known_kind", "has no interface of this director"},
                      Bad{kLoaders, "bad-no_entry", "exports no director_plugin_entry"},
                      Bad{kLoaders, "bad-undefined_symbol", "undefined symbol"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Answering, BadPlugin,
    ::testing::Values(
        Bad{kOurs, "gate-throws-an-int", "plugin 'gate-throws-an-int' threw an exception"},
        Bad{kOurs, "gate-throws-in-create", "plugin 'gate-throws-in-create' threw an exception"},
        Bad{kOurs, "gate-does-not-say-why", "'gate-does-not-say-why' failed with status 7 and did"},
        Bad{kOurs, "gate-gives-an-unknown-status", "status 99, which the ABI does not have"},
        Bad{kOurs, "gate-gives-two-verdicts", "'gate-gives-two-verdicts' gave two verdicts"},
        Bad{kOurs, "gate-garbage-sizes", "'gate-garbage-sizes' has an unfinished table"},
        Bad{kOurs, "gate-lacks-a-function", "'gate-lacks-a-function' lacks a function"},
        Bad{kOurs, "gate-lies-about-its-kind",
            "'gate-lies-about-its-kind' has one table for two kinds"},
        Bad{kOurs, "gate-schema-is-not-json",
            "'gate-schema-is-not-json' has a configuration schema that is not JSON"},
        Bad{kOurs, "gate-schema-of-unknown-types",
            "schema of plugin 'gate-schema-of-unknown-types'"},
        Bad{kOurs, "gate-overruns-the-error-text", "plugin 'gate-overruns-the-error-text': "},
        Bad{kOurs, "gate-fails-whatever-comes", "one: tests: exit status 0 -> escalated"},
        Bad{kOurs, "gate-tosses-a-coin", "flaky, passed and then failed on the same files"},
        Bad{kOurs, "runner-sends-no-ending", "'runner-sends-no-ending' ended a call without"},
        Bad{kOurs, "runner-sends-two-endings", "sent an event after the one that ends the call"},
        Bad{kOurs, "runner-goes-on-after-the-ending",
            "sent an event after the one that ends the call"},
        Bad{kOurs, "runner-sends-an-unknown-event", "kind that the ABI does not have"},
        Bad{kOurs, "launcher-prepares-nothing",
            "'launcher-prepares-nothing' prepared a command without a program"},
        Bad{kOurs, "launcher-swallows-the-exit-status", "its tests pass before any work"},
        Bad{kOurs, "launcher-goes-to-the-root", "cannot open tests/one.sh"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Programs, BadPlugin,
    ::testing::Values(
        Bad{kOurs, "program-greets-in-prose", "said no hello: "},
        Bad{kOurs, "program-ends-before-hello", "ended without a hello"},
        Bad{kOurs, "program-speaks-another-protocol", "speaks version 2 of the exec protocol"},
        Bad{kOurs, "program-is-of-no-kind-that-there-is",
            "expected one of runner, gate, reviewer, sink"},
        Bad{kOurs, "program-prints-garbage",
            "'program-prints-garbage' wrote a line that is no message"},
        Bad{kOurs, "program-ends-early", "'program-ends-early' ended without an answer"},
        Bad{kOurs, "program-crashes", "'program-crashes' crashed (signal 11)"},
        Bad{kOurs, "program-answers-as-a-reviewer",
            "said 'review', which is not for a gate to say"},
        Bad{kOurs, "program-gives-two-verdicts", "said 'verdict' after its answer"},
        Bad{kOurs, "program-fails-after-its-answer",
            "ended with status 3, so its answer does not count"},
        Bad{kOurs, "program-hangs-before-hello", "said no hello in time"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Each, CarelessPlugin,
    ::testing::Values(
        Bad{kOurs, "gate-takes-any-major", ""}, Bad{kOurs, "gate-has-no-summary", ""},
        Bad{kOurs, "gate-knows-every-id", ""}, Bad{kOurs, "gate-exports-two-symbols", ""},
        Bad{kOurs, "gate-schema-takes-anything", ""}, Bad{kOurs, "gate-throws-at-odd-config", ""},
        Bad{kOurs, "gate-leaks-descriptors", ""}, Bad{kOurs, "gate-leaks-threads", ""},
        Bad{kOurs, "gate-changes-environment", ""}, Bad{kOurs, "gate-changes-directory", ""},
        Bad{kOurs, "gate-changes-umask", ""}, Bad{kOurs, "gate-changes-signals", ""},
        Bad{kOurs, "gate-changes-limits", ""}, Bad{kOurs, "gate-writes-to-stdout", ""},
        Bad{kOurs, "gate-starts-a-process", ""}, Bad{kOurs, "gate-keeps-borrowed", ""},
        Bad{kOurs, "gate-needs-every-service", ""}, Bad{kOurs, "gate-has-one-state-for-all", ""},
        Bad{kOurs, "gate-sends-bytes-that-are-no-text", ""},
        Bad{kOurs, "gate-floods-the-detail", ""}, Bad{kOurs, "gate-puts-names-into-a-shell", ""},
        Bad{kOurs, "program-ignores-the-magic", ""},
        Bad{kOurs, "program-takes-a-person-for-nobody", ""},
        Bad{kOurs, "launcher-counts-its-calls", ""}, Bad{kOurs, "launcher-drops-arguments", ""}),
    name_of);

// Sinks are not what a job is for: what they lose is said.
TEST_F(BadPlugin, ThatLosesRecordsIsNamedAndTheJobGoesOn) {
  ScriptedJob job;
  const Ran ran = run_with(job, {kOurs, "sink-refuses-costs", ""});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("'sink-refuses-costs' lost a record: plugin 'sink-refuses"));
  EXPECT_EQ(landed(job), kAllLanded);
}

// A thread that hangs cannot be ended alone, so the program is.
TEST_F(BadPlugin, ThatHangsIsNamedOnceItsTimeIsOver) {
  ScriptedJob job;
  plan_for(job, {kOurs, "gate-hangs-in-call", ""});
  const Ran ran = job.director({"run", "--set", "limits.node_timeout_secs=1"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("plugin 'gate-hangs-in-call' has not come back for 30 s"));
  EXPECT_THAT(landed(job), Not(HasSubstr("one.txt")));
}

TEST_F(BadPlugin, ThatHangsEndsWithASecondInterruptAndAllThatItStarted) {
  for (const char* signal : {"INT", "TERM", "HUP"}) {
    ScriptedJob job;
    plan_for(job, {kOurs, "gate-hangs-in-callback", ""});
    const Ran ran =
        interrupt(job, signal, "find " + job.root().string() + " -name started | grep -q .");
    EXPECT_EQ(ran.exit_code, 130) << signal << ran.out << ran.err;
    EXPECT_THAT(ran.out, Not(HasSubstr("ended early"))) << ran.err;
    write_file(job.state() / "config.toml", job.config("any"));
    EXPECT_EQ(job.director({"run"}).exit_code, 0) << "the same command goes on";
    EXPECT_EQ(landed(job), kAllLanded);
  }
}

// It writes where it should only look, which is found, and does not land.
TEST_F(BadPlugin, ThatWritesInTheCheckoutLandsNothingOfIt) {
  for (const char* name : {"gate-writes-in-the-checkout", "program-writes-in-the-checkout"}) {
    ScriptedJob job;
    (void)run_with(job, {kOurs, name, ""});
    EXPECT_THAT(landed(job), Not(HasSubstr("verdict"))) << name;
  }
}

}  // namespace
}  // namespace director::e2e
