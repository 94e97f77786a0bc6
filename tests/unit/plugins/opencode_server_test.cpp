// A call over a server that does what the test says; opencode_live_test.cpp has the real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "opencode_server_fixture.hpp"
#include "unit/matchers.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using director::Errc;
using director::testing::FailsWith;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ServerCallTest, ToldAsItHappensAndGivenBack) {
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(outcome->finished) << outcome->why;
  EXPECT_EQ(outcome->answer, "All done.");
  EXPECT_THAT(record_.texts, ElementsAre("All done."));
  ASSERT_EQ(record_.tools.size(), 1U);
  ASSERT_EQ(record_.steps.size(), 1U) << "the session's total counts nothing twice";
  EXPECT_EQ(record_.steps[0].input, 400);
  EXPECT_THAT(
      host_.transcript,
      ElementsAre(StartsWith(R"({"type":"step_start")"), StartsWith(R"({"type":"tool_use")"),
                  StartsWith(R"({"type":"text")"), StartsWith(R"({"type":"step_finish")")));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_KEEP));
  EXPECT_EQ(server_.refused(), 0);
  EXPECT_THAT(server_.requests(), Each(AnyOf(HasSubstr("directory=%2Fsome%2Fwork%20dir"),
                                             StartsWith("GET /global/event"))));
}

TEST_F(ServerCallTest, PromptAndPermissionsGoInWhole) {
  ASSERT_THAT(call(), IsOk());
  EXPECT_THAT(
      server_.requests(),
      Contains(HasSubstr(
          R"({"agent":"director-x","model":{"providerID":"scripted","modelID":"cheap"},"parts":[{"type":"text","text":"please \"edit\""}]})")));
  EXPECT_THAT(server_.requests(),
              Contains(HasSubstr(R"({"permission":"task","pattern":"*","action":"deny"})")));
  // Before the message, or its first events would be missed.
  EXPECT_LT(place_of("GET /global/event"), place_of("POST /session/ses_1/prompt_async"));
}

TEST_F(ServerCallTest, WhatTheSessionAndItsChildrenUsedBeyondItsStepsIsMetered) {
  server_.answer("GET /session/ses_1/children", {200, R"([{"id":"ses_2"},{"id":"ses_1"}])"});
  server_.answer("GET /session/ses_2", {200, R"({"cost":0.5,"tokens":{"input":7,"output":2}})"});
  ASSERT_THAT(call(), IsOk());
  ASSERT_EQ(record_.steps.size(), 2U);
  EXPECT_EQ(record_.steps[1].input, 7);
  EXPECT_EQ(record_.steps[1].output, 2);
  EXPECT_EQ(record_.steps[1].cache_read, 0);
  EXPECT_NEAR(record_.steps[1].cost_usd, 0.5, 1e-9);
}

TEST_F(ServerCallTest, QuestionsAreAnsweredWithNo) {
  server_.set_script({kBusBusy, kBusAsked, kBusStepStart, kBusText, kBusStepStop, kBusIdle});
  ASSERT_TRUE(call()->finished);
  EXPECT_THAT(server_.requests(), Contains(HasSubstr("POST /permission/per_7/reply")));
  EXPECT_THAT(server_.requests(), Contains(HasSubstr(R"("reply":"reject")")));
}

TEST_F(ServerCallTest, RefusedKeyIsAuthAndNoFaultOfTheServer) {
  server_.set_script({kBusBusy, kBusRefusedKey, kBusIdle});
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::auth);
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_KEEP));
}

TEST_F(ServerCallTest, MessageThatIsNotTakenUpEndsWithItsError) {
  server_.set_script({kBusRefusedKey});
  EXPECT_EQ(call()->failure, agent_failure::auth);
}

TEST_F(ServerCallTest, CancelAbortsDisposesAndStops) {
  server_.set_script({kBusBusy, kBusStepStart, kBusToolRuns});
  host_.cancelled_by_log = "tool 'bash' runs";
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::cancelled);
  EXPECT_LT(place_of("POST /session/ses_1/abort"), place_of("POST /global/dispose"));
  EXPECT_TRUE(was_asked("POST /global/dispose"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, CancelIsHeardWhileTheServerDoesNotAnswer) {
  constexpr int kMinuteMs = 60'000;
  host_.is_cancelled = true;
  for (const char* request : {"GET /agent", "POST /session"}) {
    server_.answer(request, {200, "late", kMinuteMs});
    host_.released.clear();
    EXPECT_THAT(call(), FailsWith(Errc::Cancelled, "")) << request;
    EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP)) << request;
    server_.answer(request, {200, R"([{"name":"director-x"}])"});
  }
  EXPECT_FALSE(was_asked("POST /session/ses_1/prompt_async"));
}

