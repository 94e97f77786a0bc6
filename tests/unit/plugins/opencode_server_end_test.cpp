// How a call over a server ends that is cut off; opencode_server_test.cpp has the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "opencode_server_fixture.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using ::testing::HasSubstr;

TEST_F(ServerCallTest, StopWithACallOfAToolIsNoEndBeforeTheSessionIsIdle) {
  std::vector<std::string> script{kBusBusy, kBusStepStart, kBusToolDone, kBusStepStop};
  server_.set_script(script);
  question_.limits.silence_ms = 50;
  EXPECT_THAT(call()->why, HasSubstr("no sign of life"));
  question_.limits.silence_ms = 0;
  script.push_back(kBusIdle);
  server_.set_script(script);
  EXPECT_TRUE(call()->finished);
}

TEST_F(ServerCallTest, CancelAfterAStopWithACallIsOne) {
  server_.set_script({kBusBusy, kBusStepStart, kBusToolDone, kBusStepStop, kBusRetry});
  host_.cancelled_by_log = "tries again";
  EXPECT_EQ(call()->failure, agent_failure::cancelled);
}

TEST_F(ServerCallTest, ServerThatDiesAfterAStopWithACallIsTransport) {
  server_.set_script({kBusBusy, kBusStepStart, kBusToolDone, kBusStepStop});
  server_.hang_up_after_script();
  daemon_ = {false, -1, "it was killed by signal 9"};
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::transport) << outcome->answer;
  EXPECT_THAT(outcome->why, HasSubstr("the call broke off"));
}

TEST_F(ServerCallTest, OverflowThatMayYetBeCompactedIsNoEnd) {
  const std::string overflow = bus(
      "session.error",
      R"({"sessionID":"ses_1","error":{"name":"ContextOverflowError","data":{"message":"too long"}}})");
  server_.set_script({kBusBusy, kBusStepStart, overflow});
  question_.limits.silence_ms = 50;
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::transport);
  EXPECT_THAT(outcome->why, HasSubstr("no sign of life"));
  question_.limits.silence_ms = 0;
  server_.set_script({kBusBusy, kBusStepStart, overflow, kBusIdle});
  EXPECT_EQ(call()->failure, agent_failure::model);
}

}  // namespace
}  // namespace runner_opencode
