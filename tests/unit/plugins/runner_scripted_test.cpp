#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "agent_record.hpp"
#include "fakes/fake_host.hpp"
#include "script.hpp"
#include "scripted_runner.hpp"
#include "unit/matchers.hpp"

namespace runner_scripted {
namespace {

namespace fs = std::filesystem;
using director::agent_failure;
using director::Errc;
using director::exec_outcome;
using director::testing::AgentRecord;
using director::testing::FailsWith;
using director::testing::FakeHost;
using director::testing::IsOk;
using ::testing::ElementsAre;

class ScriptedRunnerTest : public ::testing::Test {
 protected:
  ScriptedRunnerTest() {
    std::string name = (fs::temp_directory_path() / "director-scripted-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    fs::create_directories(dir_ / "work");
  }
  ~ScriptedRunnerTest() override { fs::remove_all(dir_); }

  director::Status run(const std::string& script, const std::string& message, bool may_edit = true,
                       const char* role = "executor") {
    std::ofstream(dir_ / "script.json", std::ios::trunc) << script;
    record_ = std::make_unique<AgentRecord>();
    director::host services = fake_.services();
    director::instance_info info;
    info.config_json = R"({"script": ")" + (dir_ / "script.json").string() + "\"" + config_ + "}";
    auto runner = ScriptedRunner::create(info, services);
    if (!runner) {
      return runner.error();
    }
    const std::string workdir = (dir_ / "work").string();
    director::run_request request;
    request.role = role;
    request.message = message;
    request.model = "acme/m1";
    request.workdir = workdir;
    request.may_edit = may_edit;
    return (*runner)->run(request, record_->events(), services);
  }
  [[nodiscard]] std::string content(const char* name) const {
    std::ifstream file(dir_ / "work" / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string config_;  ///< more of it
  FakeHost fake_;
  std::unique_ptr<AgentRecord> record_;
  fs::path dir_;
};

TEST_F(ScriptedRunnerTest, ConditionsMayBeListsAndTheFirstFew) {
  const std::string script = R"({"rules": [
      {"contains": ["a", "b"], "lacks": ["c", "d"], "first": 1, "steps": [{"text": "first"}]},
      {"contains": ["a", "b"], "steps": [{"text": "else"}]}]})";
  ASSERT_THAT(run(script, "b and a but d"), IsOk());
  EXPECT_EQ(record_->answer, "else");
  ASSERT_THAT(run(script, "b, a"), IsOk());
  EXPECT_EQ(record_->answer, "first");
  ASSERT_THAT(run(script, "b, a"), IsOk());
  EXPECT_EQ(record_->answer, "else");
}

TEST_F(ScriptedRunnerTest, ALogIsWhatAnEarlierProcessPlayed) {
  config_ = R"(, "log": ")" + (dir_ / "calls.jsonl").string() + "\"";
  std::ofstream(dir_ / "calls.jsonl")
      << R"({"rule":"","role":"executor","model":"acme/m1","message":"hello"})"
      << "\n"
      << R"({"rule":"","role":"planner","model":"acme/m1","message":"hello"})"
      << "\n";
  ASSERT_THAT(run(R"({"rules": [{"role": "executor", "nth": 2, "steps": [{"text": "second"}]},
                                {"steps": [{"text": "another"}]}]})",
                  "hello"),
              IsOk());
  EXPECT_EQ(record_->answer, "second");
}

TEST_F(ScriptedRunnerTest, LogsWhatAgentsAreTold) {
  config_ = R"(, "log": ")" + (dir_ / "calls.jsonl").string() + "\"";
  const std::string script =
      R"({"rules": [{"name": "the one", "contains": "hello", "steps": [{"text": "hi"}]}]})";
  ASSERT_THAT(run(script, "hello \xff"), IsOk());
  EXPECT_THAT(run(script, "nobody"), FailsWith(Errc::NotFound, "no rule"));
  std::ifstream file(dir_ / "calls.jsonl");
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(log, R"({"rule":"the one","role":"executor","model":"acme/m1","message":"hello )"
                 "\xEF\xBF\xBD"
                 R"(","system_prompt":"","workdir":")" +
                     (dir_ / "work").string() + R"(","parameters":{}})" + "\n" +
                     R"({"rule":"","role":"executor","model":"acme/m1","message":"nobody",)" +
                     R"("system_prompt":"","workdir":")" + (dir_ / "work").string() +
                     R"(","parameters":{}})" + "\n");
}

