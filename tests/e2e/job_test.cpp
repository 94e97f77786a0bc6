// A whole job with the real OpenCode and the scripted model, from the command line alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;

std::vector<Json> lines_of(const fs::path& file) {
  std::vector<Json> lines;
  const std::string bytes = read_file(file);
  for (const std::string_view line : text::split_lines(bytes)) {
    Result<Json> parsed = parse_json(line);
    EXPECT_TRUE(parsed) << file << ": " << line;
    if (parsed) {
      lines.push_back(std::move(parsed).value());
    }
  }
  return lines;
}

std::string text_of(const Json& object, std::string_view key) {
  return object.get_string(key).value_or("(no " + std::string(key) + ")");
}

/// The timer scenario: three nodes, one of which depends on the other two. `parse-duration` is
/// wrong at first and right with the feedback, `format-duration` is only done by the escalation
/// tier.
class TimerJob : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.use_opencode();
    world_.use_scenario("timer", model_.endpoint());
    before_ = world_.fingerprint();
    planned_ = world_.director(
        {"plan", "Read and write durations such as 1h 5m", "--auto", "--no-critique"});
    ASSERT_EQ(planned_.exit_code, 0) << planned_.out << planned_.err;
    branch_ =
        world_.git_says({"for-each-ref", "--format=%(refname:short)", "refs/heads/director/"});
  }

  void expect_landed_and_nothing_else_touched();
  void expect_state_costs_metrics_and_logs();
  void expect_prompts_carry_contract_guidance_and_feedback();
  void expect_projections_may_be_deleted();

  World world_;
  ScriptedModel model_{fs::path(DIRECTOR_SCENARIOS) / "timer" / "model.json", world_.root()};
  std::string before_;
  Ran planned_;
  std::string branch_;
};

void TimerJob::expect_landed_and_nothing_else_touched() {
  EXPECT_EQ(world_.fingerprint(), before_);
  EXPECT_EQ(world_.git_says({"fsck", "--strict", "--no-dangling"}), "");
  const std::string log = world_.git_says(
      {"log", "--format=%(trailers:key=Director-Node,valueonly)", "main.." + branch_});
  for (const char* node : {"parse-duration", "format-duration", "command-line"}) {
    EXPECT_THAT(log, HasSubstr(node));
  }
  (void)world_.git_says(
      {"worktree", "add", "--quiet", "--detach", (world_.root() / "out").string(), branch_});
  const Ran suite =
      run({"python3", "-B", "-m", "unittest", "-q"}, world_.root() / "out", world_.environment());
  EXPECT_EQ(suite.exit_code, 0) << suite.err;
}

