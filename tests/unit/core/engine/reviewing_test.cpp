// Reviews within a run: stage one advises, stage two may block, neither is passed by an error.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>
#include <vector>

#include "world.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;
using ::testing::HasSubstr;

Error unreadable() { return Error(Errc::External, "cannot read the review"); }

review block(const std::string& why) {
  return {"No.", {{severity::critical, "a.txt", why}, {severity::minor, "a.txt", "style"}}};
}

class Reviewing : public ::testing::Test {
 protected:
  Reviewing() {
    world.adopt({node("a")});
    world.obedient({"a"});
    world.settings.review.stage_two_file_threshold = 0;  // every change is wide
  }

  run::RunState run() {
    Result<run::RunState> end = world.run();
    EXPECT_THAT(end, IsOk());
    return end ? std::move(*end) : run::RunState();
  }

  World world;
};

TEST_F(Reviewing, StageOneAloneAdvisesAndNeverBlocks) {
  world.settings.review.stage_one_llm = true;
  world.settings.review.stage_two = false;
  world.reviewer.script = {block("it is wrong")};
  const run::RunState end = run();
  const run::NodeState& a = state_of(end, "a");
  EXPECT_EQ(a.status, run::NodeStatus::Done);
  EXPECT_THAT(a.advice, HasSubstr("critical, a.txt: it is wrong"));
  EXPECT_FALSE(a.review_ran) << "stage two did not take place";
  EXPECT_EQ(a.review_blocks, 0);
}

TEST_F(Reviewing, StageOneThatFailsCostsItsAdviceOnly) {
  world.settings.review.stage_one_llm = true;
  world.reviewer.script = {unreadable(), review{"Fine.", {}}};
  const run::RunState end = run();
  const run::NodeState& a = state_of(end, "a");
  EXPECT_EQ(a.status, run::NodeStatus::Done);
  EXPECT_THAT(a.advice, HasSubstr("no advice: cannot read the review"));
  EXPECT_EQ(a.review_summary, "Fine.");
  EXPECT_EQ(world.reviewer.diffs().size(), 2U);
}

TEST_F(Reviewing, StagesAskTheirOwnTiersWithTheReviewersPrompt) {
  world.settings.review.stage_one_llm = true;
  world.reviewer.asks = true;
  world.runner.script["explorer-a"] = {Turn{.answer = "looks fine"}};
  world.runner.script["reviewer-a"] = {Turn{.answer = "looks fine"}};
  (void)run();
  ASSERT_EQ(world.runner.calls("explorer-a").size(), 1U);
  ASSERT_EQ(world.runner.calls("reviewer-a").size(), 1U);
  EXPECT_EQ(world.runner.calls("explorer-a")[0].model, "p/explorer");
  EXPECT_FALSE(world.runner.calls("reviewer-a")[0].may_edit);
}

TEST_F(Reviewing, BlockReopensTheNodeAsAnAttemptWithTheReason) {
  world.reviewer.script = {block("it is wrong"), review{"Fine.", {}}};
  const run::RunState end = run();
  const run::NodeState& a = state_of(end, "a");
  EXPECT_EQ(a.status, run::NodeStatus::Done);
  EXPECT_EQ(a.attempts, 2);
  EXPECT_EQ(a.review_blocks, 1);
  const auto calls = world.runner.calls("executor-a");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_THAT(calls[1].message, HasSubstr("a.txt: it is wrong"));
}

TEST_F(Reviewing, ReviewThatCannotBeHadIsAnErrorUnlessConfiguredToPass) {
  world.reviewer.script = {unreadable()};
  EXPECT_EQ(state_of(run(), "a").status, run::NodeStatus::Error);
  World lenient;
  lenient.adopt({node("a")});
  lenient.obedient({"a"});
  lenient.settings.review = {.stage_two_file_threshold = 0,
                             .on_error = config::OnReviewError::Pass};
  lenient.reviewer.script = {unreadable()};
  const Result<run::RunState> end = lenient.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(state_of(*end, "a").status, run::NodeStatus::Done);
  EXPECT_THAT(state_of(*end, "a").review_summary, HasSubstr("cannot read the review"));
}

