// `director bench` as its users run it, with scripted agents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/scripted_job.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/unit/matchers.hpp"

namespace director::e2e {
namespace {

using ::director::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNoPlanning =
    R"({"role": "planner", "steps": [{"fail": "auth", "why": "paid twice"}]},
       {"role": "brainstorm", "steps": [{"fail": "auth", "why": "paid twice"}]},)";

class Bench : public ::testing::Test {
 protected:
  Bench() {
    world.add_profile("all-frontier");
    world.add_profile("cheap");
    world.script("", kCosts);
  }

  [[nodiscard]] Ran bench(std::vector<std::string> more = {}) {
    std::vector<std::string> args{"bench", "Write two files", "--profiles", "all-frontier,cheap"};
    args.insert(args.end(), more.begin(), more.end());
    return world.director(args);
  }
  [[nodiscard]] fs::path folder() const { return world.state() / "bench"; }
  [[nodiscard]] Json summary() const {
    const std::string text = read_file(folder() / "summary.json");
    Result<support::JsonSchema> schema = support::JsonSchema::load("bench");
    EXPECT_THAT(schema, IsOk());
    if (schema) {
      EXPECT_THAT(schema->check(text), IsOk()) << text;
    }
    Result<Json> json = parse_json(text);
    EXPECT_TRUE(json.has_value()) << "no summary.json";
    return json ? *json : parse_json("{}").value();
  }
  [[nodiscard]] Json row(const std::string& profile) const {
    for (const Json& one : summary().get_array("profiles").value()) {
      if (one.get_string("profile").value() == profile) {
        return one;
      }
    }
    ADD_FAILURE() << "no row of " << profile;
    return parse_json("{}").value();
  }
  [[nodiscard]] double cost(const std::string& profile) const {
    return row(profile).get_number("run_cost_usd").value();
  }
  /// A profile's branch.
  [[nodiscard]] std::string branch(const std::string& profile) const {
    return row(profile).get_string("job_branch").value();
  }
  /// Waits until the executor of a profile's node is asked.
  [[nodiscard]] static std::string asked(const std::string& profile, const std::string& node) {
    return "grep -qs '\"executor\".*\"" + node + "\"' .director/bench/" + profile +
           "/journal.jsonl";
  }
  [[nodiscard]] static std::string hang(const std::string& profile, const std::string& node) {
    return R"({"role": "executor", "model": ")" + profile + R"(/executor", "contains": "Node )" +
           node + R"(", "steps": [{"sleep_ms": 600000}]},)";
  }
  [[nodiscard]] static std::string refuse(const std::string& profile, const std::string& node) {
    return R"({"role": "executor", "model": ")" + profile + R"(/executor", "contains": "Node )" +
           node + R"(", "steps": [{"fail": "auth", "why": "no such key"}]},)";
  }

  inline static const std::map<std::string, double> kCosts{
      {"all-frontier", 1.0}, {"cheap", 0.05}, {"third", 0.3}};
  ScriptedJob world;
};

TEST_F(Bench, ComparesProfilesOnOneFrozenPlan) {
  const std::string before = world.fingerprint();
  const Ran ran = bench({"--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("$2.0000"));
  EXPECT_THAT(ran.out, HasSubstr("$0.1000"));
  EXPECT_THAT(ran.out, HasSubstr("95.0 %, on target"));
  EXPECT_THAT(ran.out, HasSubstr("Planned under all-frontier for $1.0000: 2 nodes"));
  EXPECT_EQ(world.fingerprint(), before);

  EXPECT_DOUBLE_EQ(cost("all-frontier"), 2.0) << "planning is not part of it";
  EXPECT_DOUBLE_EQ(summary().get_number("planning_cost_usd").value(), 1.0);
  EXPECT_TRUE(row("cheap").get_bool("on_target").value());
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "done");

  // Both branches start at the frozen plan, and neither has anything of the other.
  const std::string commit = summary().get_string("commit").value();
  EXPECT_EQ(world.git_says({"rev-parse", summary().get_string("job_branch").value()}), commit);
  for (const char* profile : {"all-frontier", "cheap"}) {
    EXPECT_EQ(world.git_says({"rev-list", "--count", commit + ".." + branch(profile)}), "2");
    EXPECT_EQ(world.git_says({"merge-base", commit, branch(profile)}), commit);
    const std::string job = row(profile).get_string("job_id").value();
    EXPECT_EQ(world.git_says({"log", "--format=%(trailers:key=Director-Job,valueonly,separator=)",
                              commit + ".." + branch(profile)}),
              job + "\n" + job);
    const std::string metrics = read_file(folder() / (std::string(profile) + ".metrics.jsonl"));
    EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 3) << metrics;
    EXPECT_THAT(metrics, HasSubstr("\"kind\":\"run\""));
    EXPECT_TRUE(fs::exists(folder() / profile / "costs.jsonl"));
  }
  EXPECT_EQ(branch("cheap"), "director/bench-cheap-" + summary().get_string("job_id").value());
}