void TimerJob::expect_state_costs_metrics_and_logs() {
  const Result<Json> state = parse_json(read_file(world_.state() / "state.json"));
  ASSERT_TRUE(state);
  const Json nodes = state->get_object("nodes").value();
  const Json parse = nodes.get_object("parse-duration").value();
  EXPECT_EQ(text_of(parse, "status"), "done");
  EXPECT_EQ(parse.get_int("attempts").value_or(0), 2);
  EXPECT_EQ(text_of(parse, "tier_used"), "executor");
  EXPECT_EQ(text_of(parse, "watch_it_fail"), "observed");
  const Json format = nodes.get_object("format-duration").value();
  EXPECT_EQ(text_of(format, "status"), "done");
  EXPECT_EQ(text_of(format, "tier_used"), "escalation");
  EXPECT_EQ(text_of(format, "model_used"), "scripted/escalation");
  EXPECT_TRUE(format.get_bool("review_stage_two").value_or(false));

  std::map<std::string, int> calls;
  double total = 0;
  for (const Json& line : lines_of(world_.state() / "costs.jsonl")) {
    ++calls[text_of(line, "role")];
    total += line.get_number("cost").value_or(-1);
    EXPECT_GT(line.get_int("input").value_or(0), 0);
  }
  EXPECT_EQ(calls["explorer"], 1);
  EXPECT_EQ(calls["planner"], 2);
  EXPECT_EQ(calls["test_author"], 3);
  EXPECT_EQ(calls["executor"], 5);
  EXPECT_EQ(calls["escalation"], 1);
  EXPECT_EQ(calls["reviewer"], 1);

  int node_lines = 0;
  int run_lines = 0;
  for (const Json& line : lines_of(world_.state() / "metrics.jsonl")) {
    if (text_of(line, "kind") == "node") {
      ++node_lines;
      continue;
    }
    ++run_lines;
    EXPECT_EQ(line.get_int("done").value_or(0), 3);
    EXPECT_TRUE(line.get_bool("integration_ok").value_or(false));
    EXPECT_NEAR(line.get_number("cost_total").value_or(0), total, 1e-9);
    EXPECT_NEAR(line.get_number("executor_tier_pct").value_or(0), 66.7, 0.1);
  }
  EXPECT_EQ(node_lines, 3);
  EXPECT_EQ(run_lines, 1);

  int transcripts = 0;
  for (const fs::directory_entry& log : fs::directory_iterator(world_.state() / "logs")) {
    if (log.path().extension() == ".jsonl") {
      ++transcripts;
      EXPECT_FALSE(lines_of(log.path()).empty()) << log.path();
    }
  }
  EXPECT_EQ(transcripts, 13);

  const Ran status = world_.director({"status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_THAT(status.out, HasSubstr("done 3 of 3"));
  EXPECT_THAT(status.out, HasSubstr("integration gates passed"));
  const Ran as_json = world_.director({"status", "--json"});
  EXPECT_TRUE(parse_json(as_json.out)) << as_json.out;
}

void TimerJob::expect_projections_may_be_deleted() {
  const std::string costs = read_file(world_.state() / "costs.jsonl");
  for (const char* name : {"state.json", "costs.jsonl", "plan.json", "plan_stage.json"}) {
    fs::remove(world_.state() / name);
  }
  EXPECT_EQ(world_.director({"status"}).exit_code, 0);
  EXPECT_EQ(world_.director({"run"}).exit_code, 0) << "nothing is left to do";
  EXPECT_EQ(read_file(world_.state() / "costs.jsonl"), costs);
  EXPECT_TRUE(fs::exists(world_.state() / "plan.json"));
  EXPECT_TRUE(fs::exists(world_.state() / "state.json"));
}

void TimerJob::expect_prompts_carry_contract_guidance_and_feedback() {
  bool seen = false;
  for (const Json& request : lines_of(world_.root() / "requests.jsonl")) {
    if (text_of(request, "rule") != "parse-duration, second attempt") {
      continue;
    }
    seen = true;
    std::string user;
    const std::vector<Json> messages = request.get_array("messages").value();
    for (const Json& message : messages) {
      if (text_of(message, "role") == "user") {
        user += message.get("content")->is_string()
                    ? text_of(message, "content")
                    : text_of(message.get_array("content").value().at(0), "text");
      }
    }
    EXPECT_THAT(user, HasSubstr("timer/parse.py"));
    EXPECT_THAT(user, HasSubstr("python3 -B -m unittest -q tests.test_parse"));
    EXPECT_THAT(user, HasSubstr("Plain Python 3, standard library only"));
    EXPECT_THAT(user, HasSubstr("ValueError not raised"));
    EXPECT_THAT(user, HasSubstr("No module named 'timer.parse'")) << "the red output of its base";
  }
  EXPECT_TRUE(seen);
}

// One job serves all of these: each call of the real agent tool takes seconds.
TEST_F(TimerJob, LandsByRetryAndEscalationAndIsRecorded) {
  const Ran ran = world_.director({"run", "--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err << model_.log();
  expect_landed_and_nothing_else_touched();
  expect_state_costs_metrics_and_logs();
  expect_prompts_carry_contract_guidance_and_feedback();
  expect_projections_may_be_deleted();
}

}  // namespace
}  // namespace director::e2e
