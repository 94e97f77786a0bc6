// Tests that are on the job branch already, and those of another node.
#include "core/engine/test_authoring.hpp"

#include <gmock/gmock.h>

#include <string>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

std::string two_nodes_with(const std::string& command_of_a, const std::string& tests_of_b) {
  return R"({"nodes":[
 {"id":"a","title":"A","spec":"do a","files":["a.txt"],"depends_on":[],
  "test_cmd":")" +
         command_of_a + R"(","tests":["tests/a.test"]},
 {"id":"b","title":"B","spec":"do b","files":["b.txt"],"depends_on":["a"],
  "test_cmd":"+b.txt","tests":[)" +
         tests_of_b + "]}]}";
}

Turn author_writes(const director::testing::FileMap& files) {
  Turn turn;
  for (const auto& [path, bytes] : files) {
    turn.files[path] = bytes;
  }
  return turn;
}

class TestsOnTheBranch : public ::testing::Test {
 protected:
  void plan_as(const std::string& plan) {
    world.runner.script["explorer"] = {Turn{.answer = "the map"}};
    world.runner.script["brainstorm"] = {Turn{.answer = "the spec"}};
    world.runner.script["planner"] = {Turn{.answer = plan}};
    world.runner.script["test_author-a"] = {author_writes({{"tests/a.test", "test"}})};
    world.runner.script["test_author-b"] = {author_writes({{"tests/b.test", "test"}})};
  }

  /// The journal as it was before it said that a's tests were authored, the branch as after it.
  void lose_what_came_after_the_tests_of_a() {
    std::string written;
    world.on_plan_event = [&](const run::PlanEvent& event) {
      if (std::holds_alternative<run::TestsWritten>(event) && written.empty()) {
        written = world.files.text(world.journal());
      }
    };
    world.runner.script["test_author-b"] = {Turn{.failure = agent_failure::transport}};
    ASSERT_THAT(world.plan(world.job()), FailsWith(Errc::External, "test-author"));
    world.on_plan_event = nullptr;
    ASSERT_THAT(world.repository.message(kRef), HasSubstr("Director-Tests: a"));
    world.files.put(world.journal(), written);
    world.runner.script["test_author-b"] = {author_writes({{"tests/b.test", "test"}})};
    world.runner.forget_calls();
  }

  World world;
};

TEST_F(TestsOnTheBranch, AreTakenWhereTheyAreRed) {
  plan_as(two_nodes_with("+a.txt", R"("tests/b.test")"));
  lose_what_came_after_the_tests_of_a();
  ASSERT_THAT(world.plan(world.job()), IsOk());
  EXPECT_EQ(world.runner.calls("test_author-a").size(), 0U) << "nothing is paid twice";
  EXPECT_EQ(world.repository.messages(kRef).size(), 3U);
}

TEST_F(TestsOnTheBranch, GoBackToTheirAuthorWhereTheyAreNot) {
  plan_as(two_nodes_with("=tests/a.test:test", R"("tests/b.test")"));
  world.gate.judge_as = [](const gate_request&) { return verdict::fail("exit 1", "expected it"); };
  lose_what_came_after_the_tests_of_a();
  world.gate.judge_as = nullptr;  // by now they pass
  world.runner.script["test_author-a"] = {author_writes({{"tests/a.test", "better"}})};
  ASSERT_THAT(world.plan(world.job()), IsOk());
  const auto calls = world.runner.calls("test_author-a");
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_THAT(calls[0].message, HasSubstr("passes although nothing is implemented"));
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "better");
}

TEST_F(TestsOnTheBranch, ThatAreNeverRedEndThePlanning) {
  plan_as(two_nodes_with("=tests/a.test:test", R"("tests/b.test")"));
  world.gate.judge_as = [](const gate_request&) { return verdict::fail("exit 1", "expected it"); };
  lose_what_came_after_the_tests_of_a();
  world.gate.judge_as = [](const gate_request&) { return verdict::pass("exit 0"); };
  world.runner.script["test_author-a"] = {author_writes({{"tests/a.test", "as bad"}})};
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Invalid, "tests of node 'a'"));
}

TEST_F(TestsOnTheBranch, ThatWaitForEverAreNotRed) {
  plan_as(two_nodes_with("+a.txt", R"("tests/b.test")"));
  world.gate.on_check = [&](const gate_request&, bool) {
    world.clock.advance(world.settings.limits.node_timeout);
  };
  world.runner.script["test_author-a"] = {author_writes({{"tests/a.test", "test"}})};
  EXPECT_THAT(world.plan(world.job()), FailsWith(Errc::Invalid, "the tests cannot be run"));
}

TEST_F(TestsOnTheBranch, OfAnotherNodesAuthorStayAsTheyAre) {
  plan_as(two_nodes_with("+a.txt", R"("tests/a.test","tests/b.test")"));
  world.runner.script["test_author-b"] = {
      author_writes({{"tests/a.test", "true"}, {"tests/b.test", "test"}}),
      author_writes({{"tests/b.test", "test"}})};
  ASSERT_THAT(world.plan(world.job()), IsOk());
  const auto calls = world.runner.calls("test_author-b");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("'tests/a.test' holds the tests of node 'a'"));
  EXPECT_EQ(world.repository.files_at(kRef)["tests/a.test"], "test");
  EXPECT_EQ(world.repository.files_at(kRef)["tests/b.test"], "test");
}

}  // namespace
}  // namespace director::engine::testing