TEST_F(Bench, LeavesTheUsersConfigurationAndJobAlone) {
  write_file(world.state() / "config.toml", world.config("user"));
  ASSERT_EQ(world.director({"plan", "My own job", "--auto"}).exit_code, 0);
  const auto before = world.state_files("bench");
  const std::string own_branch = world.branches();
  const std::string own_tip = world.git_says({"rev-parse", own_branch});
  ASSERT_TRUE(before.contains("journal.jsonl"));
  ASSERT_EQ(bench().exit_code, 0);
  ASSERT_EQ(bench({"--new"}).exit_code, 0);
  auto after = world.state_files("bench");
  std::erase_if(after, [](const auto& file) { return file.first.starts_with("history/bench-"); });
  EXPECT_EQ(after, before);
  EXPECT_EQ(world.git_says({"rev-parse", own_branch}), own_tip);
  const Ran ran = world.director({"run"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

TEST_F(Bench, PrintsTheSummaryAsJson) {
  const Ran ran = bench({"--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, read_file(folder() / "summary.json"));
}

TEST_F(Bench, PlansUnderTheProfileThatIsNamed) {
  world.add_profile("third");
  const Ran ran = bench({"--plan-profile", "third"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(read_file(folder() / "plan" / "costs.jsonl"), HasSubstr("third/planner"));
  EXPECT_EQ(summary().get_array("profiles").value().size(), 2U) << "it planned and did not run";
}

TEST_F(Bench, OneProfilesFailureDoesNotSinkTheOthers) {
  world.add_profile("third");
  world.script(refuse("cheap", "one"), kCosts);
  const std::vector<std::string> command{"bench", "Write two files", "--profiles",
                                         "all-frontier,cheap,third"};
  const Ran ran = world.director(command);
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("^ node 'one': "));
  EXPECT_THAT(ran.out, HasSubstr("no such key"));
  EXPECT_THAT(row("cheap").get_string("error").value(), HasSubstr("no such key"));
  EXPECT_TRUE(row("cheap").find("saving")->is_null());
  EXPECT_EQ(row("third").get_string("outcome").value(), "done");
  EXPECT_DOUBLE_EQ(cost("third"), 0.6);

  // Mended, the same command runs what was not measured, and nothing else.
  world.script(std::string(kNoPlanning) + refuse("all-frontier", "one") + refuse("third", "one"),
               kCosts);
  const Ran again = world.director(command);
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "done");
  EXPECT_DOUBLE_EQ(cost("cheap"), 0.1);
  EXPECT_DOUBLE_EQ(cost("all-frontier"), 2.0);
}

TEST_F(Bench, AProfileThatCannotBeRunIsARowToo) {
  // Another branch of that name stands in its way.
  world.script(hang("all-frontier", "two"), kCosts);
  ASSERT_EQ(world
                .stopped({"bench", "Write two files", "--profiles", "all-frontier,cheap"},
                         asked("all-frontier", "two"), "KILL")
                .exit_code,
            137);
  const std::string job =
      parse_json(read_file(folder() / "bench.json")).value().get_string("job_id").value();
  (void)world.git_says({"branch", "director/bench-cheap-" + job, "HEAD"});
  world.script("", kCosts);
  const Ran ran = bench();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "error");
  EXPECT_THAT(row("cheap").get_string("error").value(), HasSubstr("delete it"));
  EXPECT_EQ(row("all-frontier").get_string("outcome").value(), "done");
  (void)world.git_says({"branch", "-D", "director/bench-cheap-" + job});
  EXPECT_EQ(bench().exit_code, 0);
}

TEST_F(Bench, ACeilingThatIsMetIsAnError) {
  world.add_profile("cheap", "[limits]\ncost_ceiling_usd = 0.07\n");
  const Ran ran = bench();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "ceiling");
  EXPECT_THAT(row("cheap").get_string("error").value(), HasSubstr("ceiling"));
  EXPECT_DOUBLE_EQ(cost("cheap"), 0.05);
}

TEST_F(Bench, AfterACeilingNodesThatEndedAsErrorsAreTriedAgainToo) {
  constexpr const char* kPlanner =
      R"({"role": "planner", "steps": [{"text": "{\"nodes\": [{\"id\": \"one\", \"title\": \"One\", \"spec\": \"Write\", \"files\": [\"one.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/one.sh\", \"tests\": [\"tests/one.sh\"]}, {\"id\": \"two\", \"title\": \"Two\", \"spec\": \"Write\", \"files\": [\"two.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/two.sh\", \"tests\": [\"tests/two.sh\"]}]}"}]},)";
  world.script(kPlanner + refuse("cheap", "one") +
                   R"({"role": "executor", "model": "cheap/executor", "contains": "Node two",
                       "steps": [{"usage": {"cost": 0.1}}, {"sleep_ms": 600000}]},)",
               kCosts);
  world.add_profile("cheap", "[limits]\ncost_ceiling_usd = 0.07\n");
  EXPECT_EQ(bench().exit_code, 1);
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "ceiling");
  world.add_profile("cheap");
  world.script(kNoPlanning, kCosts);
  const Ran again = bench();
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_EQ(row("cheap").get_int("done").value(), 2);
}

