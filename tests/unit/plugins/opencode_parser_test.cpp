#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "event_parser.hpp"
#include "opencode_lines.hpp"

namespace runner_opencode {
namespace {

std::vector<Event> feed(EventParser& parser, const std::vector<std::string>& lines) {
  std::vector<Event> events;
  for (const std::string& line : lines) {
    if (auto event = parser.feed(line)) {
      events.push_back(*std::move(event));
    }
  }
  return events;
}

TEST(EventParser, AnswerIsTheTextOfTheLastStep) {
  EventParser parser;
  feed(parser, {step_start("msg_1"), text_line("I look first.", "msg_1"),
                tool_line("read", R"({"status":"completed","input":{},"output":"x"})"),
                step_finish("tool-calls", "msg_1"), step_start("msg_2"), text_line("All ", "msg_2"),
                text_line("done.", "msg_2"), reasoning_line(), step_finish("stop", "msg_2")});
  const Transcript& seen = parser.transcript();
  EXPECT_EQ(seen.last_reason, "stop");
  EXPECT_EQ(seen.answer, "All \ndone.");
  EXPECT_FALSE(seen.working);
  EXPECT_EQ(seen.ignored, 0u);
  EXPECT_EQ(seen.events, 9u);
}

TEST(EventParser, HalfASurrogatePairBecomesValidText) {
  EventParser parser;
  feed(parser,
       {step_start("msg_1"), text_line("cut \\ude00 here", "msg_1"), step_finish("stop", "msg_1")});
  EXPECT_EQ(parser.transcript().answer, "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd here");
}

TEST(EventParser, StepWithoutTextHasNoAnswer) {
  EventParser parser;
  feed(parser,
       {step_start("msg_1"), text_line("earlier", "msg_1"), step_finish("tool-calls", "msg_1"),
        step_start("msg_2"), step_finish("stop", "msg_2")});
  EXPECT_EQ(parser.transcript().answer, "");
}

TEST(EventParser, CompactionGoesOnAfterStop) {
  EventParser parser;
  const std::vector<Event> events =
      feed(parser, {step_start("msg_1"), text_line("a summary", "msg_1"),
                    step_finish("stop", "msg_1"), synthetic_line()});
  EXPECT_TRUE(parser.transcript().working);
  EXPECT_EQ(events.size(), 2u);  // what the tool says to the model is not the model's text
  feed(parser,
       {step_start("msg_2"), text_line("All done.", "msg_2"), step_finish("stop", "msg_2")});
  EXPECT_EQ(parser.transcript().answer, "All done.");
  EXPECT_FALSE(parser.transcript().working);
}

TEST(EventParser, RetriedStreamStartsTheAnswerAnew) {
  EventParser parser;
  feed(parser, {step_start(), text_line("half an ans"), step_start(), step_start(),
                text_line("a whole answer"), step_finish("stop")});
  EXPECT_EQ(parser.transcript().answer, "a whole answer");
}

TEST(EventParser, ErrorIsRecoveredByAFinishedStep) {
  EventParser parser;
  feed(parser, {error_line("ContextOverflowError", R"({"message":"too long"})")});
  ASSERT_TRUE(parser.transcript().error.has_value());
  EXPECT_EQ(parser.transcript().error->name, "ContextOverflowError");
  feed(parser, {step_start(), text_line("fine"), step_finish("stop")});
  EXPECT_FALSE(parser.transcript().error.has_value());
  feed(parser, {http_error(500, "late")});
  EXPECT_TRUE(parser.transcript().error.has_value());
}

struct Tool {
  std::string name;
  std::string state;
  std::string output;
  int exit_code;
  bool rejected;
};

class ToolLines : public ::testing::TestWithParam<Tool> {};

TEST_P(ToolLines, AreRead) {
  EventParser parser;
  const auto event = parser.feed(tool_line(GetParam().name, GetParam().state));
  ASSERT_TRUE(event.has_value());
  const auto& tool = std::get<ToolEvent>(*event);
  EXPECT_EQ(tool.name, GetParam().name);
  EXPECT_EQ(tool.output, GetParam().output);
  EXPECT_EQ(tool.exit_code, GetParam().exit_code);
  EXPECT_EQ(tool.time_ms, 1795363821562);
  EXPECT_EQ(parser.transcript().rejected, GetParam().rejected);
}

INSTANTIATE_TEST_SUITE_P(
    All, ToolLines,
    ::testing::Values(
        Tool{
            "bash",
            R"({"status":"completed","input":{"command":"x"},"output":"hi\n","metadata":{"output":"hi\n","exit":3,"truncated":false},"title":"x","time":{"start":1,"end":2}})",
            "hi\n", 3, false},
        Tool{
            "bash",
            R"({"status":"completed","input":{"command":"sleep 9"},"output":"late","metadata":{"exit":null}})",
            "late", -1, false},
        Tool{"bash", R"({"status":"completed","input":{},"output":"","metadata":{"exit":"zero"}})",
             "", -1, false},
        Tool{"bash", R"({"status":"completed","input":{},"output":"","metadata":{"exit":1e300}})",
             "", -1, false},
        Tool{
            "write",
            R"({"status":"completed","input":{"filePath":"a"},"output":"ok","metadata":{"exists":false}})",
            "ok", -1, false},
        Tool{
            "write",
            R"({"status":"error","input":{"file":"x"},"error":"The write tool was called with invalid arguments"})",
            "The write tool was called with invalid arguments", -1, false},
        Tool{
            "edit",
            R"({"status":"error","input":{},"error":"The user has specified a rule which prevents you from this"})",
            "The user has specified a rule which prevents you from this", -1, false},
        Tool{
            "bash",
            R"({"status":"error","input":{},"error":"The user rejected permission to use this specific tool call."})",
            "The user rejected permission to use this specific tool call.", -1, true},
        Tool{
            "invalid",
            R"({"status":"completed","input":{"tool":"nope","error":"unavailable"},"output":"unavailable","metadata":{}})",
            "unavailable", -1, false},
        Tool{"odd", R"({})", "", -1, false}));

TEST(EventParser, ToolInputIsHandedOnAsJson) {
  EventParser parser;
  const auto event = parser.feed(
      tool_line("write", R"({"status":"completed","input":{"filePath":"a \"b\"","n":[1,null]}})"));
  EXPECT_EQ(std::get<ToolEvent>(*event).input, R"({"filePath":"a \"b\"","n":[1,null]})");
}

