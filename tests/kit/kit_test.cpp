// The conformance kit against plugins that are right but for one thing: it finds each for its own
// reason, and finds nothing in the ones that are right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include "core/platform/disk_file_store.hpp"
#include "core/platform/environment.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "sdk/kit/examiner.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class KitTest : public ::testing::Test {
 protected:
  KitTest() : launcher_(clock_, platform::Environment::of_this_process()) {
    std::string name = (fs::temp_directory_path() / "director-kit-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      std::abort();
    }
    work_ = fs::canonical(name);
  }
  ~KitTest() override {
    std::error_code error;
    fs::remove_all(work_, error);
  }

  Result<Report> examine(const fs::path& library, const std::string& config,
                         std::vector<std::string> only) {
    ExamineSettings settings;
    settings.form =
        library.extension() == ".plugin" ? plugin::Form::Executable : plugin::Form::Library;
    settings.child = {DIRECTOR_PROGRAM, "--check-plugin"};
    settings.probe = {DIRECTOR_PROGRAM, "--probe-plugin"};
    settings.library = library;
    settings.config = fs::path(DIRECTOR_KIT_CONFIGS) / config;
    settings.work = work_;
    settings.only = std::move(only);
    // For what hangs; nothing else comes near it.
    settings.timeout = std::chrono::seconds(20);
    return Examiner(launcher_, clock_, files_, std::move(settings)).run({});
  }

  fs::path work_;
  platform::SystemClock clock_;
  platform::DiskFileStore files_;
  platform::LocalLauncher launcher_;
};

struct Fault {
  /// "<kind>-<fault>", "program-<fault>", or "bad-<fault>" of the tests of the loader.
  std::string plugin;
  std::string rule;
  std::string reason;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.plugin; }

class Nonconforming : public KitTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(Nonconforming, IsFoundForItsOwnReason) {
  const Fault& fault = GetParam();
  const bool of_loader = fault.plugin.starts_with("bad-");
  const bool is_program = fault.plugin.starts_with("program-");
  const fs::path folder = of_loader ? DIRECTOR_MISBEHAVING : DIRECTOR_NONCONFORMING;
  const std::string kind = fault.plugin.substr(0, fault.plugin.find('-'));
  const Result<Report> report =
      examine(folder / (fault.plugin + (is_program ? ".plugin" : ".so")),
              (of_loader || is_program ? "gate" : kind) + ".toml", {fault.rule});
  ASSERT_TRUE(report) << report.error().message();
  for (const Finding& finding : report->findings) {
    if (finding.rule == fault.rule) {
      EXPECT_EQ(finding.outcome.verdict, Verdict::Failed) << to_text(*report, true, true);
      EXPECT_THAT(finding.outcome.why, HasSubstr(fault.reason));
    } else if (finding.outcome.verdict == Verdict::Failed) {
      ADD_FAILURE() << to_text(*report, true, true);
    }
  }
}

const Fault kLoading[] = {
    {"bad-crashes_on_load", "common.loads", "crashed (signal 11) in loading"},
    {"bad-hangs_on_load", "common.loads", "did not come back within 20 s in loading"},
    {"bad-exits_on_load", "common.loads", "ended the program with status 0 in loading"},
    {"bad-undefined_symbol", "common.loads", "director_test_function_that_nobody_has"},
    {"bad-no_entry", "common.loads", "exports no director_plugin_entry"},
    {"bad-wrong_major", "common.loads", "was built for ABI 2."},
    {"bad-newer_minor", "common.loads", "or later"},
    {"bad-returns_null", "common.loads", "cannot work with ABI"},
    {"bad-throws_in_entry", "common.loads", "exception out of director_plugin_entry"},
    {"bad-short_descriptor", "common.loads", "too short for ABI 1.0"},
    {"bad-absurd_descriptor", "common.loads", "descriptor of 4294967295 bytes"},
    {"bad-bad_id", "common.loads", "no valid id"},
    {"bad-no_version", "common.loads", "no version"},
    {"bad-bad_schema", "common.loads", "schema that is not JSON"},
    {"bad-no_get_interface", "common.loads", "has no get_interface"},
    {"bad-no_known_kind", "common.loads", "has no interface of this director"},
    {"gate-exports-two-symbols", "common.one-symbol", "symbols: _ZN"},
    {"gate-schema-is-not-json", "common.loads", "schema that is not JSON"},
    {"gate-garbage-sizes", "common.struct-sizes", "struct_size of 4294967295"},
    {"gate-lacks-a-function", "common.struct-sizes", "function 1 of 'director.gate/1' is NULL"},
    {"gate-takes-any-major", "common.wrong-major", "host of major 2"},
    {"gate-has-no-summary", "common.descriptor", "summary is empty"},
    {"gate-lies-about-its-kind", "common.kinds", "one table for two kinds"},
    {"gate-knows-every-id", "common.unknown-ids", "get_interface(\"director.gate\") is not NULL"},
    {"gate-schema-of-unknown-types", "common.schema", "the type \"colour\" is not known"},
    {"gate-schema-takes-anything", "common.schema-is-closed", "additionalProperties"},
};