TEST_F(ServerCallTest, CancelIsHeardWhileTheServerDoesNotAnswerTheMessage) {
  constexpr int kHalfMinuteMs = 30'000;
  const std::string prompt = "POST /session/ses_1/prompt_async";
  server_.set_script({kBusBusy, kBusStepStart, kBusText, kBusStepStop,
                      bus_part(R"("id":"prt_9","type":"step-start")")});
  server_.answer(prompt, {204, "", kHalfMinuteMs});
  std::thread person([&] {
    server_.wait_asked(prompt);
    host_.is_cancelled = true;
  });
  const auto outcome = call();
  person.join();
  ASSERT_THAT(outcome, IsOk()) << "an error would lose what the model may have been asked";
  EXPECT_EQ(outcome->failure, agent_failure::cancelled);
  EXPECT_FALSE(server_.has_answered(prompt)) << "the call has waited for it";
  EXPECT_TRUE(was_asked("POST /session/ses_1/abort"));
  EXPECT_TRUE(was_asked("GET /session/ses_1?")) << "for its totals";
  ASSERT_EQ(record_.steps.size(), 1U) << "what it has spent is paid for";
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, DeadlineEndsTheCallAsCancelDoes) {
  server_.set_script({kBusBusy, kBusStepStart});
  host_.left_ms = 0;
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::deadline);
  EXPECT_TRUE(was_asked("POST /session/ses_1/abort"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, OthersOfTheServerAreLeftAlone) {
  server_.set_script({kBusBusy, kBusToolRuns});
  host_.cancelled_by_log = "tool 'bash' runs";
  ASSERT_THAT(call(false), IsOk());
  EXPECT_TRUE(was_asked("POST /session/ses_1/abort"));
  EXPECT_FALSE(was_asked("POST /global/dispose"));
}

TEST_F(ServerCallTest, SilenceEndsTheCallAndTheServer) {
  // The first sign of life comes first, or the limit of the first word could end the call.
  server_.set_script({kBusStepStart, kBusBusy});
  question_.limits = {0, 0, 50, 0};
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::transport);
  EXPECT_THAT(outcome->why, HasSubstr("no sign of life"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, EachPartOfACallHasALimitThatEndsItAndTheServer) {
  struct Part {
    CallLimits limits;
    std::vector<std::string> script;
    agent_failure failure;
    const char* why;
  };
  const std::vector<Part> parts{
      {{50, 0, 0, 0}, {}, agent_failure::transport, "did not take up the message"},
      {{0, 50, 0, 0}, {kBusBusy}, agent_failure::transport, "gave no first event"},
      {{0, 0, 0, 50},
       {kBusBusy, kBusToolRuns},
       agent_failure::deadline,
       "plugin.runner-opencode.tool_secs"}};
  for (const Part& part : parts) {
    host_.released.clear();
    server_.set_script(part.script);
    question_.limits = part.limits;
    const auto outcome = call();
    ASSERT_THAT(outcome, IsOk()) << part.why;
    EXPECT_FALSE(outcome->finished) << part.why;
    EXPECT_EQ(outcome->failure, part.failure) << part.why;
    EXPECT_THAT(outcome->why, HasSubstr(part.why));
    EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP)) << part.why;
  }
}

TEST_F(ServerCallTest, RetriesAreToldWithTheirDelay) {
  // The host's clock says 1'700'000'000'000.
  server_.set_script({kBusBusy, kBusRetry, kBusStepStart, kBusText, kBusStepStop, kBusIdle});
  ASSERT_TRUE(call()->finished);
  ASSERT_EQ(record_.retries.size(), 1U);
  EXPECT_EQ(record_.retries[0].first, "slow down");
  EXPECT_EQ(record_.retries[0].second, 5000);
}

