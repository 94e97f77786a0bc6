// Ceilings, and the money of calls that were cut off, as users meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNoPlanning =
    R"({"role": "planner", "steps": [{"fail": "auth", "why": "paid twice"}]},
       {"role": "brainstorm", "steps": [{"fail": "auth", "why": "paid twice"}]},)";

class Budget : public ::testing::Test {
 protected:
  Budget() { configure(""); }

  void configure(const std::string& more) {
    write_file(world.state() / "config.toml", world.config("user", more));
  }
  /// An agent that reports a step of this cost and then hangs in a command of its own.
  [[nodiscard]] std::string spends(const std::string& role, const std::string& about,
                                   double usd) const {
    return R"({"role": ")" + role + R"(", "contains": ")" + about +
           R"(", "steps": [{"usage": {"input": 40, "output": 2, "cost": )" + std::to_string(usd) +
           R"(}}, {"sleep_ms": )" + std::to_string(nap_) + "000}]},";
  }
  /// True while an agent of this test hangs somewhere on this machine.
  [[nodiscard]] bool somebody_hangs() const {
    const std::string wanted = std::string("sleep") + '\0' + std::to_string(nap_) + ".000";
    for (const auto& process : fs::directory_iterator("/proc")) {
      if (read_file(process.path() / "cmdline").find(wanted) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::vector<Json> costs() const {
    std::vector<Json> lines;
    const std::string text = read_file(world.state() / "costs.jsonl");
    for (const std::string_view line : text::split_lines(text)) {
      lines.push_back(parse_json(line).value());
    }
    return lines;
  }
  [[nodiscard]] double spent() const {
    double sum = 0;
    for (const Json& line : costs()) {
      sum += line.get_number("cost").value();
    }
    return sum;
  }

  ScriptedJob world;

 private:
  long nap_ = 1'000'000L + ::getpid();  ///< seconds; tells our agents from others
};

TEST_F(Budget, CallThatReachesTheCeilingIsKilledAndAHigherOneGoesOn) {
  world.script(spends("executor", "Node two", 0.5), {{"user", 0.125}});
  configure("[limits]\ncost_ceiling_usd = 1.0\n");
  const Ran ran = world.director({"auto", "Write two files", "--no-critique"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_FALSE(somebody_hangs());
  EXPECT_THAT(ran.out, HasSubstr("Stopped at the cost ceiling"));
  EXPECT_THAT(ran.out, HasSubstr("done 1 of 2"));
  EXPECT_THAT(ran.err, HasSubstr("two: agent: stopped, since the cost ceiling is reached"));
  EXPECT_DOUBLE_EQ(spent(), 1.125);

  const Ran again = world.director({"run"});
  EXPECT_EQ(again.exit_code, 1) << "the ceiling is still reached: nothing is asked";
  EXPECT_DOUBLE_EQ(spent(), 1.125);

  world.script(kNoPlanning, {{"user", 0.125}});
  const Ran more = world.director({"run", "--set", "limits.cost_ceiling_usd=5"});
  ASSERT_EQ(more.exit_code, 0) << more.out << more.err;
  EXPECT_THAT(more.out, HasSubstr("done 2 of 2"));
  EXPECT_DOUBLE_EQ(spent(), 1.25);
}

TEST_F(Budget, PlanningIsKilledAtTheCeilingAndGoesOn) {
  world.script(spends("brainstorm", "", 0.5));
  const std::vector<std::string> ceiling{"--set", "limits.cost_ceiling_usd=0.5"};
  const Ran ran = world.director({"plan", "Two files", "--auto", ceiling[0], ceiling[1]});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_FALSE(somebody_hangs());
  EXPECT_THAT(ran.err, HasSubstr("raise limits.cost_ceiling_usd to go on"));
  world.script("");
  const Ran more = world.director({"plan", "--continue"});
  EXPECT_EQ(more.exit_code, 0) << more.out << more.err;
  ASSERT_GE(costs().size(), 2U);
  EXPECT_DOUBLE_EQ(costs()[1].get_number("cost").value(), 0.5);
}

TEST_F(Budget, NodeThatReachesItsOwnCeilingFails) {
  world.script(spends("executor", "Node one", 0.5));
  configure("[limits]\nnode_cost_ceiling_usd = 0.5\n");
  const Ran ran = world.director({"auto", "Write two files", "--no-critique"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_FALSE(somebody_hangs());
  EXPECT_THAT(ran.out, HasSubstr("limits.node_cost_ceiling_usd"));
  EXPECT_THAT(ran.out, HasSubstr("raise it first")) << "tried again, it is there at once";
  const Json nodes = parse_json(read_file(world.state() / "state.json"))->get("nodes").value();
  EXPECT_EQ(nodes.get("one")->get_string("status").value(), "failed");
  EXPECT_EQ(nodes.get("two")->get_string("status").value(), "blocked");
  EXPECT_THAT(read_file(world.state() / "metrics.jsonl"), HasSubstr("\"status\":\"failed\""));
}

TEST_F(Budget, KillInTheMiddleOfACallForgetsNothingThatItMetered) {
  world.script(spends("executor", "Node one", 0.5));
  const Ran killed =
      world.stopped({"auto", "Write two files", "--no-critique"},
                    "grep -qs 'call_metered.*-executor-.*:0.5}' .director/journal.jsonl", "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  world.script(kNoPlanning);
  const Ran ran = world.director({"run"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("-executor-one' $0.5000"));
  EXPECT_THAT(ran.out, HasSubstr("cost $1.0000"));
  int found = 0;
  for (const Json& line : costs()) {
    if (line.get_number("cost").value() == 0.5) {
      ++found;
      EXPECT_EQ(line.get_string("role").value(), "executor");
      EXPECT_EQ(line.get_string("model").value(), "user/executor");
      EXPECT_EQ(line.get_string("node").value(), "one");
      EXPECT_EQ(line.get_int("input").value(), 40);
    }
  }
  EXPECT_EQ(found, 1);
  EXPECT_DOUBLE_EQ(spent(), 1);
  EXPECT_THAT(world.director({"run"}).err, Not(HasSubstr("under way"))) << "it is said once";
}

TEST_F(Budget, KillWhilePlanningForgetsNothingEither) {
  world.script(spends("planner", "", 0.5));
  const Ran killed =
      world.stopped({"plan", "Two files", "--auto", "--no-critique"},
                    "grep -qs 'call_metered.*-planner.*:0.5}' .director/journal.jsonl", "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  world.script("");
  const Ran ran = world.director({"plan", "--continue"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("-planner' $0.5000"));
  EXPECT_DOUBLE_EQ(spent(), 1);
}

TEST_F(Budget, JobThatIsPutAsideHasTheLineOfACallThatWasKilled) {
  world.script(spends("executor", "Node one", 0.5));
  const Ran killed =
      world.stopped({"auto", "Write two files", "--no-critique"},
                    "grep -qs 'call_metered.*-executor-.*:0.5}' .director/journal.jsonl", "KILL");
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_THAT(read_file(world.state() / "costs.jsonl"), Not(HasSubstr("executor")));
  EXPECT_THAT(world.director({"status"}).out,
              AllOf(HasSubstr("cost $1.0000 in "), HasSubstr(" calls and 1 not ended")));
  EXPECT_DOUBLE_EQ(
      parse_json(world.director({"status", "--json"}).out)->get_number("cost_total").value(), 1);
  world.script("");
  const Ran ran = world.director({"auto", "Something else", "--no-critique", "--force"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_DOUBLE_EQ(spent(), 0.5) << "the new job's own";
  const fs::directory_iterator history(world.state() / "history");
  EXPECT_THAT(read_file(history->path() / "costs.jsonl"), HasSubstr("-executor-one"));
}

TEST_F(Budget, FourAgentsAtOnceShareOneCeiling) {
  std::string nodes;
  std::string authors;
  std::string agents;
  std::string workers;
  for (const std::string id : {"one", "two", "three", "four"}) {
    nodes += std::string(nodes.empty() ? "" : ", ") + R"({\"id\": \")" + id +
             R"(\", \"title\": \"T\", \"spec\": \"Write\", \"files\": [\")" + id +
             R"(.txt\"], \"depends_on\": [], \"test_cmd\": \"sh tests/)" + id +
             R"(.sh\", \"tests\": [\"tests/)" + id + R"(.sh\"]})";
    authors += R"({"role": "test-author", "contains": "Node )" + id +
               R"(", "steps": [{"write": {"tests/)" + id + R"(.sh": "test -f )" + id +
               R"(.txt\n"}}]},)";
    agents += spends("executor", "Node " + id, 0.3125);
    workers += R"({"role": "executor", "contains": "Node )" + id + R"(", "steps": [{"write": {")" +
               id + R"(.txt": "x"}}, {"usage": {"cost": 0.125}}]},)";
  }
  const std::string planner =
      R"({"role": "planner", "steps": [{"text": "{\"nodes\": [)" + nodes + R"(]}"}]},)";
  world.script(planner + authors + agents);
  configure("[limits]\ncost_ceiling_usd = 1.5\n");  // the specification and four times 0.3125
  const Ran ran = world.director({"auto", "Write files", "--no-critique", "--parallel", "4"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Stopped at the cost ceiling"));
  EXPECT_FALSE(somebody_hangs());
  EXPECT_DOUBLE_EQ(spent(), 1.5);

  world.script(kNoPlanning + workers);
  configure("[limits]\ncost_ceiling_usd = 5\n");
  const Ran more = world.director({"run", "--parallel", "4"});
  ASSERT_EQ(more.exit_code, 0) << more.out << more.err;
  EXPECT_THAT(more.out, HasSubstr("done 4 of 4"));
  EXPECT_DOUBLE_EQ(spent(), 2);
}

TEST_F(Budget, CeilingWithoutPricesIsRefusedEverywhereWithAllThatIsMissing) {
  const std::string limits =
      "[limits]\nrequire_pricing = true\ncost_ceiling_usd = 1\n"
      "[pricing.\"user/planner\"]\ninput = 1\noutput = 0\n";
  configure(limits);
  world.add_profile("cheap", limits);
  for (const std::vector<std::string>& command : {std::vector<std::string>{"plan", "Two files"},
                                                  {"run"},
                                                  {"auto", "Two files"},
                                                  {"bench", "Two files", "--profiles", "cheap"}}) {
    const Ran ran = world.director(command);
    EXPECT_EQ(ran.exit_code, 2) << command[0] << ran.out << ran.err;
    EXPECT_THAT(ran.err, Not(HasSubstr("user/planner\": add")));
    const std::string tiers = command[0] == "bench" ? "cheap" : "user";
    for (const char* tier : {"test_author", "executor", "explorer", "reviewer", "escalation"}) {
      EXPECT_THAT(ran.err, HasSubstr("pricing.\"" + tiers + "/" + tier + "\": add it"))
          << command[0];
    }
    EXPECT_FALSE(fs::exists(world.state() / "journal.jsonl")) << "nothing was started";
  }
  configure("[limits]\nrequire_pricing = true\n");
  EXPECT_EQ(world.director({"auto", "Two files", "--max-cost", "2"}).exit_code, 2)
      << "its ceiling is one like any other";
}

}  // namespace
}  // namespace director::e2e