TEST_F(ScriptedRunnerTest, SaysWhatNoHonestToolWould) {
  ASSERT_THAT(run(R"({"rules": [{"steps": [
      {"usage": {"input": -5, "cost": "nan"}}, {"tool": "t\u001b", "input": "no json"},
      {"hex": "fF00", "times": 2, "then": "!"}]}]})",
                  "hello"),
              IsOk());
  EXPECT_EQ(record_->answer, std::string("\xff\0\xff\0!", 5));
  ASSERT_EQ(record_->steps.size(), 1U);
  EXPECT_EQ(record_->steps[0].input, -5);
  EXPECT_TRUE(std::isnan(record_->steps[0].cost_usd));
  ASSERT_EQ(record_->tools.size(), 1U);
  EXPECT_EQ(record_->tools[0].name, "t\x1b");
  EXPECT_EQ(record_->tools[0].input, "no json");
}

TEST_F(ScriptedRunnerTest, FailsWhereACommandEndsOtherwiseThanTheScriptSays) {
  const std::string script = R"({"rules": [{"steps": [{"run": "make", "exits": 3}]}]})";
  fake_.commands.push_back({{}, {exec_outcome::exited, 3, 0, 0}, 0, {}});
  EXPECT_THAT(run(script, "hello"), IsOk());
  fake_.commands.push_back({{{"oh"}}, {exec_outcome::exited, 0, 0, 0}, 0, {}});
  EXPECT_THAT(run(script, "hello"), FailsWith(Errc::External, "'make' exited with 0: oh"));
}

TEST_F(ScriptedRunnerTest, PlaysEveryStep) {
  fake_.commands.push_back({{{"out"}, {"err", true}}, {exec_outcome::exited, 3, 0, 0}, 0, {}});
  fake_.commands.push_back({});
  ASSERT_THAT(run(R"({"rules": [{"steps": [
      {"write": {"a/b c.txt": "x\n", "gone": "y"}}, {"delete": ["gone"]}, {"run": "make test"},
      {"sleep_ms": 1050}, {"usage": {"input": 10, "output": 2, "cost": 0.5}},
      {"retry": "busy", "after_ms": 10}, {"text": "first"}, {"text": "last"}]}]})",
                  "hello"),
              IsOk());
  EXPECT_TRUE(record_->finished);
  EXPECT_EQ(record_->answer, "last");
  EXPECT_EQ(content("a/b c.txt"), "x\n");
  EXPECT_FALSE(fs::exists(dir_ / "work/gone"));
  ASSERT_EQ(record_->tools.size(), 4u);
  EXPECT_EQ(record_->tools[3].input, R"({"command":"make test"})");
  EXPECT_EQ(record_->tools[3].output, "out\nerr\n");
  EXPECT_EQ(record_->tools[3].exit_code, 3);
  ASSERT_EQ(record_->steps.size(), 1u);
  EXPECT_EQ(record_->steps[0].input, 10);
  EXPECT_DOUBLE_EQ(record_->steps[0].cost_usd, 0.5);
  EXPECT_THAT(fake_.executed.at(0).argv, ElementsAre("/bin/sh", "-c", "make test"));
  EXPECT_THAT(fake_.executed.at(1).argv, ElementsAre("sleep", "1.050"));
}

TEST_F(ScriptedRunnerTest, RulesMatchRoleTextAndCount) {
  const std::string script = R"({"rules": [
      {"role": "planner", "steps": [{"text": "a plan"}]},
      {"contains": "n1", "nth": 1, "steps": [{"text": "wrong"}]},
      {"contains": "n1", "nth": 2, "steps": [{"text": "right"}]},
      {"contains": "n1", "steps": [{"text": "later"}]}]})";
  const auto answer = [&](const char* message, const char* role) {
    EXPECT_THAT(run(script, message, true, role), IsOk());
    return record_->answer;
  };
  EXPECT_EQ(answer("node n1", "planner"), "a plan");  // also the first that met the n1 rules
  EXPECT_EQ(answer("node n1", "executor"), "right");
  EXPECT_EQ(answer("node n1", "executor"), "later");
  EXPECT_THAT(run(script, "node n2"), FailsWith(Errc::NotFound, "node n2"));
}

