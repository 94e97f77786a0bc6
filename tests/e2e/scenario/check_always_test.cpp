// What is asked of every scenario is able to fail: a job that is in order is spoilt in one way
// after the other, and each is found.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "tests/e2e/scenario/checks.hpp"

namespace director::e2e {
namespace {

/// The messages of the failures, of any kind, in `body`.
std::string failures_of(const std::function<void()>& body) {
  ::testing::TestPartResultArray results;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results);
    body();
  }
  std::string all;
  for (int i = 0; i < results.size(); ++i) {
    all += std::string(results.GetTestPartResult(i).message()) + "\n";
  }
  return all;
}

/// A job that ended without a call: its nodes are mis-specified.
class CheckAlways : public ::testing::Test {
 protected:
  void SetUp() override {
    const Ran ran = stage_.world().director({"run"});
    ASSERT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    ASSERT_EQ(failures_of([this] { check_always(stage_); }), "");
  }

  void expect_found(const std::string& part) {
    const std::string found = failures_of([this] { check_always(stage_); });
    EXPECT_NE(found.find(part), std::string::npos) << "not found: " << part << "\n" << found;
  }

  void spoil(const std::string& name, const std::string& bytes, const std::string& part) {
    const fs::path file = stage_.world().state() / name;
    const bool present = fs::exists(file);
    const std::string before = read_file(file);
    write_file(file, bytes);
    expect_found(part);
    if (present) {
      write_file(file, before);
    } else {
      fs::remove(file);
    }
  }

  Stage stage_{read_scenario(fs::path(DIRECTOR_SCENARIOS) / "already-green").value()};
};

TEST_F(CheckAlways, FindsFilesThatAreNotAsTheirSchemasSay) {
  spoil("state.json", R"({"nodes": {"one": {"id": "one"}}})", "'status', 'attempts'");
  spoil("plan_stage.json", R"({"stage": "begin"})", "plan_stage.json");
  spoil("metrics.jsonl", "{\"kind\": \"node\"}\n", "metrics.jsonl");
  spoil("surprise.json", "{}", "no schema is known");
  spoil("history/j/costs.jsonl", "{}\n", "costs.jsonl");
  spoil("logs/x.jsonl", "no json\n", "x.jsonl");
}

TEST_F(CheckAlways, FindsMoneyThatIsNotInTheJournal) {
  spoil(
      "costs.jsonl",
      R"({"role": "executor", "model": "p/m", "input": 1, "output": 1, "cost": 0.5, "node": "one", "ts": 1, "call": "0009"})"
      "\n",
      "status --json and costs.jsonl");
  spoil(
      "costs.jsonl",
      R"({"role": "executor", "model": "p/m", "input": 1, "output": 1, "cost": 0, "node": "one", "ts": 1, "call": "0009"})"
      "\n",
      "no transcript of 0009");
}

TEST_F(CheckAlways, FindsWhatLandedTwiceOrWasThawed) {
  stage_.apply({{.kind = Edit::Kind::OnBranch,
                 .path = "",
                 .text = "One\n\nDirector-Job: 20260101-000000\nDirector-Node: one\n",
                 .old_text = "",
                 .args = {},
                 .edits = {{.kind = Edit::Kind::Write,
                            .path = "tests/one.sh",
                            .text = "true\n",
                            .old_text = "",
                            .args = {},
                            .edits = {}}}}});
  expect_found("commits on the job branch");
  expect_found("tests/one.sh is not as frozen");
}

TEST_F(CheckAlways, FindsABrokenRepository) {
  const std::string object = stage_.world().git_says({"rev-parse", "HEAD^{tree}"});
  fs::remove(stage_.world().repo() / ".git" / "objects" / object.substr(0, 2) / object.substr(2));
  expect_found(object);
}

TEST_F(CheckAlways, FindsAProcessThatIsLeft) {
  const std::string home = "HOME=" + (stage_.world().root() / "home").string();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char name[] = "sleep";
    char seconds[] = "600";
    std::string variable = home;
    char* argv[] = {name, seconds, nullptr};
    char* environment[] = {variable.data(), nullptr};
    execve("/bin/sleep", argv, environment);
    _exit(1);
  }
  while (read_file("/proc/" + std::to_string(child) + "/environ").find(home) == std::string::npos) {
    usleep(1000);
  }
  expect_found("process " + std::to_string(child) + " is left");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(CheckAlways, FindsARequestThatNoRuleAnswered) {
  write_file(stage_.world().root() / "requests.jsonl",
             R"({"n": 1, "rule": null, "problem": "no rule matches"})"
             "\n");
  expect_found("no rule answered: no rule matches");
}

}  // namespace
}  // namespace director::e2e
