#include "core/engine/bench.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "core/base/json.hpp"
#include "core/plan/plan_json.hpp"
#include "tests/unit/matchers.hpp"

namespace director::engine {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr double kTiny = 1e-9;

BenchRow measured_row(const std::string& profile, double cost) {
  BenchRow row;
  row.profile = profile;
  row.outcome = "done";
  row.nodes = row.done = row.by_executor = 2;
  row.integration_ok = true;
  row.cost_usd = cost;
  return row;
}

plan::Plan small_plan() {
  plan::Plan plan;
  plan.job_id = JobId("20260101-000000");
  plan.task = "Do it";
  plan.job_branch = "director/job-20260101-000000";
  for (const char* id : {"one", "two"}) {
    plan::Node node;
    node.id = NodeId(id);
    node.files = {std::string(id) + ".txt"};
    node.test_cmd = "true";
    plan.nodes.push_back(node);
  }
  return plan;
}

/// A journal in the making: applies what it is told, and keeps time.
class Story {
 public:
  Story() {
    run::JobCreated created;
    created.job = JobId("20260101-000000");
    tell(0, run::PlanEvent(created));
    tell(0, run::PlanEvent(run::PlanFrozen{plan::to_json(fork_plan(small_plan(), "cheap"))}));
  }

  void tell(std::int64_t at_ms, const run::Event& event) {
    const Entry entry{{++sequence_, at_ms}, event};
    ASSERT_THAT(apply(job, entry), IsOk());
    time.note(entry);
  }
  void runs(std::int64_t at_ms, const run::RunEvent& event) { tell(at_ms, run::Event(event)); }

  JobState job;
  WorkTime time;

 private:
  std::uint64_t sequence_ = 0;
};

TEST(Bench, SurvivesItsFile) {
  const Bench bench{"Do \"it\"\nwell", "p",      {"a", "b"}, JobId("j"),
                    "director/job-j",  Oid("c"), true};
  const Result<Bench> read = parse_bench(to_json(bench));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->task, bench.task);
  EXPECT_EQ(read->plan_profile, bench.plan_profile);
  EXPECT_EQ(read->profiles, bench.profiles);
  EXPECT_EQ(read->job, bench.job);
  EXPECT_EQ(read->branch, bench.branch);
  EXPECT_EQ(read->commit, bench.commit);
  EXPECT_TRUE(read->ended);
}

TEST(Bench, AFileOfAnotherShapeIsRefused) {
  EXPECT_THAT(parse_bench("{}"), FailsWith(Errc::Invalid, "task"));
  EXPECT_THAT(parse_bench("[]"), FailsWith(Errc::Invalid, "object"));
  EXPECT_THAT(parse_bench("{"), FailsWith(Errc::Invalid, ""));
}

TEST(Bench, TheSameTaskIsTheSameBench) {
  const Bench wanted{"task", "p", {"a", "b"}, {}, "", {}, false};
  Bench open = wanted;
  EXPECT_THAT(how_to_start(std::nullopt, wanted, false), Optional(BenchStart::Anew));
  for (const bool ended : {false, true}) {
    open.ended = ended;
    EXPECT_EQ(how_to_start(open, wanted, false).value(), BenchStart::GoOn);
    EXPECT_EQ(how_to_start(open, wanted, true).value(), BenchStart::Anew) << "--new";
  }
  open.profiles = {"a"};
  EXPECT_EQ(how_to_start(open, wanted, false).value(), BenchStart::GoOn) << "one profile more";
}

TEST(Bench, AnotherOneWaitsUntilTheFirstHasEnded) {
  const Bench wanted{"task", "p", {"a"}, {}, "", {}, false};
  Bench open = wanted;
  open.task = "something else";
  EXPECT_THAT(how_to_start(open, wanted, false), FailsWith(Errc::Conflict, "'something else'"));
  EXPECT_THAT(how_to_start(open, wanted, false), FailsWith(Errc::Conflict, "--new"));
  EXPECT_EQ(how_to_start(open, wanted, true).value(), BenchStart::Anew);
  open.ended = true;
  EXPECT_EQ(how_to_start(open, wanted, false).value(), BenchStart::Anew);
  open = wanted;
  open.plan_profile = "q";
  EXPECT_THAT(how_to_start(open, wanted, false), FailsWith(Errc::Conflict, "under profile 'q'"));
}

