#include "reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "completion.hpp"
#include "json.hpp"

namespace director::scripted_model {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

ChatRequest request(bool stream) {
  ChatRequest request;
  request.model = "m \"1\"";
  request.stream = stream;
  request.include_usage = true;
  request.prompt_bytes = 41;
  request.messages = {{"system", "Working directory: /w/\"q\""}};
  return request;
}

Turn text_turn(std::string text) {
  Turn turn;
  turn.text = std::move(text);
  return turn;
}

std::string sent(const Reply& reply) {
  std::string bytes;
  for (const Step& step : reply.body) {
    if (const auto* part = std::get_if<Send>(&step)) {
      bytes += part->bytes;
    }
  }
  return bytes;
}

// The deltas' texts under `key`, put together as a client does it.
std::string joined(const Turn& turn, const char* key) {
  std::string text;
  for (const std::string& payload : stream_payloads(turn, request(true), 1)) {
    const auto json = parse_json(payload);
    EXPECT_TRUE(json) << payload;
    const Json& choices = (*json)["choices"];
    if (choices.Empty() || !choices[0]["delta"].HasMember(key)) {
      continue;
    }
    const Json& value = choices[0]["delta"][key];
    text += view(value.IsArray() ? value[0]["function"]["arguments"] : value);
  }
  return text;
}

TEST(StreamPayloads, AddUpToTheTurn) {
  std::string text = "start \"quote\" \\ \n\t\x01";
  for (int i = 0; i < 500; ++i) {
    text += "é€😀";
  }
  Turn turn = text_turn(text);
  turn.reasoning = "because " + text;
  turn.tool_calls = {{"write", R"({"content":")" + escape_json(text) + "\"}"}};
  EXPECT_EQ(joined(turn, "content"), text);
  EXPECT_EQ(joined(turn, "reasoning_content"), turn.reasoning);
  EXPECT_EQ(joined(turn, "tool_calls"), turn.tool_calls[0].arguments);
}

TEST(StreamPayloads, StayFewForALongText) {
  EXPECT_LT(stream_payloads(text_turn(std::string(1'000'000, 'x')), request(true), 1).size(), 100U);
}

TEST(TurnReply, StreamEndsWithFinishUsageAndDone) {
  const auto reply = turn_reply(text_turn("hi"), request(true), 7);
  ASSERT_TRUE(reply);
  EXPECT_THAT(sent(*reply), HasSubstr(R"("finish_reason":"stop")"));
  EXPECT_THAT(sent(*reply), HasSubstr(R"("usage":{"prompt_tokens":11,"completion_tokens":1,)"));
  EXPECT_THAT(sent(*reply), EndsWith("data: [DONE]\n\n"));
}

TEST(TurnReply, LeavesUsageOutWhenNotAskedForOrToldTo) {
  ChatRequest unasked = request(true);
  unasked.include_usage = false;
  EXPECT_THAT(sent(*turn_reply(text_turn("hi"), unasked, 1)), Not(HasSubstr("usage")));
  Turn silent = text_turn("hi");
  silent.send_usage = false;
  EXPECT_THAT(sent(*turn_reply(silent, request(true), 1)), Not(HasSubstr("usage")));
  EXPECT_THAT(sent(*turn_reply(silent, request(false), 1)), Not(HasSubstr("usage")));
}

TEST(TurnReply, SaysTheUsageOfTheScenario) {
  Turn turn = text_turn("hi");
  turn.usage = {1000, 300, 600, 120};
  EXPECT_EQ(usage_json(turn, request(true)),
            R"({"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1300,)"
            R"("prompt_tokens_details":{"cached_tokens":600},)"
            R"("completion_tokens_details":{"reasoning_tokens":120}})");
}