TEST_F(Bench, PutAsideItHasTheLineOfACallThatWasKilled) {
  world.script(R"({"role": "executor", "model": "cheap/executor", "contains": "Node two",
                   "steps": [{"usage": {"cost": 0.5}}, {"sleep_ms": 600000}]},)",
               kCosts);
  ASSERT_EQ(world
                .stopped({"bench", "Write two files", "--profiles", "all-frontier,cheap"},
                         "grep -qs 'call_metered.*-two.*:0.5}' .director/bench/cheap/journal.jsonl",
                         "KILL")
                .exit_code,
            137);
  world.script("", kCosts);
  // What it is about is another task, and another set of profiles.
  const Ran ran = world.director({"bench", "Else", "--profiles", "all-frontier", "--new"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("-executor-two' $0.5000"));
  const fs::directory_iterator history(world.state() / "history");
  EXPECT_THAT(read_file(history->path() / "cheap" / "costs.jsonl"), HasSubstr("-executor-two"));
}

TEST_F(Bench, NodesThatDoNotLandAreARowLikeAnyOther) {
  world.script(
      R"({"role": "executor", "model": "cheap/executor", "contains": "Node two", "steps": [{"write": {"two.txt": "wrong\n"}}, {"text": "DONE"}]},)",
      kCosts);
  write_file(world.state() / "profiles" / "cheap.toml",
             world.config("cheap", "[review]\nstage_two = false\n"));
  const Ran ran = bench({"--max-attempts", "1"});
  EXPECT_EQ(ran.exit_code, 0) << "comparing is the job\n" << ran.out << ran.err;
  EXPECT_EQ(row("cheap").get_int("escalated").value(), 1);
  EXPECT_DOUBLE_EQ(row("cheap").get_number("executor_tier_pct").value(), 50);
}

TEST_F(Bench, CountsWhatACallThatWasKilledHadMetered) {
  world.script(R"({"role": "executor", "model": "cheap/executor", "contains": "Node two",
                   "steps": [{"usage": {"cost": 0.5}}, {"sleep_ms": 600000}]},)",
               kCosts);
  const Ran killed = world.stopped(
      {"bench", "Write two files", "--profiles", "all-frontier,cheap"},
      "grep -qs 'call_metered.*-two.*:0.5}' .director/bench/cheap/journal.jsonl", "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  world.script(kNoPlanning, kCosts);
  const Ran ran = bench();
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("-executor-two' $0.5000"));
  EXPECT_DOUBLE_EQ(cost("cheap"), 0.6);
}