TEST_F(ServerCallTest, ServerThatDiesUnderTheCallIsTransportAndWhatWasSpentIsMetered) {
  server_.set_script({kBusBusy, kBusStepStart, kBusText, kBusStepStop,
                      bus_part(R"("id":"prt_9","type":"step-start")")});
  server_.answer("GET /session/ses_1", {500, ""});
  server_.hang_up_after_script();
  daemon_ = {false, -1, "it ended with status 3; it last said: no memory left"};
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::transport);
  EXPECT_THAT(outcome->why, HasSubstr("the call broke off"));
  EXPECT_THAT(outcome->why, HasSubstr("it ended with status 3; it last said: no memory left"));
  EXPECT_FALSE(was_asked("POST /session/ses_1/abort")) << "of a server that is gone";
  EXPECT_EQ(record_.steps.size(), 1U);
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, WhatWasSpentIsMeteredThoughTheAnswerToTheMessageBrokeOff) {
  server_.set_script({kBusBusy, kBusStepStart, kBusText, kBusStepStop,
                      bus_part(R"("id":"prt_9","type":"step-start")")});
  server_.answer("POST /session/ses_1/prompt_async", {200, "", 0, true});
  server_.answer("GET /session/ses_1", {500, ""});
  server_.hang_up_after_script();
  daemon_ = {false, -1, "it was killed by signal 9"};
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->failure, agent_failure::transport);
  EXPECT_THAT(outcome->why, HasSubstr("killed by signal 9"));
  EXPECT_EQ(record_.steps.size(), 1U);
}

TEST_F(ServerCallTest, FolderThatIsClosedUnderTheCallIsTransport) {
  server_.set_script({kBusBusy, kBusDisposed});
  EXPECT_EQ(call()->failure, agent_failure::transport);
}

TEST_F(ServerCallTest, ServerThatRefusesIsAnErrorBeforeTheModelWasAsked) {
  for (const char* request :
       {"GET /agent", "POST /session", "POST /session/ses_1/prompt_async", "GET /session/status"}) {
    if (std::string_view(request) == "GET /session/status") {
      server_.answer("GET /agent", {200, "[]"});
    }
    server_.answer(request, {500, "no"});
    EXPECT_THAT(call(), FailsWith(Errc::External, "HTTP 500")) << request;
    server_.answer(request, {200, "nonsense"});
    if (std::string_view(request) != "POST /session/ses_1/prompt_async") {
      EXPECT_THAT(call(), FailsWith(Errc::External, "cannot read")) << request;
    }
    server_.answer(request, std::string_view(request) == "GET /agent"
                                ? testing::FakeAnswer{200, R"([{"name":"director-x"}])"}
                                : testing::FakeAnswer{200, R"({"id":"ses_1"})"});
  }
}

TEST_F(ServerCallTest, MessageThatMayHaveBeenTakenIsNotAskedOfAnotherServer) {
  server_.set_script({kBusBusy, kBusStepStart, kBusText});
  server_.answer("POST /session/ses_1/prompt_async", {200, "", 0, true});
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk()) << "an error would have the call run alone";
  EXPECT_EQ(outcome->failure, agent_failure::transport);
  EXPECT_THAT(outcome->why, HasSubstr("the call broke off: POST /session/ses_1/prompt_async"));
  EXPECT_TRUE(was_asked("POST /session/ses_1/abort"));
  ASSERT_EQ(record_.steps.size(), 1U) << "what it has spent is paid for";
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
}

TEST_F(ServerCallTest, AgentThatIsNewIsReadUnlessSomethingWorksThere) {
  server_.answer("GET /agent", {200, "[]"});
  EXPECT_THAT(call(), FailsWith(Errc::External, "does not find agent 'director-x'"));
  EXPECT_TRUE(was_asked("POST /instance/dispose"));
  server_.answer("GET /session/status", {200, R"({"ses_9":{"type":"busy"}})"});
  host_.released.clear();
  EXPECT_THAT(call(), FailsWith(Errc::Conflict, "another role"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_KEEP));
}

TEST_F(ServerCallTest, WhatAnAgentBeganBehindTheCallsBackIsEnded) {
  server_.answer("GET /session/status", {200, R"({"ses_9":{"type":"busy"}})"});
  ASSERT_THAT(call(), IsOk());
  EXPECT_TRUE(was_asked("POST /instance/dispose"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_KEEP));
}

TEST_F(ServerCallTest, ServerThatAnAgentHadWorkElsewhereIsStopped) {
  server_.set_script({kBusBusy, kBusStepStart, bus("session.created", R"({"sessionID":"ses_9"})"),
                      kBusText, kBusStepStop, kBusIdle});
  const auto outcome = call();
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(outcome->finished) << "its work is judged as any";
  EXPECT_TRUE(was_asked("POST /global/dispose"));
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
  host_.released.clear();
  ASSERT_THAT(call(false), IsOk());
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_KEEP)) << "others' sessions are theirs";
}