const Fault kCommon[] = {
    {"gate-crashes-in-create", "common.creates", "crashed (signal 11) in create"},
    {"gate-hangs-in-create", "common.creates", "did not come back within 20 s in create"},
    {"gate-throws-in-create", "common.creates", "let an exception out of create"},
    {"gate-crashes-in-destroy", "common.creates", "crashed (signal 11) in destroy"},
    {"gate-crashes-in-call", "common.answers", "crashed (signal 11) in check"},
    {"gate-hangs-in-call", "common.answers", "did not come back within 20 s in check"},
    {"gate-hangs-in-callback", "gate.passes-good", "did not come back within 20 s in check"},
    {"gate-exits-in-call", "common.answers", "ended the program with status 0 in check"},
    {"gate-leaks-descriptors", "common.descriptor-leak", "left 100 file descriptors open"},
    {"gate-leaks-threads", "common.thread-leak", "left 100 threads running"},
    {"gate-leaks-memory", "common.memory-leak", "bytes of memory"},
    {"gate-keeps-borrowed", "common.borrows", "crashed (signal 11) in check"},
    {"gate-needs-every-service", "common.least-host", "crashed (signal 11) in check"},
    {"gate-throws-an-int", "common.fenced", "let an exception out of check"},
    {"gate-throws-at-odd-config", "common.fenced",
     "exception out of create, for the configuration '[]'"},
    {"gate-throws-in-destroy", "common.fenced", "let an exception out of destroy"},
    {"gate-does-not-say-why", "common.says-why", "(status 7) and did not say why"},
    {"gate-gives-an-unknown-status", "common.says-why", "status 99"},
    {"gate-overruns-the-error-text", "common.says-why", "1073741824 bytes into a buffer"},
    {"gate-has-one-state-for-all", "common.parallel", "in use"},
    {"gate-changes-environment", "common.environment", "NONCONFORMING"},
    {"gate-changes-directory", "common.directory", "to /"},
    {"gate-changes-umask", "common.umask", "to 0"},
    {"gate-changes-signals", "common.signals", "a signal's handler"},
    {"gate-changes-limits", "common.limits", "setrlimit"},
    {"gate-writes-to-stdout", "common.silent", "'hello"},
    {"gate-starts-a-process", "common.no-processes", "started a process by itself"},
};

const Fault kGates[] = {
    {"gate-passes-on-error", "gate.error-is-not-pass", "after a command that was ended"},
    {"gate-passes-whatever-comes", "gate.fails-bad", "what should fail: pass"},
    {"gate-fails-whatever-comes", "gate.passes-good", "what should pass: fail"},
    {"gate-judges-nodes-only", "gate.integration", "what should pass: error"},
    {"gate-tosses-a-coin", "gate.repeatable", "gave outcome 1 and then 2"},
    {"gate-writes-in-the-checkout", "gate.leaves-workdir", "'verdict' was made"},
    {"gate-gives-two-verdicts", "gate.one-verdict", "gave 2 verdicts"},
    {"gate-sends-bytes-that-are-no-text", "gate.sound-text", "not UTF-8"},
    {"gate-floods-the-detail", "gate.big-output", "bytes; keep"},
    {"gate-puts-names-into-a-shell", "gate.odd-requests", "$(touch kit-shell)"},
    {"gate-ignores-cancel", "gate.cancel", "3 times of 3"},
};

