#include "scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::scripted_model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::string> no_files(const std::string& path) {
  return path == "body.txt" ? Result<std::string>(std::string("from \"file\"\n"))
                            : Result<std::string>(Error(Errc::NotFound, "no file " + path));
}

Result<Scenario> parse(std::string_view text) { return parse_scenario(text, no_files); }

std::string rule_with(const std::string& turn) { return R"({"rules":[{"turns":[)" + turn + "]}]}"; }

TEST(ParseScenario, ReadsEveryKey) {
  const auto scenario = parse(R"({
    "models": ["z", "a"], "done_text": "over",
    "rules": [{
      "name": "r", "after": "repeat", "fail_first": 2, "error": {"status": 503, "body": {"a": 1}},
      "match": {"model": "m", "contains": ["x"], "not_contains": ["y"], "system_contains": ["s"],
                "session_nth": 2, "session_max": 3},
      "turns": [{"text": "t", "reasoning": "why", "finish_reason": "length", "delay_ms": 5,
                 "stall_ms": 6, "usage": {"prompt": 1, "completion": 2, "cached": 3,
                 "reasoning": 4},
                 "tool_calls": [{"name": "bash", "arguments": {"command": "ls"}}]}]}]})");
  ASSERT_TRUE(scenario) << scenario.error().message();
  EXPECT_THAT(scenario->models, ElementsAre("a", "m", "z"));
  EXPECT_EQ(scenario->done_text, "over");
  const Rule& rule = scenario->rules.at(0);
  EXPECT_EQ(rule.name, "r");
  EXPECT_TRUE(rule.repeat_last);
  EXPECT_EQ(rule.fail_first, 2);
  const auto& error = std::get<HttpError>(rule.failing.failure.value());
  EXPECT_EQ(error.status, 503);
  EXPECT_EQ(error.body, R"({"a":1})");
  EXPECT_EQ(rule.match.model, "m");
  EXPECT_THAT(rule.match.contains, ElementsAre("x"));
  EXPECT_THAT(rule.match.not_contains, ElementsAre("y"));
  EXPECT_THAT(rule.match.system_contains, ElementsAre("s"));
  EXPECT_EQ(rule.match.session_nth, 2);
  EXPECT_EQ(rule.match.session_max, 3);
  const Turn& turn = rule.turns.at(0);
  EXPECT_EQ(turn.text, "t");
  EXPECT_EQ(turn.reasoning, "why");
  EXPECT_EQ(turn.finish_reason, "length");
  EXPECT_EQ(turn.delay.count(), 5);
  EXPECT_EQ(turn.stall.count(), 6);
  EXPECT_EQ(turn.usage.prompt, 1);
  EXPECT_EQ(turn.usage.completion, 2);
  EXPECT_EQ(turn.usage.cached, 3);
  EXPECT_EQ(turn.usage.reasoning, 4);
  EXPECT_EQ(turn.tool_calls.at(0).name, "bash");
  EXPECT_EQ(turn.tool_calls.at(0).arguments, R"({"command":"ls"})");
}

TEST(ParseScenario, TakesTextAndArgumentsFromFiles) {
  const auto scenario = parse(rule_with(
      R"({"text_file": "body.txt",
          "tool_calls": [{"name": "write", "arguments": {"a": [{"$file": "body.txt"}]}}]})"));
  ASSERT_TRUE(scenario) << scenario.error().message();
  const Turn& turn = scenario->rules.at(0).turns.at(0);
  EXPECT_EQ(turn.text, "from \"file\"\n");
  EXPECT_EQ(turn.tool_calls.at(0).arguments, R"({"a":["from \"file\"\n"]})");
}

TEST(ParseScenario, SendsArgumentsGivenAsAStringUnchanged) {
  const auto scenario =
      parse(rule_with(R"({"tool_calls": [{"name": "bash", "arguments": "{oops"}]})"));
  ASSERT_TRUE(scenario) << scenario.error().message();
  EXPECT_EQ(scenario->rules.at(0).turns.at(0).tool_calls.at(0).arguments, "{oops");
}

TEST(ParseScenario, ReadsEachKindOfFailure) {
  const auto scenario = parse(R"({"rules":[{"turns":[
      {"error": {"status": 429, "headers": {"retry-after": "2"}, "body": "wait"}},
      {"error": {"drop": "before_response"}}, {"error": {"stall": "mid_stream"}},
      {"error": {"stream_error": {"code": 7}}}, {"error": {"malformed": "data: {"}}]}]})");
  ASSERT_TRUE(scenario) << scenario.error().message();
  const auto& turns = scenario->rules.at(0).turns;
  const auto& http = std::get<HttpError>(turns.at(0).failure.value());
  EXPECT_EQ(http.headers.at(0).name, "retry-after");
  EXPECT_EQ(http.body, "wait");
  EXPECT_EQ(std::get<Drop>(turns.at(1).failure.value()).where, Where::BeforeResponse);
  EXPECT_EQ(std::get<Stall>(turns.at(2).failure.value()).where, Where::MidStream);
  EXPECT_EQ(std::get<StreamError>(turns.at(3).failure.value()).error_json, R"({"code":7})");
  EXPECT_EQ(std::get<Malformed>(turns.at(4).failure.value()).bytes, "data: {");
}