TEST_F(ScriptedRunnerTest, ReaderMayNotChangeAnything) {
  for (const char* step : {R"({"write": {"x": ""}})", R"({"delete": ["x"]})", R"({"run": "x"})"}) {
    ASSERT_THAT(run(R"({"rules": [{"steps": [)" + std::string(step) + R"(, {"text": "no"}]}]})",
                    "hello", false),
                IsOk());
    EXPECT_FALSE(record_->finished);
    EXPECT_EQ(record_->failure, agent_failure::refused);
    EXPECT_EQ(record_->terminal_events, 1);
    EXPECT_TRUE(fs::is_empty(dir_ / "work"));
  }
  EXPECT_TRUE(fake_.executed.empty());
}

TEST_F(ScriptedRunnerTest, FailureEndsTheCall) {
  ASSERT_THAT(run(R"({"rules": [{"steps": [{"fail": "rate_limit", "why": "busy",
                     "retry_after_ms": 5}, {"text": "never"}]}]})",
                  "hello"),
              IsOk());
  EXPECT_EQ(record_->failure, agent_failure::rate_limit);
  EXPECT_EQ(record_->why, "busy");
  EXPECT_EQ(record_->retry_after_ms, 5);
  EXPECT_TRUE(record_->texts.empty());
}

TEST_F(ScriptedRunnerTest, HostThatEndsACommandEndsTheCall) {
  fake_.commands.push_back({{}, {exec_outcome::timed_out, 0, 0, 0}, 0, {}});
  fake_.commands.push_back({{}, {exec_outcome::cancelled, 0, 0, 0}, 0, {}});
  ASSERT_THAT(run(R"({"rules": [{"steps": [{"sleep_ms": 9}, {"text": "never"}]}]})", "x"), IsOk());
  EXPECT_EQ(record_->failure, agent_failure::deadline);
  ASSERT_THAT(run(R"({"rules": [{"steps": [{"run": "x"}, {"text": "never"}]}]})", "x"), IsOk());
  EXPECT_EQ(record_->failure, agent_failure::cancelled);
  EXPECT_TRUE(record_->tools.empty());
}

TEST(Script, ErrorsNameTheFileAndThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "/s.json: "},
      {"[]", "/s.json: is no object"},
      {"{}", "rules is missing"},
      {R"({"rules": [], "x": 1})", "unknown key 'x'"},
      {R"({"rules": [7]})", "/s.json: rules[0] is no object"},
      {R"({"rules": [{"steps": []}, {}]})", "rules[1].steps is missing"},
      {R"({"rules": [{"role": 1, "steps": []}]})", "rules[0].role is no text"},
      {R"({"rules": [{"nth": -1, "steps": []}]})", "rules[0].nth"},
      {R"({"rules": [{"steps": [{}]}]})", "rules[0].steps[0] is none of"},
      {R"({"rules": [{"steps": [{"text": "a"}, {"fail": "badly"}]}]})", "rules[0].steps[1].fail"},
      {R"({"rules": [{"steps": [{"write": {"a": 1}}]}]})", "steps[0].write"},
      {R"({"rules": [{"steps": [{"usage": {"input": "1"}}]}]})", "steps[0].usage.input"},
      {R"({"rules": [{"steps": [{"usage": {"cost": "much"}}]}]})", "steps[0].usage.cost"},
      {R"({"rules": [{"steps": [{"hex": "0g"}]}]})", "steps[0].hex"},
      {R"({"rules": [{"steps": [{"text": "x", "times": -1}]}]})", "steps[0].times"},
      {R"({"rules": [{"steps": [{"tool": 1}]}]})", "steps[0].tool"},
      {R"({"rules": [{"steps": [{"run": "a", "text": "b"}]}]})", "unknown key 'text'"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(parse_script(text, "/s.json"), FailsWith(Errc::Invalid, message)) << text;
  }
}

}  // namespace
}  // namespace runner_scripted
