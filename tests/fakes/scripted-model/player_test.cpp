#include "player.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::scripted_model {
namespace {

Rule rule(std::string name, Match match, std::vector<std::string> texts = {}) {
  Rule rule;
  rule.name = std::move(name);
  rule.match = std::move(match);
  for (std::string& text : texts) {
    rule.turns.emplace_back().text = std::move(text);
  }
  return rule;
}

Player player(std::vector<Rule> rules) {
  Scenario scenario;
  scenario.rules = std::move(rules);
  return Player(std::move(scenario));
}

ChatRequest request(std::string session, std::vector<Message> messages) {
  ChatRequest request;
  request.model = "m";
  request.session = std::move(session);
  request.messages = std::move(messages);
  return request;
}

std::string rule_for(Player& player, const ChatRequest& request) {
  const auto choice = player.choose(request);
  return choice.has_value() ? choice->rule->name : "none";
}

TEST(Player, TakesTheFirstRuleThatMatches) {
  Player two = player({rule("first", {}), rule("second", {})});
  EXPECT_EQ(rule_for(two, request("s", {{"user", "x"}})), "first");
}

TEST(Player, MatchesModelExactly) {
  Match match;
  match.model = "m";
  Player one = player({rule("r", match)});
  ChatRequest other = request("s", {});
  other.model = "m2";
  EXPECT_EQ(rule_for(one, other), "none");
  EXPECT_EQ(rule_for(one, request("s", {})), "r");
}

TEST(Player, WantsEverySubstringInUserMessagesOnly) {
  Match match;
  match.contains = {"alpha", "beta"};
  match.not_contains = {"gamma"};
  match.system_contains = {"role"};
  Player one = player({rule("r", match)});
  const Message system{"system", "role gamma"};
  EXPECT_EQ(rule_for(one, request("s", {system, {"user", "alpha"}, {"user", "beta"}})), "r");
  EXPECT_EQ(rule_for(one, request("s", {system, {"user", "alpha"}, {"tool", "beta"}})), "none");
  EXPECT_EQ(rule_for(one, request("s", {system, {"user", "alpha beta gamma"}})), "none");
  EXPECT_EQ(rule_for(one, request("s", {{"user", "alpha beta role"}})), "none");
}

TEST(Player, CountsConversationsForEachRuleByItself) {
  Match first;
  first.contains = {"n1"};
  first.session_max = 1;
  Match third = first;
  third.session_max.reset();
  third.session_nth = 2;
  Player many = player({rule("first", first), rule("third", third), rule("rest", {})});
  const std::vector<Message> n1{{"user", "n1"}};
  EXPECT_EQ(rule_for(many, request("x", {{"user", "other"}})), "rest");
  EXPECT_EQ(rule_for(many, request("a", n1)), "first");
  EXPECT_EQ(rule_for(many, request("b", n1)), "rest");
  EXPECT_EQ(rule_for(many, request("c", n1)), "third");
  EXPECT_EQ(rule_for(many, request("a", n1)), "first");
  EXPECT_EQ(rule_for(many, request("c", n1)), "third");
}

TEST(Player, ChoosesTheTurnByAssistantMessagesAfterTheLastUserMessage) {
  Player one = player({rule("r", {}, {"t0", "t1"})});
  const auto text = [&](std::vector<Message> messages) {
    return one.choose(request("s", std::move(messages)))->turn.text;
  };
  const Message user{"user", "x"};
  const Message assistant{"assistant", "y"};
  const Message tool{"tool", "z"};
  EXPECT_EQ(text({user}), "t0");
  EXPECT_EQ(text({user, assistant, tool}), "t1");
  EXPECT_EQ(text({user, assistant, tool, user}), "t0");
  EXPECT_EQ(text({user, assistant, tool, assistant, tool}), "done");
  EXPECT_EQ(text({user, assistant, tool}), "t1");
}

TEST(Player, RepeatsTheLastTurnWhenAsked) {
  Rule repeating = rule("r", {}, {"t0", "t1"});
  repeating.repeat_last = true;
  Player one = player({repeating});
  const std::vector<Message> late{
      {"user", ""}, {"assistant", ""}, {"assistant", ""}, {"assistant", ""}};
  EXPECT_EQ(one.choose(request("s", late))->turn.text, "t1");
}

TEST(Player, FailsTheFirstRequestsThenPlays) {
  Rule failing = rule("r", {}, {"t0"});
  failing.fail_first = 2;
  failing.failing.failure = HttpError{429, {}, ""};
  Player one = player({failing});
  for (const bool fails : {true, true, false, false}) {
    const auto choice = one.choose(request("s", {{"user", "x"}}));
    EXPECT_EQ(choice->failing, fails);
    EXPECT_EQ(choice->turn.failure.has_value(), fails);
  }
}

TEST(ParseChatRequest, JoinsTextPartsAndKeepsParameters) {
  const auto parsed = parse_chat_request(
      R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":0.5,
          "tools":[{"type":"function","function":{"name":"bash"}}],
          "messages":[{"role":"user","content":[{"type":"text","text":"a"},
          {"type":"image_url","image_url":{}},{"type":"text","text":"b"}]}]})",
      "ses_1");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(text_of(*parsed, "user"), "a\nb");
  EXPECT_TRUE(parsed->stream);
  EXPECT_TRUE(parsed->include_usage);
  EXPECT_EQ(parsed->session, "ses_1");
  EXPECT_THAT(parsed->tools, testing::ElementsAre("bash"));
  EXPECT_EQ(parsed->parameters_json,
            R"({"stream_options":{"include_usage":true},"temperature":0.5})");
}

TEST(ParseChatRequest, TellsConversationsWithoutAHeaderApartByTheirBeginning) {
  const auto session = [](const std::string& messages) {
    return parse_chat_request(R"({"model":"m","messages":[)" + messages + "]}", "")->session;
  };
  const std::string first = R"({"role":"user","content":"a"})";
  EXPECT_EQ(session(first), session(first + R"(,{"role":"assistant","content":"b"})"));
  EXPECT_NE(session(first), session(R"({"role":"user","content":"c"})"));
}

TEST(ParseChatRequest, RefusesWhatIsNoRequest) {
  for (const std::string body :
       {"", "{", "[]", "7", "{}", R"({"model":"m"})", R"({"model":3,"messages":[]})",
        R"({"model":"m","messages":{}})", "{\"model\":\"\xff\",\"messages\":[]}"}) {
    EXPECT_FALSE(parse_chat_request(body, "")) << body;
  }
  EXPECT_FALSE(parse_chat_request(std::string(1'000'000, '['), ""));
}

TEST(ParseChatRequest, ToleratesMessagesOfAnyShape) {
  const auto parsed = parse_chat_request(
      R"({"model":"m","tools":[1,{"function":3}],"stream_options":[],
          "messages":[1,null,"x",{"role":5,"content":{"a":1}},{"content":[1,{"type":"text"}]}]})",
      "");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->messages.size(), 5U);
}

TEST(WorkingDirectory, IsTheLineOfTheSystemMessageBeforeThatOfAUserMessage) {
  const Message system{"system", "<env>\n  Working directory: /a b/c\r\n  Platform: linux"};
  const Message user{"user", "Working directory: /other"};
  EXPECT_EQ(working_directory(request("s", {user, system})), "/a b/c");
  EXPECT_EQ(working_directory(request("s", {user})), "/other");
  EXPECT_EQ(working_directory(request("s", {{"system", "Working directory:  "}})), std::nullopt);
}

}  // namespace
}  // namespace director::scripted_model
