// What OpenCode's server sends, from bytes to the lines that `opencode run` would have printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "call_limits.hpp"
#include "event_parser.hpp"
#include "event_stream.hpp"
#include "opencode_server_lines.hpp"
#include "server_events.hpp"

namespace runner_opencode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

std::vector<std::string> data_of(const std::string& bytes, std::size_t piece) {
  SseParser parser;
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.feed(std::string_view(bytes).substr(at, piece),
                [&all](std::string data) { all.push_back(std::move(data)); });
  }
  return all;
}

TEST(SseParser, TellsEventsApartHoweverTheyArrive) {
  const std::string bytes =
      ": hello\nevent: message\nid: 1\ndata: {\"a\":1}\n\ndata:{\"b\":2}\r\n\r\n\n\nretry: 5\n\n"
      "data: two\ndata:  lines\n\ndata: not over";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_THAT(data_of(bytes, piece), ElementsAre("{\"a\":1}", "{\"b\":2}", "two\n lines"))
        << piece;
  }
}

TEST(SseParser, AnEventWithoutEndIsLeftOutAndTheNextOneIsNot) {
  SseParser parser;
  std::vector<std::string> all;
  const auto collect = [&all](std::string data) { all.push_back(std::move(data)); };
  parser.feed("data: ", collect);
  const std::string block(1 << 20U, 'x');
  for (std::size_t sent = 0; sent <= 2 * SseParser::kMostBytes; sent += block.size()) {
    parser.feed(block, collect);
  }
  parser.feed("\n\ndata: small\n\n", collect);
  EXPECT_THAT(all, ElementsAre("small"));
  EXPECT_EQ(parser.left_out(), 1U);
}

TEST(SseParser, AnEventThatIsTooLongIsLeftOutWithAllItsLines) {
  const std::string bytes =
      "data: " + std::string(100, 'x') + "\r\ndata: its rest\r\n\r\ndata: 1\n\n" +
      "data: 23456789\ndata: " + std::string(30, 'y') + "\n" + "data: its end\n\ndata: 2\n\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    SseParser parser(40);
    std::vector<std::string> all;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      parser.feed(std::string_view(bytes).substr(at, piece),
                  [&all](std::string data) { all.push_back(std::move(data)); });
    }
    EXPECT_THAT(all, ElementsAre("1", "2")) << piece;
    EXPECT_EQ(parser.left_out(), 2U) << piece;
  }
}

class ServerEventsTest : public ::testing::Test {
 protected:
  ServerNews feed(const std::string& data) { return events_.feed(data, 1'700'000'000'999); }

  ServerEvents events_{"ses_1"};
};

TEST_F(ServerEventsTest, LinesAreThoseOfRun) {
  EventParser parser;
  std::vector<std::string> types;
  for (const std::string& data :
       {kBusUserText, kBusBusy, kBusStepStart, kBusToolPending, kBusToolRuns, kBusToolRuns,
        kBusToolDone, kBusToolDone, kBusTextBegun, kBusText, kBusText, kBusStepStop, kBusIdle}) {
    for (const std::string& line : feed(data).lines) {
      types.push_back(line.substr(0, line.find(',')));
      EXPECT_THAT(line, HasSubstr(R"("timestamp":1700000000123,"sessionID":"ses_1","part":{)"));
      const auto event = parser.feed(line);
      if (event && std::holds_alternative<ToolEvent>(*event)) {
        const auto& tool = std::get<ToolEvent>(*event);
        EXPECT_EQ(tool.name + tool.input + tool.output, "bash{\"command\":\"ls\"}a\n");
        EXPECT_EQ(tool.exit_code, 3);
      }
    }
  }
  EXPECT_THAT(types, ElementsAre(R"({"type":"step_start")", R"({"type":"tool_use")",
                                 R"({"type":"text")", R"({"type":"step_finish")"));
  EXPECT_EQ(parser.transcript().answer, "All done.");
  EXPECT_EQ(parser.transcript().last_reason, "stop");
  EXPECT_TRUE(events_.was_busy());
  EXPECT_TRUE(events_.is_idle());
}

TEST_F(ServerEventsTest, ToolsRunFromTheirStartToTheirEnd) {
  EXPECT_EQ(feed(kBusToolPending).started, "");
  EXPECT_EQ(feed(kBusToolRuns).started, "bash");
  EXPECT_EQ(feed(kBusToolRuns).started, "");
  EXPECT_THAT(events_.running_tools(), ElementsAre(Pair("prt_3", "bash")));
  (void)feed(kBusToolDone);
  EXPECT_THAT(events_.running_tools(), IsEmpty());
}