TEST_F(Bench, GoesOnAfterAKillWithoutPayingTwice) {
  world.script(hang("cheap", "two"), kCosts);
  const Ran killed = world.stopped({"bench", "Write two files", "--profiles", "all-frontier,cheap"},
                                   asked("cheap", "two"), "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_DOUBLE_EQ(cost("all-frontier"), 2.0) << "the summary has what is measured so far";
  EXPECT_EQ(row("cheap").get_string("outcome").value(), "");
  const std::string plan_journal = read_file(folder() / "plan" / "journal.jsonl");
  const std::string first_journal = read_file(folder() / "all-frontier" / "journal.jsonl");

  const Ran other = world.director({"bench", "Something else", "--profiles", "all-frontier,cheap"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("'Write two files'"));
  EXPECT_THAT(other.err, HasSubstr("--new"));

  world.script(std::string(kNoPlanning) + refuse("all-frontier", "one") + refuse("cheap", "one"),
               kCosts);
  const Ran ran = bench();
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(read_file(folder() / "plan" / "journal.jsonl"), plan_journal);
  EXPECT_EQ(read_file(folder() / "all-frontier" / "journal.jsonl"), first_journal);
  EXPECT_DOUBLE_EQ(cost("cheap"), 0.1) << "node one was not asked again";
  EXPECT_THAT(ran.out, HasSubstr("95.0 %"));

  // Once more: everything is measured, nothing is asked.
  world.script(std::string(kNoPlanning) + refuse("cheap", "two"), kCosts);
  EXPECT_EQ(bench().exit_code, 0);
  // --new measures anew, and the old one is kept.
  world.script("", kCosts);
  ASSERT_EQ(bench({"--new"}).exit_code, 0);
  EXPECT_NE(read_file(folder() / "plan" / "journal.jsonl"), plan_journal);
  std::string kept;
  for (const auto& [path, bytes] : world.state_files("bench")) {
    kept +=
        path.starts_with("history/bench-") && path.ends_with("/plan/journal.jsonl") ? bytes : "";
  }
  EXPECT_EQ(kept, plan_journal);
}

TEST_F(Bench, GoesOnAfterAKillWhilePlanning) {
  world.script(
      R"({"role": "test-author", "contains": "Node two", "steps": [{"sleep_ms": 600000}]},)",
      kCosts);
  const std::string two_asked =
      "test \"$(grep -c '\"test_author\"' .director/bench/plan/journal.jsonl 2>/dev/null)\" -ge 3 "
      "2>/dev/null";
  ASSERT_EQ(world
                .stopped({"bench", "Write two files", "--profiles", "all-frontier,cheap"},
                         two_asked, "KILL")
                .exit_code,
            137);
  world.script(kNoPlanning, kCosts);
  const Ran ran = bench();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("for $1.0000"));
}

TEST_F(Bench, EveryProfileStartsWhereThePlanWasFrozen) {
  world.script(hang("all-frontier", "two"), kCosts);
  const Ran stopped =
      world.stopped({"bench", "Write two files", "--profiles", "all-frontier,cheap"},
                    asked("all-frontier", "two"), "INT");
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on"));
  // The planned branch moves on, by a commit that has already what node one is to write.
  const std::string commit = summary().get_string("commit").value();
  const std::string planned = summary().get_string("job_branch").value();
  (void)world.git_says({"update-ref", "refs/heads/" + planned, branch("all-frontier")});
  world.script("", kCosts);
  ASSERT_EQ(bench().exit_code, 0);
  EXPECT_EQ(world.git_says({"rev-list", "--count", commit + ".." + branch("cheap")}), "2");
  EXPECT_DOUBLE_EQ(cost("cheap"), 0.1);
}

TEST_F(Bench, InvalidProfilesAreFoundBeforeAnythingIsSpent) {
  write_file(world.state() / "profiles" / "broken.toml", "[tiers]\nplanner = \n");
  std::string partial = world.config("partial");
  partial.erase(partial.find("escalation"), partial.find("[gates]") - partial.find("escalation"));
  write_file(world.state() / "profiles" / "partial.toml", partial);
  const Ran ran = world.director(
      {"bench", "Write two files", "--profiles", "all-frontier,absent,broken,partial"});
  EXPECT_EQ(ran.exit_code, 2) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("'absent'"));
  EXPECT_THAT(ran.err, HasSubstr("broken.toml:2:"));
  EXPECT_THAT(ran.err, HasSubstr("partial.toml"));
  EXPECT_THAT(ran.err, HasSubstr("escalation"));
  EXPECT_FALSE(fs::exists(folder()));
  EXPECT_EQ(world.branches(), "");
}

TEST_F(Bench, PluginsOfAProfileAreLookedAtFirstToo) {
  std::string other = world.config("other");
  other.replace(other.find("runner-scripted"), std::string("runner-scripted").size(),
                "runner-none");
  write_file(world.state() / "profiles" / "other.toml", other);
  const Ran ran = world.director({"bench", "Write two files", "--profiles", "all-frontier,other"});
  EXPECT_EQ(ran.exit_code, 2) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("profile 'other'"));
  EXPECT_THAT(ran.err, HasSubstr("runner-none"));
  EXPECT_EQ(world.branches(), "");
}

TEST_F(Bench, UsageErrors) {
  struct Case {
    std::vector<std::string> args;
    const char* part;
  };
  for (const Case& one :
       {Case{{"bench", "--profiles", "cheap"}, "needs a task"}, Case{{"bench", "x"}, "--profiles"},
        Case{{"bench", "x", "--profiles", "cheap,cheap"}, "twice"},
        Case{{"bench", "x", "--profiles", "../config"}, "'../config'"},
        Case{{"bench", "x", "--profiles", "cheap", "--plan-profile", "a,b"}, "one profile"},
        Case{{"bench", "x", "--profiles", "cheap", "--plan-profile", "absent"}, "'absent'"}}) {
    const Ran ran = world.director(one.args);
    EXPECT_EQ(ran.exit_code, 2) << one.part << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(one.part));
  }
  EXPECT_THAT(world.branches(), Not(HasSubstr("director"))) << "nothing was started";
}

TEST_F(Bench, ASecondDirectorIsRefused) {
  write_file(world.state() / "lock", "");
  const Ran ran = run({"flock", (world.state() / "lock").string(), DIRECTOR_PROGRAM, "bench", "x",
                       "--profiles", "cheap"},
                      world.repo(), world.environment());
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
}

}  // namespace
}  // namespace director::e2e
