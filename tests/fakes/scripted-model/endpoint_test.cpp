#include "endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "json.hpp"

namespace director::scripted_model {
namespace {

using testing::HasSubstr;

Scenario scenario() {
  return parse_scenario(R"({"rules":[
      {"name":"greet","match":{"contains":["hello"]},"turns":[{"text":"hi"}]},
      {"name":"cwd","match":{"contains":["where"]},"turns":[{"text":"{{cwd}}"}]}]})",
                        [](const std::string&) { return Error(Errc::NotFound, "none"); })
      .value();
}

HttpRequest chat(const std::string& said) {
  return {
      "POST",
      "/v1/chat/completions",
      {{"X-Session-Id", "ses_1"}, {"Authorization", "Bearer k\xff"}, {"cookie", "c"}},
      R"({"model":"m","temperature":0.5,"messages":[{"role":"user","content":")" + said + "\"}]}"};
}

std::string body(const Reply& reply) { return std::get<Send>(reply.body.at(0)).bytes; }

class EndpointLog : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "scripted-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The last line of the log, parsed.
  rapidjson::Document last_line() {
    std::ifstream stream(folder_ / "log.jsonl");
    std::string line;
    std::string last;
    while (std::getline(stream, line)) {
      last = line;
    }
    auto json = parse_json(last);
    EXPECT_TRUE(json) << last;
    return json ? *std::move(json) : rapidjson::Document(rapidjson::kObjectType);
  }

  std::filesystem::path folder_;
};

TEST_F(EndpointLog, TellsWhatReachedTheModelAndWhatAnswered) {
  RequestLog log = RequestLog::open((folder_ / "log.jsonl").string()).value();
  Endpoint endpoint(scenario(), &log);
  EXPECT_EQ(endpoint.answer(chat("hello"), 3).status, 200);
  const rapidjson::Document line = last_line();
  EXPECT_EQ(view(line["rule"]), "greet");
  EXPECT_EQ(view(line["session"]), "ses_1");
  EXPECT_EQ(view(line["answer"]), "text");
  EXPECT_EQ(line["turn"].GetInt(), 0);
  EXPECT_EQ(line["in_flight"].GetInt(), 3);
  EXPECT_EQ(view(line["headers"]["authorization"]), "Bearer k?");
  EXPECT_FALSE(line["headers"].HasMember("cookie"));
  EXPECT_EQ(line["parameters"]["temperature"].GetDouble(), 0.5);
  EXPECT_EQ(view(line["messages"][0]["content"]), "hello");
}

TEST_F(EndpointLog, RecordsWhatWasRefused) {
  RequestLog log = RequestLog::open((folder_ / "log.jsonl").string()).value();
  Endpoint endpoint(scenario(), &log);
  const Reply unmatched = endpoint.answer(chat("what?"), 1);
  EXPECT_EQ(unmatched.status, 400);
  EXPECT_THAT(body(unmatched), HasSubstr("no rule of the scenario matches"));
  EXPECT_TRUE(last_line()["rule"].IsNull());

  const Reply lost = endpoint.answer(chat("where"), 1);
  EXPECT_EQ(lost.status, 400);
  EXPECT_THAT(view(last_line()["problem"]), HasSubstr("cannot replace '{{cwd}}'"));

  EXPECT_EQ(endpoint.answer({"POST", "/v1/chat/completions", {}, "{oops"}, 1).status, 400);
  EXPECT_THAT(view(last_line()["problem"]), HasSubstr("cannot parse JSON: line 1"));

  EXPECT_EQ(endpoint.answer({"P\"\xff", "/v1/\xff\"", {}, ""}, 1).status, 404);
  EXPECT_EQ(view(last_line()["target"]), "/v1/?\"");
  EXPECT_EQ(endpoint.answer({"GET", "/v1/chat/completions?x", {}, ""}, 1).status, 405);
}

TEST(RequestLog, RefusesAFileThatCannotBeOpened) {
  const auto log = RequestLog::open("/nonexistent/log");
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message(), HasSubstr("cannot open log '/nonexistent/log'"));
}

TEST(Endpoint, LogThatCannotBeWrittenIsAnError) {
  RequestLog log = RequestLog::open("/dev/full").value();
  Endpoint endpoint(scenario(), &log);
  EXPECT_EQ(endpoint.answer(chat("hello"), 1).status, 500);
}

}  // namespace
}  // namespace director::scripted_model