TEST_F(Reviewing, CeilingBeforeTheReviewKeepsThePassedWorkForTheNextRun) {
  world.reviewer.asks = true;
  world.runner.script["reviewer-a"] = {Turn{.answer = "looks fine"}};
  world.settings.limits.cost_ceiling_usd = 0.25;  // the executor's call, and no more
  const run::RunState first = run();
  EXPECT_EQ(first.outcome, "ceiling");
  EXPECT_EQ(state_of(first, "a").status, run::NodeStatus::Pending);
  world.settings.limits.cost_ceiling_usd = 0;
  const run::RunState second = run();
  EXPECT_EQ(second.outcome, "done");
  EXPECT_EQ(world.runner.calls("executor-a").size(), 1U) << "its work was not paid for again";
}

TEST_F(Reviewing, CeilingThatForbadeStageOneIsNoneOfStageTwo) {
  World two;
  two.adopt({node("b"), node("a", {"b"})});
  two.obedient({"a", "b"});
  two.settings.review = {.stage_two_file_threshold = 0,
                         .stage_one_llm = true,
                         .on_error = config::OnReviewError::Pass};
  two.settings.limits.cost_ceiling_usd = 1.5;
  two.reviewer.asks = true;
  two.reviewer.script = {review{"Fine.", {}}, review{"Fine.", {}}, unreadable()};
  for (const char* id : {"a", "b"}) {
    two.runner.script[std::string("explorer-") + id] = {Turn{.answer = "fine", .cost_usd = 0.5}};
    two.runner.script[std::string("reviewer-") + id] = {Turn{.answer = "fine", .cost_usd = 0.125}};
  }
  const Result<run::RunState> end = two.run();
  ASSERT_THAT(end, IsOk());
  EXPECT_TRUE(two.runner.calls("explorer-a").empty());
  EXPECT_EQ(two.runner.calls("reviewer-a").size(), 1U);
  EXPECT_EQ(end->outcome, "done");
  EXPECT_THAT(state_of(*end, "a").review_summary, HasSubstr("cannot read the review"));
}

TEST_F(Reviewing, AnswerToOneQuestionIsNoneToAnother) {
  world.runner.script["explorer-a"] = {
      Turn{.answer = "no such key", .failure = agent_failure::config}};
  world.runner.script["reviewer-a"] = {Turn{.answer = "fine"}};
  world.reviewer.on_examine = [](const review_request& request, host& services) {
    EXPECT_FALSE(services.ask("explorer", "is it right?", request.workdir));
    EXPECT_TRUE(services.ask("reviewer", "is it nice?", request.workdir));
  };
  EXPECT_EQ(state_of(run(), "a").status, run::NodeStatus::Error);
}

TEST_F(Reviewing, QuestionThatIsAskedAgainAndAnsweredIsAnswered) {
  world.runner.script["reviewer-a"] = {
      Turn{.answer = "no such key", .failure = agent_failure::config}, Turn{.answer = "fine"}};
  world.reviewer.on_examine = [](const review_request& request, host& services) {
    EXPECT_FALSE(services.ask("reviewer", "is it right?", request.workdir));
    EXPECT_TRUE(services.ask("reviewer", "is it right?", request.workdir));
  };
  EXPECT_EQ(state_of(run(), "a").status, run::NodeStatus::Done);
}

TEST_F(Reviewing, QuestionsOfSeveralThreadsAreAnsweredOneAfterTheOther) {
  world.settings.limits.node_cost_ceiling_usd = 0.5;  // the executor's call, and one more
  world.runner.script["reviewer-a"] = {Turn{.answer = "fine"}};
  world.runner.on_call = [](const AgentCall& call) {
    if (call.key == "reviewer-a") {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the others would come in
    }
  };
  world.reviewer.on_examine = [](const review_request& request, host& services) {
    std::vector<std::thread> threads;
    for (const char* question : {"is it right?", "is it nice?", "is it short?"}) {
      threads.emplace_back([&services, &request, question] {
        (void)services.ask("reviewer", question, request.workdir);
      });
    }
    for (std::thread& one : threads) {
      one.join();
    }
  };
  EXPECT_EQ(state_of(run(), "a").status, run::NodeStatus::Failed);
  EXPECT_EQ(world.runner.calls("reviewer-a").size(), 1U) << "the node had one call at a time";
}

TEST_F(Reviewing, EndpointThatIsDownForAMomentIsNoReviewError) {
  world.reviewer.asks = true;
  world.runner.script["reviewer-a"] = {
      Turn{.answer = "rate limit", .failure = agent_failure::rate_limit, .retry_after_ms = 2000},
      Turn{.answer = "looks fine"}};
  EXPECT_EQ(state_of(run(), "a").status, run::NodeStatus::Done);
  EXPECT_EQ(world.runner.calls("reviewer-a").size(), 2U);
}

}  // namespace
}  // namespace director::engine::testing