TEST_F(ServerCallTest, ServerThatHasGrownIsRenewedBetweenCalls) {
  host_.daemons.push_back(
      {server_.ready_line(), FakeOpencode::kPassword, false, {true, 2000, {}}, DIRECTOR_OK, {}});
  host_.daemons.push_back(
      {server_.ready_line(), FakeOpencode::kPassword, true, {true, 5000, {}}, DIRECTOR_OK, {}});
  const director::host services = host_.services();
  const auto leased =
      lease_server({{"opencode"}, "/w", {}, {}, {}, false, {}, {}, 0}, 1000, services);
  ASSERT_THAT(leased, IsOk());
  EXPECT_TRUE(leased->daemon.is_fresh());
  EXPECT_THAT(host_.released, ElementsAre(DIRECTOR_DAEMON_STOP));
  EXPECT_EQ(host_.acquired.size(), 2U);
}

TEST(ServerAddress, IsOfThisMachineOrNone) {
  const auto good = read_address("opencode server listening on http://127.0.0.1:4096", "pw");
  ASSERT_THAT(good, IsOk());
  EXPECT_EQ(good->port, 4096);
  for (const char* line :
       {"", "listening", "http://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:70000",
        "http://10.0.0.1:4096", "http://127.0.0.1.evil.example:80", "http://127.0.0.1:x"}) {
    EXPECT_THAT(read_address(line, ""), FailsWith(Errc::External, "listens elsewhere")) << line;
  }
}

/// Listens on loopback, and sends who connects `first` and then `next` again and again.
class Trickle {
 public:
  Trickle(std::string first, std::string next)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* raw = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(::bind(listener_, raw, size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    thread_ = std::thread([this, first = std::move(first), next = std::move(next)] {
      was_left_ = !send_all(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), first, next);
    });
  }
  Trickle(const Trickle&) = delete;
  Trickle& operator=(const Trickle&) = delete;
  ~Trickle() {
    (void)was_left();
    ::close(listener_);
  }

  [[nodiscard]] ServerAddress address() const {
    return {"127.0.0.1", ntohs(address_.sin_port), "pw"};
  }
  /// Whether who connected went before it had all. Blocks.
  [[nodiscard]] bool was_left() {
    if (thread_.joinable()) {
      thread_.join();
    }
    return was_left_;
  }

 private:
  /// False: nobody listens any more. Takes far longer than any limit of a test.
  static bool send_all(int socket, const std::string& first, const std::string& next) {
    constexpr int kMostTimes = 1500;
    const auto send = [socket](const std::string& text) {
      return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) >= 0;
    };
    bool listens = send(first);
    for (int i = 0; i < kMostTimes && listens; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      listens = send(next);
    }
    ::close(socket);
    return listens;
  }

  int listener_;
  sockaddr_in address_{};
  bool was_left_ = false;
  std::thread thread_;
};

TEST(HttpClient, AnAnswerThatComesLittleByLittleHasAnEndToo) {
  for (const auto& [first, next] :
       {std::pair{"HTTP/1.1 200 OK\r\n", "X-More: to come\r\n"},
        std::pair{"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "x"},
        std::pair{"HTTP/1.1 200 OK\r\n\r\n", "x"}}) {
    Trickle server(first, next);
    EXPECT_THAT(HttpClient(server.address()).get("/", std::chrono::milliseconds(100)),
                FailsWith(Errc::Timeout, "in time"))
        << first;
    EXPECT_TRUE(server.was_left()) << first;
  }
}

TEST(HttpClient, EveryRequestHasAnEnd) {
  FakeOpencode server;
  server.answer("GET /slow", {200, "late", 3000});
  auto address = read_address(server.ready_line(), FakeOpencode::kPassword);
  const HttpClient client(*address);
  EXPECT_THAT(client.get("/slow", std::chrono::milliseconds(100)),
              FailsWith(Errc::Timeout, "/slow"));
  EXPECT_EQ(client.get("/quick", std::chrono::milliseconds(10'000))->body, "true");
  address->password = "wrong";
  EXPECT_EQ(HttpClient(*address).get("/quick", std::chrono::milliseconds(10'000))->status, 401);
  address->port = 1;
  EXPECT_THAT(HttpClient(*address).get("/", std::chrono::milliseconds(10'000)),
              FailsWith(Errc::External, "no connection"));
}

}  // namespace
}  // namespace runner_opencode
