// Every other plugin of tests/plugins/nonconforming in a job: runners, reviewers, sinks and what of
// gates and programs needs a job of its own.
#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/e2e/bad_plugin.hpp"

namespace director::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A rule in which the reviewer's agent says this.
std::string reviewer_says(const std::string& text) {
  return R"({"role": "reviewer", "steps": [{"text": ")" + text + R"("}]},)";
}
/// A rule in which the executor of node one runs this.
std::string executor_runs(const std::string& command) {
  return R"({"role": "executor", "contains": "Node one", "steps": [{"run": ")" + command +
         R"(", "exits": 0}, {"text": "DONE"}]},)";
}

constexpr const char* kReviewAll = "[review]\nstage_two_file_threshold = 0\n";
/// What only the tests of node one that pass take long over.
constexpr const char* kSlowTests =
    R"({"role": "test-author", "contains": "Node one", "steps": [{"write": {"tests/one.sh": "grep -q right one.txt || exit 1\nexec sleep 600\n"}}, {"text": "DONE"}]},)";
const std::vector<std::string> kOneSecond{"--set", "limits.node_timeout_secs=1"};
/// A check that is well has to be done by then, and a program gets a quarter for its answer.
const std::vector<std::string> kSomeSeconds{"--set", "limits.node_timeout_secs=8"};

/// An agent tool for the runners: it does what it is asked for.
const std::string kWorks = R"SH(prompt=$(cat)
case $PWD in /) echo end; exit ;; esac
case $prompt in *'Node one'*) node=one ;; *) node=two ;; esac
echo right >$node.txt
)SH";
const std::string kDone = "echo say DONE\necho end\n";

Bad reviewer(const std::string& fault, const std::string& said, const std::string& rules) {
  return {kOurs, "reviewer-" + fault, said, rules, kReviewAll};
}
Bad runner(const std::string& fault, const std::string& said, const std::string& more = "",
           const std::vector<std::string>& args = {}) {
  return {kOurs, "runner-" + fault, said, "", "", args, kWorks + more + kDone};
}

const auto kReviewersThatAreFound = {
    reviewer("always-blocks", "review", reviewer_says("PASS")),
    reviewer("sums-up-first", "'reviewer-sums-up-first' sent a finding after its summary",
             reviewer_says("BLOCK it is wrong")),
    reviewer("passes-without-an-answer",
             "'reviewer-passes-without-an-answer' says pass without an agent's answer", ""),
    reviewer("throws-at-bytes", "'reviewer-throws-at-bytes' threw an exception",
             executor_runs("printf 'right\\\\n\\\\377\\\\n' >one.txt") + reviewer_says("PASS")),
    reviewer("refuses-a-large-diff", "'reviewer-refuses-a-large-diff': the diff is too large",
             executor_runs("yes right | head -n 200000 >one.txt") + reviewer_says("PASS"))};

const auto kReviewersThatAreBorne = {
    reviewer("never-blocks", "", reviewer_says("PASS")),
    reviewer("counts-its-calls", "", reviewer_says("PASS")),
    reviewer("refuses-an-empty-diff", "", reviewer_says("PASS")),
    reviewer("takes-garbage-for-a-pass", "", reviewer_says("well")),
    reviewer("sends-bytes-that-are-no-text", "", reviewer_says("PASS")),
    reviewer("reads-the-first-verdict-it-finds", "", reviewer_says("PASS")),
    reviewer("ends-the-diff-by-a-fixed-line", "", reviewer_says("PASS")),
    reviewer("writes-in-the-checkout", "", reviewer_says("PASS"))};

const auto kRunnersThatAreFound = {
    runner("takes-all-failures-for-one", "'runner-takes-all-failures-for-one': it failed",
           "echo fail auth\n"),
    runner("forgets-the-deadline", "'runner-forgets-the-deadline': it failed", "sleep 600\n",
           kSomeSeconds),
    runner("stumbles-over-garbage", "'runner-stumbles-over-garbage': it failed",
           "echo 'what is this?'\n"),
    runner("throws-at-half-a-line", "'runner-throws-at-half-a-line' threw an exception",
           "echo e\n"),
    runner("tells-negative-usage",
           "'runner-tells-negative-usage' sent a usage event with a negative",
           "echo usage :-5 :1\n"),
    runner("puts-the-message-into-a-shell", "'runner-puts-the-message-into-a-shell': it failed"),
    // The agent's work is the runner's: its node fails.
    runner("works-elsewhere", "No file was changed, so there is nothing to test"),
    runner("writes-in-the-workdir", "notes")};

const auto kRunnersThatAreBorne = {runner("finishes-without-an-answer", ""),
                                   runner("finishes-without-its-tool", ""),
                                   runner("passes-bytes-on", "", "printf '\\377\\n'\n"),
                                   runner("tells-usage-twice", "", "echo usage :5 :1\n"),
                                   runner("trims-the-message", ""),
                                   runner("cuts-the-message", ""),
                                   runner("puts-the-prompt-into-arguments", ""),
                                   runner("puts-the-key-into-arguments", ""),
                                   runner("waits-for-ever", ""),
                                   runner("probes-in-prose", "")};