TEST(TurnReply, WholeAnswerHoldsTextToolCallsAndUsage) {
  Turn turn = text_turn("look");
  turn.tool_calls = {{"bash", R"({"command":"ls"})"}, {"read", "{oops"}};
  const auto reply = turn_reply(turn, request(false), 7);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->body.size(), 1U);
  const auto json = parse_json(sent(*reply));
  ASSERT_TRUE(json) << json.error().message();
  const Json& choice = (*json)["choices"][0];
  EXPECT_EQ(view(choice["finish_reason"]), "tool_calls");
  EXPECT_EQ(view(choice["message"]["content"]), "look");
  EXPECT_EQ(view(choice["message"]["tool_calls"][1]["function"]["arguments"]), "{oops");
  EXPECT_EQ(view(choice["message"]["tool_calls"][1]["id"]), "call_7_1");
  EXPECT_TRUE((*json)["usage"].IsObject());
}

TEST(TurnReply, ReplacesTheWorkingDirectoryEscapedInArguments) {
  Turn turn = text_turn("in {{cwd}}, {{cwd}}");
  turn.tool_calls = {{"write", R"({"filePath":"{{cwd}}/a"})"}};
  const std::string whole = sent(*turn_reply(turn, request(false), 1));
  const auto json = parse_json(whole);
  ASSERT_TRUE(json) << whole;
  const Json& message = (*json)["choices"][0]["message"];
  EXPECT_EQ(view(message["content"]), "in /w/\"q\", /w/\"q\"");
  const auto arguments = parse_json(view(message["tool_calls"][0]["function"]["arguments"]));
  ASSERT_TRUE(arguments);
  EXPECT_EQ(view((*arguments)["filePath"]), "/w/\"q\"/a");
}

TEST(TurnReply, RefusesThePlaceholderWithoutAWorkingDirectory) {
  ChatRequest bare = request(true);
  bare.messages.clear();
  const auto reply = turn_reply(text_turn("{{cwd}}"), bare, 1);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message(), HasSubstr("Working directory:"));
}

TEST(TurnReply, FailureBeforeTheResponseSendsNothing) {
  Turn turn;
  turn.delay = std::chrono::milliseconds(3);
  turn.failure = Drop{Where::BeforeResponse};
  const auto reply = turn_reply(turn, request(true), 1);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->before.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Pause>(reply->before[0]));
  EXPECT_TRUE(std::holds_alternative<Cut>(reply->before[1]));
  EXPECT_TRUE(reply->body.empty());
}

TEST(TurnReply, FailureMidStreamComesAfterTheFirstText) {
  for (const Failure& failure : {Failure(Drop{}), Failure(Stall{}), Failure(StreamError{"{}"}),
                                 Failure(Malformed{"data: {oops\n\n"})}) {
    Turn turn = text_turn(std::string(200, 'x'));
    turn.failure = failure;
    const auto reply = turn_reply(turn, request(true), 1);
    ASSERT_TRUE(reply);
    ASSERT_GE(reply->body.size(), 3U);
    EXPECT_THAT(std::get<Send>(reply->body[1]).bytes, HasSubstr("xxx"));
    EXPECT_THAT(sent(*reply), Not(HasSubstr("finish_reason\":\"stop")));
    EXPECT_THAT(sent(*reply), Not(HasSubstr("[DONE]")));
  }
}

TEST(TurnReply, StallPausesAndGoesOn) {
  Turn turn = text_turn("hi");
  turn.stall = std::chrono::milliseconds(9);
  for (const bool stream : {true, false}) {
    const auto reply = turn_reply(turn, request(stream), 1);
    const auto is_pause = [](const Step& step) { return std::holds_alternative<Pause>(step); };
    EXPECT_EQ(std::count_if(reply->body.begin(), reply->body.end(), is_pause), 1);
    EXPECT_THAT(sent(*reply), HasSubstr("\"stop\""));
  }
}

TEST(TurnReply, HttpErrorCarriesItsHeadersAndBody) {
  Turn turn;
  turn.failure = HttpError{429, {{"retry-after", "2"}}, "wait"};
  const auto reply = turn_reply(turn, request(true), 1);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(reply->headers.back().value, "2");
  EXPECT_EQ(sent(*reply), "wait");
}

}  // namespace
}  // namespace director::scripted_model