struct BadScenario {
  std::string text;
  std::string says;
};

class ParseBadScenario : public testing::TestWithParam<BadScenario> {};

TEST_P(ParseBadScenario, NamesThePlaceAndTheCause) {
  const auto scenario = parse(GetParam().text);
  ASSERT_FALSE(scenario);
  EXPECT_THAT(scenario.error().message(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseBadScenario,
    testing::Values(
        BadScenario{"", "line 1, column 1"}, BadScenario{"{\n  \"rules\": [,]}", "line 2, column"},
        BadScenario{"[]", "expected an object, got an array"}, BadScenario{"{}", "rules: missing"},
        BadScenario{R"({"rules":[], "rulez":1})", "unknown key 'rulez'; known here: models, rules"},
        BadScenario{R"({"rules":[], "rules":[]})", "key 'rules' occurs twice"},
        BadScenario{R"({"rules":[{}]})", "rules[0].turns: missing"},
        BadScenario{R"({"rules":[{"name":"a","turns":[]},{"name":"a","turns":[]}]})",
                    "rules[1].name: 'a' is the name of an earlier rule"},
        BadScenario{R"({"rules":[{"turns":[],"match":{"contains":["a",1]}}]})",
                    "rules[0].match.contains[1]: expected a string, got a number"},
        BadScenario{R"({"rules":[{"turns":[],"match":{"session_nth":0}}]})",
                    "rules[0].match.session_nth: expected a whole number from 1"},
        BadScenario{R"({"rules":[{"turns":[],"fail_first":1}]})", "both 'fail_first' and 'error'"},
        BadScenario{R"({"rules":[{"turns":[],"error":{"status":500}}]})",
                    "both 'fail_first' and 'error'"},
        BadScenario{R"({"rules":[{"turns":[],"after":"repeat"}]})", "no turn to repeat"},
        BadScenario{R"({"rules":[{"turns":[],"after":"stop"}]})", "rules[0].after"}));

INSTANTIATE_TEST_SUITE_P(
    Turns, ParseBadScenario,
    testing::Values(
        BadScenario{rule_with("{}"), "rules[0].turns[0]: a turn says something"},
        BadScenario{rule_with(R"({"text":"a","text_file":"b"})"), "not both"},
        BadScenario{rule_with(R"({"text_file":"gone"})"),
                    "rules[0].turns[0].text_file: no file gone"},
        BadScenario{rule_with(R"({"text":"a","delay_ms":-1})"), "rules[0].turns[0].delay_ms"},
        BadScenario{rule_with(R"({"text":"a","usage":{"prompt":1.5}})"),
                    "rules[0].turns[0].usage.prompt: expected a whole number"},
        BadScenario{rule_with(R"({"tool_calls":[{"arguments":{}}]})"),
                    "rules[0].turns[0].tool_calls[0].name: missing"},
        BadScenario{rule_with(R"({"tool_calls":[{"name":"x","arguments":[]}]})"),
                    "tool_calls[0].arguments: expected an object"},
        BadScenario{
            rule_with(R"({"tool_calls":[{"name":"x","arguments":{"c":{"$file":"gone"}}}]})"),
            "tool_calls[0].arguments.c: no file gone"},
        BadScenario{
            rule_with(R"({"tool_calls":[{"name":"x","arguments":{"c":{"$file":"a","b":1}}}]})"),
            "alone"},
        BadScenario{rule_with(R"({"error":{}})"), "rules[0].turns[0].error: expected exactly one"},
        BadScenario{rule_with(R"({"error":{"status":500,"drop":"mid_stream"}})"), "exactly one"},
        BadScenario{rule_with(R"({"error":{"drop":"later"}})"), "error.drop: expected"},
        BadScenario{rule_with(R"({"error":{"status":200}})"), "from 400 to 599"},
        BadScenario{rule_with(R"({"error":{"drop":"mid_stream","body":"x"}})"), "'status' only"},
        BadScenario{rule_with(R"({"error":{"status":500,"headers":{"a":"b\r\nc: d"}}})"),
                    "a string of one line"},
        BadScenario{rule_with(R"({"error":{"status":500,"headers":{"a b":"c"}}})"),
                    "a header name"}));

TEST(ParseScenario, RefusesDeepNestingInsteadOfOverflowing) {
  const auto scenario = parse(std::string(500'000, '['));
  ASSERT_FALSE(scenario);
  EXPECT_THAT(scenario.error().message(), HasSubstr("nested deeper"));
}

TEST(LoadScenario, NamesTheFile) {
  const auto scenario = load_scenario("/nonexistent/s.json");
  ASSERT_FALSE(scenario);
  EXPECT_THAT(scenario.error().message(), HasSubstr("scenario '/nonexistent/s.json'"));
}

TEST(LoadScenario, ReadsTheExample) {
  const auto scenario = load_scenario(SCRIPTED_MODEL_EXAMPLE);
  ASSERT_TRUE(scenario) << scenario.error().message();
  EXPECT_THAT(scenario->rules.at(1).turns.at(1).tool_calls.at(0).arguments,
              HasSubstr("def parse_line"));
}

}  // namespace
}  // namespace director::scripted_model
