// How a call over a server ends that is cut off; opencode_server_test.cpp has the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "opencode_server_fixture.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

class SharedServerTest : public ServerCallTest {
 protected:
  SharedServerTest() {
    server_.set_script({kBusBusy, kBusStepStart, kBusToolRuns});
    host_.cancelled_by_log = "tool 'bash' runs";
    server_.answer(kAbort, {500, "not now"});
  }

  static constexpr const char* kAbort = "POST /session/ses_1/abort";
};

TEST_F(SharedServerTest, IsToldAgainToAbortUntilItDoes) {
  std::thread patience([this] {
    while (!server_.has_answered(kAbort)) {
      std::this_thread::yield();
    }
    server_.answer(kAbort, {200, "true"});
  });
  const auto outcome = call(false);
  patience.join();
  EXPECT_EQ(outcome->failure, agent_failure::cancelled);
  const std::vector<std::string> asked = server_.requests();
  EXPECT_GE(std::count_if(asked.begin(), asked.end(),
                          [](const std::string& request) { return request.starts_with(kAbort); }),
            2);
  EXPECT_FALSE(was_asked("POST /instance/dispose")) << "of others in the folder";
  EXPECT_THAT(host_.warnings(), IsEmpty());
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(SharedServerTest, FolderOfASessionThatIsNotAbortedIsClosed) {
  question_.abort_ms = 50;
  ASSERT_THAT(call(false), IsOk());
  EXPECT_TRUE(was_asked("POST /instance/dispose"));
  EXPECT_FALSE(was_asked("POST /global/dispose"));
  EXPECT_THAT(host_.warnings(), IsEmpty());
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(SharedServerTest, SessionThatCannotBeEndedTakesTheServerFromAll) {
  question_.abort_ms = 50;
  question_.limits.tool_ms = 5000;  // the other call's, if it is not told
  server_.answer("POST /instance/dispose", {500, "not now"});
  FakeHost other_host;
  AgentRecord other_record;
  director::Result<Outcome> other = Outcome{};
  std::thread neighbour([&] { other = call_for(other_host, other_record, false); });
  server_.wait_asked("POST /session/ses_1/prompt_async");
  EXPECT_EQ(call(false)->failure, agent_failure::cancelled);
  neighbour.join();
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(other->failure, agent_failure::transport);
  EXPECT_THAT(other->why, HasSubstr("another call could not end its session"));
  EXPECT_THAT(other_host.released, ElementsAre(DIRECTOR_DAEMON_STOP));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
  EXPECT_THAT(host_.warnings(), ElementsAre(HasSubstr("'ses_1'")));
}

TEST_F(SharedServerTest, SessionThatMayGoOnIsNamed) {
  question_.abort_ms = 50;
  question_.leave_ms = 50;
  server_.answer("POST /instance/dispose", {500, "not now"});
  const auto held = shared_server({"127.0.0.1", 1, FakeOpencode::kPassword});
  ASSERT_THAT(call(false), IsOk());
  EXPECT_TRUE(held->is_given_up);
  EXPECT_THAT(host_.warnings(), Contains(HasSubstr("session 'ses_1' may work on")));
}

}  // namespace
}  // namespace runner_opencode