TEST(EventParser, RejectionIsForgottenWhenTheModelGoesOn) {
  EventParser parser;
  feed(
      parser,
      {tool_line(
           "bash",
           R"({"status":"error","input":{},"error":"The user rejected permission to use this specific tool call."})"),
       step_finish("tool-calls")});
  EXPECT_TRUE(parser.transcript().rejected);
  feed(parser, {step_start("msg_2")});
  EXPECT_FALSE(parser.transcript().rejected);
}

struct Usage {
  std::string tokens;
  std::string cost;
  director::usage usage;
};

class UsageLines : public ::testing::TestWithParam<Usage> {};

TEST_P(UsageLines, AreRead) {
  EventParser parser;
  const auto event = parser.feed(step_finish("stop", "m", GetParam().tokens, GetParam().cost));
  ASSERT_TRUE(event.has_value());
  const director::usage& usage = std::get<UsageEvent>(*event).usage;
  EXPECT_EQ(usage.input, GetParam().usage.input);
  EXPECT_EQ(usage.output, GetParam().usage.output);
  EXPECT_EQ(usage.reasoning, GetParam().usage.reasoning);
  EXPECT_EQ(usage.cache_read, GetParam().usage.cache_read);
  EXPECT_EQ(usage.cache_write, GetParam().usage.cache_write);
  EXPECT_DOUBLE_EQ(usage.cost_usd, GetParam().usage.cost_usd);
}

INSTANTIATE_TEST_SUITE_P(
    All, UsageLines,
    ::testing::Values(
        Usage{
            R"({"total":1300,"input":400,"output":180,"reasoning":120,"cache":{"write":7,"read":600}})",
            "0.00588",
            {400, 180, 120, 600, 7, 0.00588}},
        Usage{R"({"total":10,"input":4,"output":6})", "0", {4, 6, 0, 0, 0, 0}},
        // The endpoint sent no usage: what it cost is not known to be nothing.
        Usage{R"({"input":0,"output":0,"reasoning":0,"cache":{"write":0,"read":0}})",
              "0",
              {0, 0, 0, 0, 0, -1}},
        Usage{R"({"total":5,"input":-3,"output":"6","reasoning":1.5,"cache":[]})",
              "-1",
              {0, 0, 0, 0, 0, -1}},
        Usage{R"(null)", R"("free")", {0, 0, 0, 0, 0, -1}}));