const Fault kSinks[] = {
    {"sink-refuses-costs", "sink.takes-records", "a record of kind 'cost' is refused"},
    {"sink-refuses-unknown-kinds", "sink.ignores-unknown", "of an unknown kind is refused"},
    {"sink-refuses-unknown-fields", "sink.odd-records", "kit-new-field"},
    {"sink-keeps-what-comes-again", "sink.offered-again", "is kept 3 times"},
    {"sink-begins-anew", "sink.continues", "lost what the first had kept"},
    {"sink-hides-a-full-disk", "sink.full-disk", "say that all is well"},
    {"sink-breaks-on-a-full-disk", "sink.full-disk", "once there is room again"},
    {"sink-loses-records-under-way", "sink.concurrent", "records from 8 workers"},
    {"sink-keeps-records-in-memory", "sink.durable", "is gone when the process is killed"},
};

const Fault kRunners[] = {
    {"runner-finishes-without-an-answer", "runner.finishes", "without the final answer"},
    {"runner-takes-all-failures-for-one", "runner.errors-classified",
     "should be auth: error transport"},
    {"runner-forgets-the-deadline", "runner.host-endings", "deadline is the failure"},
    {"runner-finishes-without-its-tool", "runner.missing-tool", "it gave error refused"},
    {"runner-sends-no-ending", "runner.one-ending", "sent 0 terminal events"},
    {"runner-sends-two-endings", "runner.one-ending", "sent 2 terminal events"},
    {"runner-goes-on-after-the-ending", "runner.one-ending", "after the terminal one"},
    {"runner-sends-an-unknown-event", "runner.one-ending", "kind 77"},
    {"runner-stumbles-over-garbage", "runner.odd-lines", "keeps a call from finishing"},
    {"runner-passes-bytes-on", "runner.odd-lines", "bytes that are not UTF-8"},
    {"runner-throws-at-half-a-line", "runner.split-lines", "exception out of run"},
    {"runner-tells-usage-twice", "runner.usage-adds-up",
     "costs 1030 input tokens, its usage events add up to 2060"},
    {"runner-tells-negative-usage", "runner.usage-is-sane", "negative count"},
    {"runner-trims-the-message", "runner.prompt-intact", "does not arrive unchanged"},
    {"runner-cuts-the-message", "runner.prompt-size", "does not arrive unchanged"},
    {"runner-puts-the-message-into-a-shell", "runner.prompt-not-in-argv",
     "the message is in the arguments"},
    {"runner-puts-the-prompt-into-arguments", "runner.prompt-not-in-argv",
     "the system prompt is in the arguments"},
    {"runner-puts-the-key-into-arguments", "runner.secrets-not-in-argv",
     "a secret is in the arguments of 'true'"},
    {"runner-works-elsewhere", "runner.works-in-workdir", "works in '/'"},
    {"runner-writes-in-the-workdir", "runner.works-in-workdir", "'notes' was made"},
    {"runner-waits-for-ever", "runner.stall", "stall_ms"},
    {"runner-probes-in-prose", "runner.probe", "kit-tool, version 1"},
    {"runner-ignores-cancel", "runner.cancel", "3 times of 3"},
};

const Fault kReviewers[] = {
    {"reviewer-always-blocks", "reviewer.passes-good", "it blocks"},
    {"reviewer-never-blocks", "reviewer.blocks-bad", "it passes"},
    {"reviewer-counts-its-calls", "reviewer.repeatable", "gave another review"},
    {"reviewer-refuses-an-empty-diff", "reviewer.empty-diff", "there is no diff"},
    {"reviewer-refuses-a-large-diff", "reviewer.large-diff", "the diff is too large"},
    {"reviewer-throws-at-bytes", "reviewer.odd-diff", "let an exception out of review"},
    {"reviewer-takes-garbage-for-a-pass", "reviewer.garbage-is-no-pass", "is taken for a pass"},
    {"reviewer-passes-without-an-answer", "reviewer.agent-failure", "without an agent's answer"},
    {"reviewer-sums-up-first", "reviewer.well-formed", "a finding after its summary"},
    {"reviewer-sends-bytes-that-are-no-text", "reviewer.well-formed", "not UTF-8"},
    {"reviewer-reads-the-first-verdict-it-finds", "reviewer.injection", "quotes the diff"},
    {"reviewer-ends-the-diff-by-a-fixed-line", "reviewer.injection", "can stand in a diff"},
    {"reviewer-writes-in-the-checkout", "reviewer.leaves-workdir", "'review' was made"},
    {"reviewer-ignores-cancel", "reviewer.cancel", "3 times of 3"},
};

