#include "cli/bench_report.hpp"

#include <gmock/gmock.h>

namespace director::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

engine::BenchRow row(const std::string& profile, double cost) {
  engine::BenchRow row;
  row.profile = profile;
  row.outcome = "done";
  row.nodes = row.done = row.by_executor = 4;
  row.integration_ok = true;
  row.cost_usd = cost;
  row.wall_secs = 75;
  return row;
}

engine::BenchSummary summary(std::vector<engine::BenchRow> rows) {
  engine::BenchSummary summary;
  summary.bench.task = "Write two files\nwith care";
  summary.bench.job = JobId("20260101-000000");
  summary.bench.plan_profile = "all-frontier";
  summary.bench.commit = Oid("0123456789abcdef");
  summary.nodes = 4;
  summary.planning_usd = 0.5;
  summary.rows = std::move(rows);
  return summary;
}

TEST(BenchText, IsATableAndWhatIsSaved) {
  engine::BenchRow cheap = row("cheap", 0.1);
  cheap.done = 3;
  cheap.by_executor = 2;
  cheap.to_escalation = 2;
  cheap.reviewed = 1;
  cheap.integration_ok = false;
  cheap.outcome = "incomplete";
  cheap.wall_secs = 4.25;
  EXPECT_EQ(bench_text(summary({row("all-frontier", 1.0), cheap})),
            R"(Bench 20260101-000000: Write two files
Planned under all-frontier for $0.5000: 4 nodes, frozen at 0123456789

profile       done  exec %  escalated  review %  integration  run cost        wall
all-frontier   4/4     100          0         0       passed   $1.0000  1 min 15 s
cheap          3/4      50          2        25       FAILED   $0.1000       4.2 s

Saving against all-frontier (target > 80 %, planning not counted)
cheap         90.0 %, on target (but 1 of 4 nodes did not land)
)");
}

TEST(BenchText, EightyPercentIsNotMoreThanEighty) {
  EXPECT_THAT(bench_text(summary({row("all-frontier", 1.0), row("b", 0.25)})),
              HasSubstr("75.0 %, short of the target\n"));
  EXPECT_THAT(bench_text(summary({row("all-frontier", 10.0), row("b", 2.0)})),
              HasSubstr("80.0 %, short of the target\n"));
}

TEST(BenchText, AnErrorStandsBelowItsRow) {
  engine::BenchRow broken = row("broken", 0);
  broken.outcome = "incomplete";
  broken.done = broken.by_executor = 0;
  broken.error = "node 'one': \x1b[31mno route\nto host";
  const std::string text = bench_text(summary({row("all-frontier", 1.0), broken}));
  EXPECT_THAT(text, HasSubstr("\n  ^ node 'one': \\x1b[31mno route\n"));
  EXPECT_THAT(text, HasSubstr("broken        cannot be told: it was not measured\n"));
}

TEST(BenchText, WithoutTheBaselineNothingIsCompared) {
  EXPECT_THAT(bench_text(summary({row("a", 1.0), row("b", 0.1)})), Not(HasSubstr("Saving")));
  EXPECT_THAT(bench_text(summary({row("all-frontier", 1.0)})), Not(HasSubstr("Saving")));
}

TEST(BenchText, AProfileThatHasNotRunSaysSo) {
  engine::BenchRow waiting;
  waiting.profile = "later";
  EXPECT_THAT(bench_text(summary({row("a", 1.0), waiting})), HasSubstr("not run"));
}

}  // namespace
}  // namespace director::cli
