// What is wrong with a scenario's file is an error with its place, never a check that is left out.
#include <gtest/gtest.h>

#include "tests/e2e/scenario/scenario.hpp"
#include "tests/e2e/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::e2e {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;

Result<Scenario> read(const std::string& text) {
  const TempFolder folder;
  write_file(folder.path() / "scenario.json", text);
  write_file(folder.path() / "there.txt", "bytes");
  return read_scenario(folder.path());
}

std::string scenario(const std::string& step, const std::string& end = R"({"calls": {}})") {
  return R"({"about": "x", "steps": [)" + step + R"(], "end": )" + end + "}";
}

TEST(ReadScenario, ReadsStepsEditsAndExpectations) {
  const Result<Scenario> read_one = read(scenario(
      R"({"before": [{"write": "a", "from": "there.txt"}, {"replace": "a", "old": "x", "new": "y"},
                     {"on_branch": [{"delete": "b"}], "message": "m"}, {"git": ["status"]}],
          "director": ["run"], "exit": 1, "stderr": {"lacks": ["z"]}, "unchanged": ["c"],
          "then": {"files": {"d": null, "e": "text", "f": {"has": ["g"]}}}})"));
  ASSERT_THAT(read_one, IsOk());
  const Step& step = read_one->steps.at(0);
  EXPECT_EQ(step.exit, 1);
  EXPECT_EQ(step.before.at(0).text, "bytes");
  EXPECT_EQ(step.before.at(2).edits.at(0).kind, Edit::Kind::Delete);
  EXPECT_EQ(step.err.lacks.at(0), "z");
  EXPECT_FALSE(step.then.files.at("d").exact || step.then.files.at("d").parts);
  EXPECT_EQ(step.then.files.at("e").exact, "text");
  EXPECT_EQ(step.then.files.at("f").parts->has.at(0), "g");
}

TEST(ReadScenario, ReadsTheWorldThatItIsPlayedIn) {
  const Result<Scenario> read_one =
      read(R"({"about": "x", "script": "there.txt", "environment": {"A": "b"},
               "needs": {"git": "why"}, "needs_sandbox": true, "touches_repository": true,
               "plan": {"task": "t"},
               "steps": [{"director": ["run"], "exit": 0}], "end": {"calls": {}}})");
  ASSERT_THAT(read_one, IsOk());
  EXPECT_EQ(read_one->script->filename(), "there.txt");
  EXPECT_EQ(read_one->environment.at("A"), "b");
  EXPECT_EQ(read_one->needs.at("git"), "why");
  EXPECT_TRUE(read_one->needs_sandbox && read_one->touches_repository);
  EXPECT_EQ(read_one->job.filename(), "job");
}

TEST(ReadScenario, RefusesWhatItDoesNotKnow) {
  const std::string good = R"({"director": ["run"], "exit": 0})";
  EXPECT_THAT(read(scenario(good)), IsOk());
  const struct {
    std::string text;
    const char* part;
  } cases[] = {
      {scenario(R"({"director": ["run"], "exit": 0, "exits": 0})"), "steps[0].exits: unknown key"},
      {scenario(R"({"director": ["run"]})"), "exit"},
      {scenario(R"({"director": "run", "exit": 0})"), "steps[0].director"},
      {scenario(R"({"director": ["run"], "exit": 0, "stdout": {"have": []}})"), "unknown key"},
      {scenario(R"({"director": ["run"], "exit": 0, "then": {"node": {}}})"), "then.node"},
      {scenario(R"({"director": [], "exit": 0, "before": [{"write": "a", "txt": ""}]})"),
       "before[0].txt: unknown key"},
      {scenario(R"({"director": [], "exit": 0, "before": [{"write": "a", "from": "gone"}]})"),
       "'gone'"},
      {scenario(R"({"director": [], "exit": 0, "before": [{"write": "a"}]})"), "text"},
      {scenario(good, R"({"calls": {"executor": "one"}})"), "calls.executor"},
      {scenario(good, R"({"calls": {}, "prompts": {"r": {"contains": []}}})"), "unknown key"},
      {scenario(good, R"({"calls": {}, "branch": {"commands": []}})"), "unknown key"},
      {scenario(good, "{}"), "'calls'"},
      {scenario(""), "there must be a step"},
      {R"({"steps": [], "end": {}})", "about"},
      {R"({"about": "x", "script": "gone.json", "steps": [], "end": {}})", "'gone.json'"},
      {R"({"about": "x", "needs": {"hg": "why"}, "steps": [], "end": {}})",
       "needs.hg: unknown key"},
      {R"({"about": "x", "plan": "gone", "steps": [], "end": {}})", "there is no plan 'gone'"},
      {R"({"about": "x", "plan": 1, "steps": [], "end": {}})", "plan"},
      {"{", "scenario.json"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(read(one.text), FailsWith(Errc::Invalid, one.part)) << one.text;
  }
  EXPECT_THAT(read_scenario("/nonexistent"), FailsWith(Errc::Io, "/nonexistent"));
}

}  // namespace
}  // namespace director::e2e