const Fault kLaunchers[] = {
    {"launcher-prepares-nothing", "launcher.program", "without a program"},
    {"launcher-counts-its-calls", "launcher.repeatable", "another way each time"},
    {"launcher-puts-the-environment-into-arguments", "launcher.secrets", "is in the arguments"},
    {"launcher-joins-arguments", "launcher.arguments", "arguments arrive changed"},
    {"launcher-drops-arguments", "launcher.many-arguments", "of 2000 arguments"},
    {"launcher-swallows-the-exit-status", "launcher.exit-status", "exits with 1 comes back with 0"},
    {"launcher-shuts-standard-input", "launcher.streams", "standard input does not reach"},
    {"launcher-clears-the-environment", "launcher.environment", "environment arrives changed"},
    {"launcher-goes-to-the-root", "launcher.folder", "does not run in its folder"},
};

const Fault kVcs[] = {
    {"vcs-forgets-modes", "vcs.exact", "is not executable"},
    {"vcs-leaves-a-slot-as-it-is", "vcs.slots-idempotent", "does not put a changed slot right"},
    {"vcs-shares-slots", "vcs.slots-private", "what changed in a slot"},
    {"vcs-mixes-slots-up", "vcs.parallel", "a worker's changes"},
    {"vcs-misses-deletions", "vcs.changes", "a snapshot's changes"},
    {"vcs-skips-odd-names", "vcs.odd-names", "not listed as they are named"},
    {"vcs-converts-line-ends", "vcs.byte-for-byte", "not byte for byte"},
    {"vcs-forgets-where-files-were", "vcs.renames", "a deletion and an addition"},
    {"vcs-hides-what-no-tree-holds", "vcs.other-entries", "that no tree can hold"},
    {"vcs-believes-the-agents-rules", "vcs.ignore", "what the call and the base tree say"},
    {"vcs-keeps-nothing", "vcs.keep", "does not survive"},
    {"vcs-fails-in-general-at-the-unknown", "vcs.unknown-revisions", "an unknown branch fails as"},
    {"vcs-swaps-blindly", "vcs.compare-and-swap", "moving a ref that does not exist works"},
    {"vcs-swaps-after-a-look", "vcs.swap-is-one", "were told that they did"},
    {"vcs-writes-any-ref", "vcs.own-refs-only", "writing the ref 'refs/heads/main' works"},
    {"vcs-tells-history-from-the-root", "vcs.history", "newest first"},
    {"vcs-merges-to-one-side", "vcs.merge", "takes both sides"},
    {"vcs-fails-at-conflicts", "vcs.conflicts", "a conflict is an error"},
    {"vcs-sees-no-uncommitted-work", "vcs.user-checkout", "is not seen"},
    {"vcs-follows-links", "vcs.writes-nothing-outside", "follows a link out of its slot"},
};

const Fault kPrograms[] = {
    {"program-greets-in-prose", "common.loads", "said no hello"},
    {"program-hangs-before-hello", "common.loads", "said no hello in time"},
    {"program-ends-before-hello", "common.loads", "ended without a hello"},
    {"program-speaks-another-protocol", "common.loads", "speaks version 2 of the exec protocol"},
    {"program-is-of-no-kind-that-there-is", "common.loads", "kind"},
    {"program-has-no-summary", "common.descriptor", "summary is empty"},
    {"program-schema-takes-anything", "common.schema-is-closed", "additionalProperties"},
    {"program-prints-garbage", "common.answers", "wrote a line that is no message"},
    {"program-hangs-in-call", "common.answers", "did not come back within 20 s in check"},
    {"program-ends-early", "common.answers", "ended without an answer"},
    {"program-crashes", "common.answers", "crashed (signal 11)"},
    {"program-answers-as-a-reviewer", "common.answers",
     "said 'review', which is not for a gate to say"},
    {"program-gives-two-verdicts", "common.answers", "said 'verdict' after its answer"},
    {"program-fails-after-its-answer", "common.answers",
     "ended with status 3, so its answer does not count"},
    {"program-ignores-the-magic", "exec.by-hand", "it speaks the protocol"},
    {"program-says-nothing-to-a-person", "exec.by-hand", "does not say on standard error"},
    {"program-takes-a-person-for-nobody", "exec.by-hand", "a status that is not 0"},
    {"program-passes-on-error", "gate.error-is-not-pass", "after a command that was ended"},
    {"program-passes-whatever-comes", "gate.fails-bad", "what should fail: pass"},
    {"program-writes-in-the-checkout", "gate.leaves-workdir", "'verdict.txt' was made"},
};

