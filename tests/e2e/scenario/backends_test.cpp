// Which combination a scenario is played on, and what becomes of the model's rules without a model.
#include "tests/e2e/scenario/backends.hpp"

#include <gtest/gtest.h>

#include "tests/e2e/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::e2e {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;

TEST(ScenarioBackends, AreTheBundledOnesUnlessChosen) {
  const Result<Backends> usual = fitted({}, {});
  ASSERT_THAT(usual, IsOk());
  EXPECT_EQ(usual->runner, "runner-opencode");
  EXPECT_EQ(usual->vcs, "vcs-git");
  EXPECT_EQ(usual->gate, "gate-shell");
  EXPECT_EQ(usual->sink, "metrics-jsonl");
  Scenario scripted;
  scripted.script = "script.json";
  EXPECT_EQ(fitted({}, scripted)->runner, "runner-scripted");
}

TEST(ScenarioBackends, AreChosenByShortNameOrById) {
  Backends backends;
  ASSERT_THAT(choose(backends, "--vcs", "memory"), IsOk());
  ASSERT_THAT(choose(backends, "--gate", "my-gate"), IsOk());
  EXPECT_EQ(backends.vcs, "vcs-memory");
  EXPECT_EQ(backends.gate, "my-gate");
  EXPECT_THAT(choose(backends, "--color", "red"), FailsWith(Errc::Invalid, "'--color'"));
}

TEST(ScenarioBackends, WhatAScenarioNeedsItGetsOrIsNotPlayed) {
  Scenario scenario;
  scenario.needs = {{"git", "the agent commits"}, {"opencode", "it waits by itself"}};
  EXPECT_THAT(fitted({}, scenario), IsOk());
  EXPECT_THAT(fitted({"", "vcs-memory", "", "", {}}, scenario),
              FailsWith(Errc::Invalid, "needs git, not 'vcs-memory': the agent commits"));
  EXPECT_THAT(fitted({"runner-scripted", "", "", "", {}}, scenario),
              FailsWith(Errc::Invalid, "needs opencode"));
  scenario.needs.clear();
  scenario.folder = "/nonexistent";
  EXPECT_THAT(fitted({"", "", "gate-scripted", "", {}}, scenario),
              FailsWith(Errc::Invalid, "no gates.json"));
  scenario.script = "script.json";
  EXPECT_THAT(fitted({"runner-opencode", "", "", "", {}}, scenario),
              FailsWith(Errc::Invalid, "none for OpenCode"));
}

Result<std::string> converted(const std::string& rules) {
  const TempFolder folder;
  write_file(folder.path() / "answer.md", "from a file");
  write_file(folder.path() / "model.json", "{\"rules\": [" + rules + "]}");
  return script_of_model(folder.path() / "model.json");
}

TEST(ScriptOfModel, AConversationIsACallAndATurnAStep) {
  const Result<std::string> script = converted(R"(
    {"name": "a", "match": {"model": "executor", "contains": ["x"], "not_contains": ["y"],
                            "session_max": 2},
     "turns": [{"tool_calls": [
                  {"name": "write", "arguments": {"filePath": "{{cwd}}/d/one.txt", "content": "1"}},
                  {"name": "bash", "arguments": {"command": "ls {{cwd}}"}},
                  {"name": "glob", "arguments": {}}]},
               {"text": "DONE", "usage": {"prompt": 10, "cached": 4, "completion": 5,
                                          "reasoning": 2}}]},
    {"match": {"session_nth": 3}, "turns": [{"text_file": "answer.md"}]})");
  ASSERT_THAT(script, IsOk());
  EXPECT_EQ(*script,
            R"({"rules":[{"name":"a","model":"scripted/executor","contains":["x"],"lacks":["y"],)"
            R"("first":2,"steps":[{"write":{"d/one.txt":"1"}},{"run":"ls ."},{"tool":"glob"},)"
            R"({"usage":{"input":6,"output":3,"reasoning":2,"cache_read":4}},{"text":"DONE"}]},)"
            R"({"name":"rules[1]","nth":3,"steps":[{"text":"from a file"}]}]})");
}

TEST(ScriptOfModel, WhatOnlyAnEndpointCanDoIsNoScript) {
  EXPECT_THAT(converted(R"({"turns": [{"error": {"status": 500}}]})"),
              FailsWith(Errc::Invalid, "turns[0].error: a script has nothing like this"));
  EXPECT_THAT(converted(R"({"turns": [], "fail_first": 1})"),
              FailsWith(Errc::Invalid, "fail_first"));
  EXPECT_THAT(converted(R"({"match": {"system_contains": ["x"]}, "turns": []})"),
              FailsWith(Errc::Invalid, "system_contains"));
}

}  // namespace
}  // namespace director::e2e