TEST_F(ServerEventsTest, WhatAModelWritesForAToolIsOfTheTool) {
  (void)feed(kBusToolPending);
  EXPECT_THAT(events_.running_tools(), ElementsAre(Pair("prt_3", "bash")));
  CallWatch watch({0, 0, 3000, 60'000}, 0);
  EXPECT_FALSE(watch.check({true, false, events_.running_tools()}, 1000));
  EXPECT_FALSE(watch.check({true, false, events_.running_tools()}, 60'999)) << "nothing comes";
  EXPECT_TRUE(watch.check({true, false, events_.running_tools()}, 61'000));
  for (const std::string& begins_anew : {kBusStepStart, kBusRetry}) {
    (void)feed(kBusToolPending);
    (void)feed(begins_anew);
    EXPECT_THAT(events_.running_tools(), IsEmpty()) << "that call of it is never made";
  }
  (void)feed(kBusToolRuns);
  (void)feed(kBusStepStart);
  EXPECT_THAT(events_.running_tools(), ElementsAre(Pair("prt_3", "bash")));
}

TEST_F(ServerEventsTest, OfAllFoldersTheSessionsOwnCountsAndOthersAtWorkAreSeen) {
  const auto in = [](std::string_view folder, const std::string& event) {
    return R"({"directory":")" + std::string(folder) + R"(","payload":)" + event + "}";
  };
  const auto other = [](std::string_view type, std::string_view more) {
    return bus(type, R"({"sessionID":"ses_9")" + std::string(more) + "}");
  };
  (void)feed(in("/w", bus("session.created", R"({"sessionID":"ses_1"})")));
  (void)feed(in("/w", kBusBusy));
  EXPECT_EQ(feed(in("/w", kBusStepStart)).lines.size(), 1U);
  (void)feed(in("/w/sub", kBusDisposed));
  (void)feed(in("/w", other("session.updated", "")));
  (void)feed(in("/w", other("session.status", R"(,"status":{"type":"idle"})")));
  EXPECT_FALSE(events_.has_others() || events_.is_disposed()) << "what the last one had to say";
  for (const std::string& event :
       {other("session.created", ""), other("session.status", R"(,"status":{"type":"busy"})"),
        other("session.status", R"(,"status":{"type":"retry"})")}) {
    ServerEvents events("ses_1");
    (void)events.feed(in("/w/sub", event), 0);
    EXPECT_TRUE(events.has_others()) << event;
  }
  (void)feed(in("/w", kBusDisposed));
  EXPECT_TRUE(events_.is_disposed());
}

TEST_F(ServerEventsTest, RetriesSayWhyAndUntilWhen) {
  const ServerNews news = feed(kBusRetry);
  ASSERT_TRUE(news.retry);
  EXPECT_EQ(news.retry->why, "slow down");
  EXPECT_EQ(news.retry->at_ms, 1'700'000'005'000);
  EXPECT_TRUE(events_.waits_to_retry());
  (void)feed(kBusStepStart);
  EXPECT_FALSE(events_.waits_to_retry());
}

TEST_F(ServerEventsTest, NoEndpointHasACallWaitForMoreThanAMonth) {
  const auto until = [this](const std::string& next) {
    return feed(bus_status(R"({"type":"retry","message":"later","next":)" + next + "}"))
        .retry->at_ms;
  };
  EXPECT_EQ(until("-9223372036854775808"), 0);
  EXPECT_EQ(until("9223372036854775807"), 1'700'000'000'999 + (std::int64_t{1} << 31U));
  EXPECT_EQ(until("1e300"), 0) << "no whole number";
  EXPECT_EQ(until("\"soon\""), 0);
}

TEST_F(ServerEventsTest, ErrorsHaveTheirCauseAndNotTheTraceThatFollows) {
  (void)feed(kBusBusy);
  EXPECT_THAT(feed(kBusRefusedKey).lines,
              ElementsAre(StartsWith(
                  R"({"type":"error","timestamp":1700000000999,"sessionID":"ses_1","error":{)")));
  (void)feed(kBusIdle);
  EXPECT_THAT(feed(kBusRefusedKey).lines, IsEmpty());
}

TEST_F(ServerEventsTest, AMessageThatWasNotTakenUpFailsOnce) {
  EXPECT_EQ(feed(kBusRefusedKey).lines.size(), 1U);
  EXPECT_THAT(feed(kBusRefusedKey).lines, IsEmpty());
  EXPECT_TRUE(events_.has_failed());
  EXPECT_FALSE(events_.was_busy());
}

TEST_F(ServerEventsTest, IdleBeforeTheMessageIsNoEnd) {
  (void)feed(kBusIdle);
  EXPECT_FALSE(events_.is_idle());
}

TEST_F(ServerEventsTest, OnlyTheModelAndItsToolsAreASignOfLife) {
  EXPECT_FALSE(feed(kBusUserText).is_sign_of_life);
  EXPECT_FALSE(feed(kBusBusy).is_sign_of_life);
  EXPECT_FALSE(feed(bus("server.heartbeat", "{}")).is_sign_of_life);
  EXPECT_TRUE(feed(kBusStepStart).is_sign_of_life);
  EXPECT_TRUE(feed(kBusTextBegun).is_sign_of_life);
  EXPECT_TRUE(feed(kBusRetry).is_sign_of_life);
}

TEST_F(ServerEventsTest, QuestionsAndTheEndOfTheFolderAreSeen) {
  EXPECT_EQ(feed(kBusAsked).permission, "per_7");
  EXPECT_FALSE(events_.is_disposed());
  (void)feed(kBusDisposed);
  EXPECT_TRUE(events_.is_disposed());
}

TEST_F(ServerEventsTest, WhatIsOfOthersOrMakesNoSenseMeansNothing) {
  std::string of_another = kBusText;
  of_another.replace(of_another.find("ses_1"), 5, "ses_2");
  for (const std::string& data :
       {of_another, std::string("{"), std::string("[]"), std::string("null"),
        bus("message.part.updated", "[]"), bus("message.part.updated", R"({"sessionID":"ses_1"})"),
        bus("session.status", R"({"sessionID":"ses_1","status":7})"),
        bus("session.error", R"({"sessionID":"ses_1"})"), bus("new.event", "{}")}) {
    const ServerNews news = feed(data);
    EXPECT_THAT(news.lines, IsEmpty()) << data;
    EXPECT_FALSE(news.retry) << data;
  }
  EXPECT_FALSE(events_.has_failed());
  EXPECT_FALSE(events_.is_idle());
}

}  // namespace
}  // namespace runner_opencode
