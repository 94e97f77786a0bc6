#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "fakes/fake_host.hpp"
#include "gate_script.hpp"
#include "scripted_gate.hpp"
#include "unit/matchers.hpp"

namespace gate_scripted {
namespace {

namespace fs = std::filesystem;
using director::Errc;
using director::exec_outcome;
using director::testing::FailsWith;
using director::testing::FakeHost;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ScriptedGateTest : public ::testing::Test {
 protected:
  ScriptedGateTest() {
    std::string name = (fs::temp_directory_path() / "director-scripted-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    workdir_ = (dir_ / "checkout").string();
    fs::create_directories(workdir_);
    request_.name = "tests";
    request_.command = "sh tests/one.sh";
    request_.node = "one";
    request_.workdir = workdir_;
  }
  ~ScriptedGateTest() override { fs::remove_all(dir_); }

  void script(const std::string& text) const {
    std::ofstream(dir_ / "gates.json", std::ios::trunc) << text;
  }
  director::verdict check() {
    director::host services = fake_.services();
    director::instance_info info;
    info.config_json = R"({"script": ")" + (dir_ / "gates.json").string() + R"("})";
    auto gate = ScriptedGate::create(info, services);
    return gate ? (*gate)->check(request_, services)
                : director::verdict::error(gate.error().message());
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream(fs::path(workdir_) / name, std::ios::trunc) << text;
  }

  FakeHost fake_;
  fs::path dir_;
  std::string workdir_;
  director::gate_request request_;
};

TEST_F(ScriptedGateTest, TheFirstRuleWhoseConditionsHoldAnswers) {
  script(R"({"rules": [
    {"scope": "integration", "verdict": "error"},
    {"node": "two", "verdict": "error"},
    {"gate": "lint", "verdict": "error"},
    {"command": ["sh", "two"], "verdict": "error"},
    {"changed": ["one.txt", "two.txt"], "verdict": "error"},
    {"changed": "one.txt", "verdict": "fail", "summary": "no", "detail": "why", "exit_code": 3},
    {"verdict": "pass"}]})");
  request_.changes.push_back({director::change_kind::added, "one.txt", {}, {}});
  const director::verdict said = check();
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_FAIL);
  EXPECT_EQ(said.summary, "no");
  EXPECT_EQ(said.detail, "why");
  EXPECT_EQ(said.exit_code, 3);
  request_.changes.clear();
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_PASS);
  request_.scope = director::gate_scope::integration;
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_ERROR);
}

TEST_F(ScriptedGateTest, FilesAreLookedAtInTheCheckout) {
  script(R"({"rules": [
    {"files": {"a": "exact\n", "gone": null}, "verdict": "pass"},
    {"files": {"a": {"has": ["ex", "act"], "lacks": "not"}}, "verdict": "fail"}]})");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_ERROR) << "there is no file at all";
  write("a", "exactly not\n");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_ERROR);
  write("a", "exactly\n");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_FAIL);
  write("a", "exact\n");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_PASS);
  write("gone", "");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_FAIL);
}

TEST_F(ScriptedGateTest, ALinkIsNoFileOfTheCheckout) {
  script(R"({"rules": [{"files": {"a": {"has": "secret"}}, "verdict": "pass"}]})");
  std::ofstream(dir_ / "outside") << "secret";
  fs::create_symlink(dir_ / "outside", fs::path(workdir_) / "a");
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_ERROR);
}

TEST_F(ScriptedGateTest, CallsAreCountedForEachRule) {
  script(R"({"rules": [{"nth": 1, "verdict": "fail"}, {"nth": 3, "verdict": "error"},
                       {"verdict": "pass"}]})");
  std::vector<director_gate_outcome> said;
  for (int i = 0; i < 4; ++i) {
    said.push_back(check().outcome);
  }
  EXPECT_THAT(said, ElementsAre(DIRECTOR_GATE_FAIL, DIRECTOR_GATE_PASS, DIRECTOR_GATE_ERROR,
                                DIRECTOR_GATE_PASS));
}

TEST_F(ScriptedGateTest, WhatNoRuleAnswersIsNoPass) {
  script(R"({"rules": []})");
  const director::verdict said = check();
  EXPECT_EQ(said.outcome, DIRECTOR_GATE_ERROR);
  EXPECT_THAT(said.summary, HasSubstr("no rule"));
  EXPECT_THAT(said.summary, HasSubstr("'sh tests/one.sh'"));
  script(R"({"rules": [{"verdict": "pass"}]})");
  request_.workdir = "/nonexistent";
  EXPECT_EQ(check().outcome, DIRECTOR_GATE_ERROR);
}

TEST_F(ScriptedGateTest, SleepsThroughTheHost) {
  script(R"({"rules": [{"sleep_ms": 1250, "verdict": "pass"}]})");
  const auto ends = [&](director::exec_result end) {
    fake_.commands.push_back({{}, end, DIRECTOR_OK, {}});
    return check().outcome;
  };
  EXPECT_EQ(ends({}), DIRECTOR_GATE_PASS);
  EXPECT_THAT(fake_.executed.at(0).argv, ElementsAre("sleep", "1.250"));
  EXPECT_EQ(ends({exec_outcome::timed_out, 0, 0, 0}), DIRECTOR_GATE_FAIL);
  EXPECT_EQ(ends({exec_outcome::cancelled, 0, 0, 0}), DIRECTOR_GATE_ERROR);
  EXPECT_EQ(ends({exec_outcome::exited, 127, 0, 0}), DIRECTOR_GATE_ERROR);
  fake_.is_cancelled = true;
  EXPECT_EQ(ends({}), DIRECTOR_GATE_ERROR);
}

TEST(GateScript, MistakesAreNamedWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "/s.json: "},
      {R"({"rule": []})", "unknown key 'rule'"},
      {R"({"rules": [{"verdict": "maybe"}]})", "rules[0].verdict is none of pass, fail, error"},
      {R"({"rules": [{"verdict": "pass"}, {}]})", "rules[1].verdict"},
      {R"({"rules": [{"verdict": "pass", "files": {"a": {"is": ""}}}]})",
       "rules[0].files['a'] has an unknown key 'is'"},
      {R"({"rules": [{"verdict": "pass", "files": {"a": 1}}]})",
       "rules[0].files['a'] is no object"},
      {R"({"rules": [{"verdict": "pass", "scope": "job"}]})", ".scope is none of node"},
      {R"({"rules": [{"verdict": "pass", "nth": -1}]})", ".nth is no whole number"},
      {R"({"rules": [{"verdict": "pass", "exit_code": 256}]})", ".exit_code is no exit status"},
      {R"({"rules": [{"verdict": "pass", "changed": [1]}]})", ".changed is no text or list"},
  };
  for (const auto& [text, said] : cases) {
    EXPECT_THAT(parse_script(text, "/s.json"), FailsWith(Errc::Invalid, said)) << text;
  }
}

}  // namespace
}  // namespace gate_scripted