TEST(EventParser, WhatIsNoEventIsCountedAndIgnored) {
  EventParser parser;
  const std::vector<std::string> lines{"not json",
                                       "{\"type\":",
                                       "[1,2]",
                                       "null",
                                       "\"text\"",
                                       "{}",
                                       R"({"type":7})",
                                       R"({"type":"done","reason":"idle"})",
                                       R"({"type":"text"})",
                                       R"({"type":"step_finish"})",
                                       R"({"type":"tool_use","part":null})",
                                       "{\"type\":\"text\xFF\"}",
                                       std::string(200'000, '['),
                                       std::string(50'000, '{')};
  EXPECT_TRUE(feed(parser, lines).empty());
  EXPECT_EQ(parser.transcript().ignored, lines.size());
  EXPECT_EQ(parser.transcript().events, 0u);
  EXPECT_TRUE(feed(parser, {"", "   \t"}).empty());
  EXPECT_EQ(parser.transcript().ignored, lines.size());
}

TEST(EventParser, EveryPrefixOfALineIsHarmless) {
  for (const std::string& line :
       {step_start(), text_line("a"), synthetic_line(), step_finish("stop"),
        http_error(429, "slow", R"({"retry-after":"2"})"),
        tool_line("bash", R"({"status":"completed","input":{},"output":"x"})")}) {
    for (std::size_t length = 1; length < line.size(); ++length) {
      EventParser parser;
      EXPECT_FALSE(parser.feed(line.substr(0, length)).has_value());
      EXPECT_EQ(parser.transcript().ignored, 1u);
    }
  }
}

TEST(EventParser, TextThatTheHostCutIsRemembered) {
  EventParser parser;
  feed(parser, {step_start()});
  (void)parser.feed(text_line("very long").substr(0, 60), true);
  EXPECT_TRUE(parser.transcript().answer_cut);
  EventParser tools;
  (void)tools.feed(tool_line("bash", "{}").substr(0, 60), true);
  EXPECT_FALSE(tools.transcript().answer_cut);
}

TEST(EventParser, TextWithoutEndIsNotHeldWhole) {
  EventParser parser;
  feed(parser, {step_start()});
  const std::string line = text_line(std::string(1 << 20, 'x'));
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(parser.feed(line).has_value()) << "it is told all the same";
  }
  feed(parser, {step_finish("stop")});
  EXPECT_TRUE(parser.transcript().answer_cut);
  EXPECT_LE(parser.transcript().answer.size(), EventParser::kMostAnswerBytes);
}

struct RetryAfter {
  std::string headers;
  std::int64_t wait_ms;
};

class RetryAfterHeaders : public ::testing::TestWithParam<RetryAfter> {};

TEST_P(RetryAfterHeaders, AreRead) {
  EventParser parser;
  feed(parser, {http_error(429, "slow", GetParam().headers)});
  EXPECT_EQ(parser.transcript().error->retry_after_ms, GetParam().wait_ms);
}

INSTANTIATE_TEST_SUITE_P(
    All, RetryAfterHeaders,
    ::testing::Values(
        RetryAfter{R"({"retry-after":"2"})", 2000}, RetryAfter{R"({"retry-after":"1.5"})", 1500},
        RetryAfter{R"({"retry-after-ms":"250","retry-after":"9"})", 250},
        RetryAfter{R"({"retry-after":"99999999999"})", 86'400'000},
        RetryAfter{R"({"retry-after":"-5"})", 0}, RetryAfter{R"({"retry-after":"nan"})", 0},
        RetryAfter{R"({"retry-after":"Sun, 22 Nov 2026 16:08:07 GMT"})", 0},
        RetryAfter{R"({"retry-after":2})", 0}, RetryAfter{"{}", 0}, RetryAfter{"null", 0}));

TEST(EventParser, ErrorWithoutShapeIsStillAnError) {
  for (const char* line : {R"({"type":"error"})", R"({"type":"error","error":"x"})",
                           R"({"type":"error","error":{"name":"X"}})"}) {
    EventParser parser;
    feed(parser, {line});
    EXPECT_TRUE(parser.transcript().error.has_value()) << line;
  }
}

}  // namespace
}  // namespace runner_opencode