TEST(Bench, EachProfileHasItsOwnJobAndBranch) {
  const plan::Plan a = fork_plan(small_plan(), "a");
  const plan::Plan b = fork_plan(small_plan(), "b");
  EXPECT_EQ(a.job_branch, "director/bench-a-20260101-000000");
  EXPECT_EQ(a.job_id.value, "20260101-000000-a");
  EXPECT_NE(a.job_id, b.job_id);
  EXPECT_EQ(a.nodes.size(), small_plan().nodes.size());
}

TEST(WorkTime, LeavesOutThePausesBetweenRuns) {
  Story story;
  story.runs(1000, run::RunStarted{});
  story.runs(3000, run::RunFinished{"interrupted"});
  EXPECT_DOUBLE_EQ(story.time.seconds(), 2.0);
  story.runs(100000, run::RunStarted{});
  story.runs(104000, run::RunFinished{"interrupted"});
  EXPECT_DOUBLE_EQ(story.time.seconds(), 6.0);
}

TEST(WorkTime, AKilledRunLastedUntilItsLastWord) {
  Story story;
  story.runs(1000, run::RunStarted{});
  story.runs(4000, run::AttemptStarted{NodeId("one"), 1, run::TierKind::Executor, "m", Oid("b")});
  // The next director finds what landed, then runs.
  story.runs(50000, run::Landed{NodeId("one"), Oid("c"), true});
  story.runs(60000, run::RunStarted{});
  story.runs(61000, run::InterruptSeen{});
  EXPECT_DOUBLE_EQ(story.time.seconds(), 4.0);
}

TEST(WorkTime, AClockThatGoesBackTakesNothingAway) {
  Story story;
  story.runs(5000, run::RunStarted{});
  story.runs(1000, run::RunFinished{"interrupted"});
  EXPECT_DOUBLE_EQ(story.time.seconds(), 0.0);
}

TEST(BenchRow, TellsWhatTheRunDid) {
  Story story;
  story.runs(0, run::RunStarted{});
  story.tell(0, run::MoneyEvent(run::CallReserved{"c1", "executor", "m", NodeId("one"), 0}));
  run::CallEnded ended;
  ended.call = "c1";
  ended.role = "executor";
  ended.used.usd = 0.25;
  story.tell(0, run::MoneyEvent(ended));
  const BenchRow row = make_row("cheap", story.job, 7);
  EXPECT_EQ(row.profile, "cheap");
  EXPECT_EQ(row.branch, "director/bench-cheap-20260101-000000");
  EXPECT_EQ(row.nodes, 2U);
  EXPECT_EQ(row.done, 0U);
  EXPECT_DOUBLE_EQ(row.cost_usd, 0.25);
  EXPECT_EQ(row.calls, 1);
  EXPECT_DOUBLE_EQ(row.wall_secs, 7);
  EXPECT_FALSE(is_measured(row)) << "the run is not over";
}

TEST(BenchRow, ANodeThatErredIsAnErrorOfTheRow) {
  Story story;
  story.runs(0, run::RunStarted{});
  story.runs(0, run::WorkFailed{NodeId("one"), "the disk is full"});
  story.job.run->outcome = "incomplete";
  const BenchRow row = make_row("cheap", story.job, 0);
  EXPECT_EQ(row.error, "node 'one': the disk is full");
  EXPECT_FALSE(is_measured(row));
}

TEST(BenchRow, OutcomesThatAreMeasured) {
  struct Case {
    const char* outcome;
    bool measured;
  };
  for (const Case& one : {Case{"done", true}, Case{"incomplete", true}, Case{"ceiling", false},
                          Case{"interrupted", false}, Case{"error", false}, Case{"", false}}) {
    Story story;
    story.job.run->outcome = one.outcome;
    EXPECT_EQ(is_measured(make_row("p", story.job, 0)), one.measured) << one.outcome;
  }
}