std::string name_of(const ::testing::TestParamInfo<Fault>& info) {
  std::string name = info.param.plugin;
  for (char& c : name) {
    c = c == '-' ? '_' : c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Loading, Nonconforming, ::testing::ValuesIn(kLoading), name_of);
INSTANTIATE_TEST_SUITE_P(Common, Nonconforming, ::testing::ValuesIn(kCommon), name_of);
INSTANTIATE_TEST_SUITE_P(Sinks, Nonconforming, ::testing::ValuesIn(kSinks), name_of);
INSTANTIATE_TEST_SUITE_P(Runners, Nonconforming, ::testing::ValuesIn(kRunners), name_of);
INSTANTIATE_TEST_SUITE_P(Reviewers, Nonconforming, ::testing::ValuesIn(kReviewers), name_of);
INSTANTIATE_TEST_SUITE_P(Launchers, Nonconforming, ::testing::ValuesIn(kLaunchers), name_of);
INSTANTIATE_TEST_SUITE_P(Vcs, Nonconforming, ::testing::ValuesIn(kVcs), name_of);
INSTANTIATE_TEST_SUITE_P(Programs, Nonconforming, ::testing::ValuesIn(kPrograms), name_of);
INSTANTIATE_TEST_SUITE_P(Gates, Nonconforming, ::testing::ValuesIn(kGates), name_of);

TEST(NonconformingPlugins, EachIsExamined) {
  std::set<std::string> examined;
  const auto& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const auto& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      if (const char* value = suite.GetTestInfo(j)->value_param()) {
        examined.insert(value);
      }
    }
  }
  std::size_t found = 0;
  for (const auto& entry : fs::directory_iterator(DIRECTOR_NONCONFORMING)) {
    const fs::path& file = entry.path();
    if (file.extension() == ".so" || file.extension() == ".plugin") {
      const std::string name = file.stem().string();
      EXPECT_TRUE(name.ends_with("-none") || examined.contains(name)) << name;
      ++found;
    }
  }
  EXPECT_GT(found, 25U);
}

TEST(KitRules, EachHasItsPlaceInTheGuide) {
  const std::string guide = read_file(DIRECTOR_GUIDE);
  for (const Check& check :
       checks_for({Kind::Runner, Kind::Vcs, Kind::Gate, Kind::Reviewer, Kind::Sink, Kind::Launcher},
                  plugin::Form::Executable)) {
    EXPECT_THAT(guide, HasSubstr("<a id=\"" + std::string(check.rule) + "\"></a>"));
    EXPECT_EQ(find_check(check.rule)->what, check.what);
  }
}

// What a program cannot break is told as that, with the reason, and never as passed.
TEST_F(KitTest, WhatDoesNotApplyToAProgramIsNotPassed) {
  const fs::path program = fs::path(DIRECTOR_NONCONFORMING) / "program-none.plugin";
  const Result<Report> report =
      examine(program, "gate.toml", {"common.one-symbol", "common.memory-leak", "gate.cancel"});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->passed(true));
  int spared = 0;
  for (const Finding& finding : report->findings) {
    const bool can_break = not_for_programs(finding.rule).empty();
    EXPECT_EQ(finding.outcome.verdict, can_break ? Verdict::Passed : Verdict::NotApplicable)
        << finding.rule << ": " << finding.outcome.why;
    EXPECT_FALSE(!can_break && finding.outcome.why.empty());
    spared += can_break ? 0 : 1;
  }
  EXPECT_EQ(spared, 5) << "the three; common.struct-sizes and common.kinds, which come first";
  EXPECT_THAT(to_text(*report, true, false), HasSubstr("3 passed, 0 failed, 0 not checked, 5 not"));
  EXPECT_THAT(to_json(*report, true), HasSubstr("\"not_applicable\""));
}

TEST_F(KitTest, WhatIsNoPluginAtAllIsNamed) {
  const Result<Report> none = examine("/nonexistent.so", "gate.toml", {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message(), HasSubstr("no such file"));
}

}  // namespace
}  // namespace director::kit