const auto kOthersThatAreFound = {
    Bad{kOurs, "gate-passes-on-error", "'gate-passes-on-error' says pass after its deadline",
        kSlowTests, "", kOneSecond},
    Bad{kOurs, "gate-passes-whatever-comes", "its tests pass before any work"},
    Bad{kOurs, "program-passes-on-error", "'program-passes-on-error' says pass although",
        kSlowTests, "", kSomeSeconds},
    Bad{kOurs, "program-passes-whatever-comes", "its tests pass before any work"},
    Bad{kOurs, "program-hangs-in-call", "'program-hangs-in-call' gave no answer in time", "", "",
        kOneSecond}};

const auto kOthersThatAreBorne = {Bad{kOurs, "gate-ignores-cancel", ""},
                                  Bad{kOurs, "program-has-no-summary", ""},
                                  Bad{kOurs, "program-schema-takes-anything", ""},
                                  Bad{kOurs, "program-says-nothing-to-a-person", ""},
                                  Bad{kOurs, "launcher-puts-the-environment-into-arguments", ""},
                                  Bad{kOurs, "launcher-joins-arguments", ""},
                                  Bad{kOurs, "launcher-shuts-standard-input", ""},
                                  Bad{kOurs, "launcher-clears-the-environment", ""},
                                  Bad{kOurs, "sink-refuses-unknown-kinds", ""},
                                  Bad{kOurs, "sink-refuses-unknown-fields", ""},
                                  Bad{kOurs, "sink-keeps-what-comes-again", ""},
                                  Bad{kOurs, "sink-begins-anew", ""},
                                  Bad{kOurs, "sink-hides-a-full-disk", ""},
                                  Bad{kOurs, "sink-breaks-on-a-full-disk", ""},
                                  Bad{kOurs, "sink-loses-records-under-way", ""},
                                  Bad{kOurs, "sink-keeps-records-in-memory", ""}};

INSTANTIATE_TEST_SUITE_P(Reviewers, BadPlugin, ::testing::ValuesIn(kReviewersThatAreFound),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Runners, BadPlugin, ::testing::ValuesIn(kRunnersThatAreFound), name_of);
INSTANTIATE_TEST_SUITE_P(Others, BadPlugin, ::testing::ValuesIn(kOthersThatAreFound), name_of);
INSTANTIATE_TEST_SUITE_P(Reviewers, CarelessPlugin, ::testing::ValuesIn(kReviewersThatAreBorne),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Runners, CarelessPlugin, ::testing::ValuesIn(kRunnersThatAreBorne),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Others, CarelessPlugin, ::testing::ValuesIn(kOthersThatAreBorne), name_of);

// All that landed was tested; the job is not done for all that.
TEST_F(BadPlugin, ThatCannotJudgeTheJobIsNamedAndTheJobIsNotDone) {
  ScriptedJob job;
  const Ran ran = run_with(job, {kOurs, "gate-judges-nodes-only", ""});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out + ran.err, HasSubstr("plugin 'gate-judges-nodes-only': "));
  expect_all_landed(job);
}

TEST_F(BadPlugin, ThatHangsWhileItIsMadeIsNamed) {
  ScriptedJob job;
  const Ran ran = run_with(job, {kOurs, "gate-hangs-in-create", ""});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("plugin 'gate-hangs-in-create'"));
  EXPECT_THAT(landed(job), Not(HasSubstr("one.txt")));
}

// Its command or question is over with the first interrupt, the plugin with the next.
TEST_F(BadPlugin, ThatIgnoresCancelEndsWithASecondInterrupt) {
  const std::string called = "grep -q '\"call_reserved\".*\"role\":\"ROLE\"' JOURNAL";
  for (const auto& [bad, role] :
       {std::pair(reviewer("ignores-cancel", "",
                           R"({"role": "reviewer", "steps": [{"sleep_ms": 600000}]},)"),
                  "reviewer"),
        std::pair(runner("ignores-cancel", "", "sleep 600\n"), "executor")}) {
    ScriptedJob job;
    plan_for(job, bad);
    const std::string condition =
        filled(filled(called, "ROLE", role), "JOURNAL", (job.state() / "journal.jsonl").string());
    const Ran ran = interrupt(job, "INT", condition);
    EXPECT_EQ(ran.exit_code, 130) << bad.file << ran.out << ran.err;
    EXPECT_THAT(landed(job), Not(HasSubstr("two.txt")));
    write_file(job.state() / "config.toml", job.config("any"));
    EXPECT_EQ(job.director({"run"}).exit_code, 0) << "the same command goes on";
    expect_all_landed(job);
  }
}

// With a sanitizer not all are.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Those whose tests are not parameterised.
const std::set<std::string> kAlone{"gate-crashes-in-destroy",     "gate-hangs-in-call",
                                   "gate-hangs-in-callback",      "gate-hangs-in-create",
                                   "gate-writes-in-the-checkout", "program-writes-in-the-checkout",
                                   "gate-judges-nodes-only",      "sink-refuses-costs",
                                   "reviewer-ignores-cancel",     "runner-ignores-cancel"};

TEST(BadPlugins, EachIsRunInAJob) {
  std::set<std::string> run = kAlone;
  const auto& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const auto& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      if (const char* value = suite.GetTestInfo(j)->value_param()) {
        run.insert(value);
      }
    }
  }
  for (const auto& entry : fs::directory_iterator(kOurs)) {
    const std::string name = entry.path().stem().string();
    const fs::path end = entry.path().extension();
    EXPECT_TRUE((end != ".so" && end != ".plugin") || name.ends_with("-none") || run.contains(name))
        << name;
  }
}
#endif

}  // namespace
}  // namespace director::e2e