TEST(Saving, IsTheShareOfTheBaselinesCost) {
  BenchSummary summary;
  summary.rows = {measured_row("cheap", 0.1), measured_row("all-frontier", 1.0),
                  measured_row("dear", 3.0), measured_row("free", 0)};
  EXPECT_THAT(saving(summary, summary.rows[0]), Optional(DoubleNear(0.9, kTiny)));
  EXPECT_EQ(saving(summary, summary.rows[1]), std::nullopt) << "the baseline itself";
  EXPECT_THAT(saving(summary, summary.rows[2]), Optional(DoubleNear(-2.0, kTiny)));
  EXPECT_THAT(saving(summary, summary.rows[3]), Optional(DoubleNear(1.0, kTiny)));
}

TEST(Saving, NeedsTwoMeasuredRows) {
  BenchSummary summary;
  summary.rows = {measured_row("cheap", 0.1)};
  EXPECT_EQ(saving(summary, summary.rows[0]), std::nullopt) << "no baseline";
  summary.rows.push_back(measured_row("all-frontier", 0));
  EXPECT_EQ(saving(summary, summary.rows[0]), std::nullopt) << "a baseline that cost nothing";
  summary.rows[1].cost_usd = 1;
  summary.rows[1].error = "its endpoint was down";
  EXPECT_EQ(saving(summary, summary.rows[0]), std::nullopt) << "a baseline with an error";
  summary.rows[1].error.clear();
  summary.rows[0].outcome = "ceiling";
  EXPECT_EQ(saving(summary, summary.rows[0]), std::nullopt) << "a row that is not measured";
}

TEST(BenchSummary, IsJsonThatScriptsCanRead) {
  BenchSummary summary;
  summary.bench = {"task", "all-frontier", {"all-frontier", "cheap"}, JobId("j"), "b", Oid("c"),
                   true};
  summary.nodes = 2;
  summary.planning_usd = 0.5;
  summary.rows = {measured_row("all-frontier", 1.0), measured_row("cheap", 0.25)};
  summary.rows[1].by_executor = 1;
  summary.rows[1].integration_ok.reset();
  const Result<Json> json = parse_json(summary_json(summary));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->get_string("job_id").value(), "j");
  EXPECT_DOUBLE_EQ(json->get_number("planning_cost_usd").value(), 0.5);
  const std::vector<Json> rows = json->get_array("profiles").value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[0].find("saving")->is_null());
  EXPECT_DOUBLE_EQ(rows[1].get_number("saving").value(), 0.75);
  EXPECT_FALSE(rows[1].get_bool("on_target").value());
  EXPECT_DOUBLE_EQ(rows[1].get_number("executor_tier_pct").value(), 50);
  EXPECT_DOUBLE_EQ(rows[1].get_number("run_cost_usd").value(), 0.25);
  EXPECT_TRUE(rows[1].find("integration_ok")->is_null());
}

TEST(ProfileMetrics, HasALineForEachNodeAndOneForTheRun) {
  Story story;
  story.runs(0, run::RunStarted{});
  story.runs(0, run::Landed{NodeId("one"), Oid("c"), true});
  config::Settings settings;
  EXPECT_THAT(profile_metrics(story.job, settings), HasSubstr("\"node\":\"one\""));
  EXPECT_EQ(profile_metrics(story.job, settings).find("\"kind\":\"run\""), std::string::npos);
  story.job.run->outcome = "incomplete";
  const std::string lines = profile_metrics(story.job, settings);
  EXPECT_THAT(lines, HasSubstr("\"kind\":\"run\""));
  EXPECT_EQ(lines.find("\"node\":\"two\""), std::string::npos) << "it has not come to an end";
  EXPECT_EQ(lines.back(), '\n');
}

}  // namespace
}  // namespace director::engine
