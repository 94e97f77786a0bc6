#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/base/json.hpp"
#include "core/plugin/exec/excerpt.hpp"
#include "core/plugin/exec/protocol.hpp"
#include "tests/unit/matchers.hpp"

namespace director::plugin::exec {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::HasSubstr;

struct Case {
  const char* line;
  const char* part;  ///< of the error
};

TEST(ExecProtocol, WrongMessagesSayWhatIsWrongAndWhere) {
  constexpr Case kCases[] = {
      {"", "1:1"},
      {"[]", "expected an object, found an array"},
      {"{}", "type"},
      {R"({"type":7})", "type: expected a string"},
      {R"({"type":"bless"})", R"(type: there is no message of type "bless")"},
      {R"({"type":"hello"})", "protocol"},
      {R"({"type":"hello","protocol":"1","kind":"gate","id":"x","version":"1"})",
       "protocol: expected"},
      {R"({"type":"hello","protocol":1,"kind":"vcs","id":"x","version":"1"})",
       "kind: expected one of runner, gate, reviewer, sink; found \"vcs\""},
      {R"({"type":"hello","protocol":1,"kind":"gate","id":"x","version":"1","config_schema":"{}"})",
       "config_schema: expected an object"},
      {R"({"type":"log","level":"loud","text":"x"})", "level: expected one of debug"},
      {R"({"type":"exec","argv":[""]})", "argv: expected a program"},
      {R"({"type":"exec","argv":"ls"})", "argv: expected"},
      {R"({"type":"exec","timeout_ms":-1})", "timeout_ms: expected 0 or more"},
      {R"({"type":"ask"})", "message"},
      {R"({"type":"error","message":" "})", "message: expected a sentence"},
      {R"({"type":"error","code":"EPERM","message":"x"})", "code: expected one of invalid"},
      {R"({"type":"verdict","outcome":"pass"})", "summary"},
      {R"({"type":"verdict","outcome":true,"summary":"x"})", "outcome: expected a string"},
      {R"({"type":"verdict","outcome":"pass","summary":"x","exit_code":99999999999})",
       "exit_code: expected an exit status"},
      {R"({"type":"usage","input":-5})", "input: expected 0 or more"},
      {R"({"type":"usage","input":1.5})", "input: expected"},
      {R"({"type":"usage","cost_usd":-1})", "cost_usd: expected 0 or more"},
      {R"({"type":"fail","failure":"deadline","message":"x"})", "failure: expected one of auth"},
      {R"({"type":"review","summary":"x","findings":{}})", "findings: expected an array"},
      {R"({"type":"review","summary":"x","findings":[{"severity":"minor"}]})",
       "findings[0].summary"},
      {R"({"type":"tool","tool":"x"})", "version"},
      {R"({"type":"kept"} {"type":"kept"})", "1:"},
  };
  for (const Case& one : kCases) {
    EXPECT_THAT(parse_message(one.line), FailsWith(Errc::Invalid, one.part)) << one.line;
  }
}

TEST(ExecProtocol, MembersThatAreNotKnownAreLeftAlone) {
  EXPECT_THAT(parse_message(R"({"type":"kept","since":"1.4","extra":{"a":[1]}})"), IsOk());
}

TEST(ExecProtocol, EveryByteThatIsChangedGivesAMessageOrAnErrorInWords) {
  const std::string good =
      R"({"type":"verdict","outcome":"fail","summary":"no","detail":"a\nb","exit_code":3})";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string line = good;
      line[at] = static_cast<char>(byte);
      const Result<Message> message = parse_message(line);
      if (!message) {
        ASSERT_FALSE(message.error().message().empty()) << at << " " << byte;
      } else if (const auto* verdict = std::get_if<Verdict>(&*message)) {
        ASSERT_NE(verdict->said.outcome, DIRECTOR_GATE_PASS) << at << " " << byte;
      }
    }
  }
}

TEST(ExecProtocol, WhatTheHostSaysIsOneLineOfJsonWhateverItHolds) {
  std::mt19937 random(7);
  const instance_info info{"{\"a\":\n 1}", "/re\npo", "/s", "/c"};
  for (int round = 0; round < 200; ++round) {
    std::string any;
    for (int i = 0; i < 300; ++i) {
      any += static_cast<char>(random() & 255U);
    }
    gate_request check;
    check.command = any;
    check.changes = {{change_kind::deleted, any, file_type::symlink, file_type::none}};
    run_request run;
    run.message = any;
    review_request review;
    review.diff = any;
    for (const std::string& line :
         {check_line({info, 5}, check), run_line({info, -1}, run), review_line({info, -1}, review),
          probe_line({info, -1}), keep_line({info, -1}, 3),
          record_line({1, any, "event", "{\"a\":\n[]}"}), ended_line({}, any), answer_line(any),
          error_line(Error(Errc::Io, any))}) {
      ASSERT_EQ(line.find('\n'), std::string::npos) << round;
      ASSERT_THAT(parse_json(line), IsOk()) << round;
    }
  }
}

TEST(ExecProtocol, AbsentDeadlineIsNull) {
  const instance_info info{"", "/r", "/s", "/c"};
  EXPECT_THAT(probe_line({info, -1}), HasSubstr(R"("config":{},)"));
  EXPECT_THAT(probe_line({info, -1}), HasSubstr(R"("remaining_ms":null)"));
  EXPECT_THAT(probe_line({info, 0}), HasSubstr(R"("remaining_ms":0)"));
}

TEST(Excerpt, KeepsBothEndsAndSaysWhatIsMissing) {
  Excerpt excerpt(100);
  for (int i = 0; i < 1000; ++i) {
    excerpt.add_line("line " + std::to_string(i), false);
  }
  const std::string text = excerpt.text();
  EXPECT_TRUE(text.starts_with("line 0\nline 1\n"));
  EXPECT_TRUE(text.ends_with("line 998\nline 999\n"));
  EXPECT_THAT(text, HasSubstr("bytes are left out here"));
  EXPECT_LT(text.size(), 200U);
}

TEST(Excerpt, LastWordsArePrintableAndShort) {
  Excerpt excerpt(4096);
  EXPECT_EQ(excerpt.last_words(), "");
  excerpt.add_line(std::string(2000, 'x') + "\x1b[2J\xff", false);
  const std::string words = excerpt.last_words();
  EXPECT_TRUE(words.starts_with("; it said: xxx"));
  EXPECT_EQ(words.find('\x1b'), std::string::npos);
  EXPECT_LT(words.size(), 450U);
}

}  // namespace
}  // namespace director::plugin::exec
