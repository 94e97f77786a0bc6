#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event_parser.hpp"
#include "opencode_lines.hpp"
#include "outcome.hpp"
#include "text.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using director::exec_outcome;
using director::exec_result;
using ::testing::HasSubstr;

struct Ended {
  std::vector<std::string> events;
  std::vector<std::string> errors;  ///< lines on standard error
  exec_result end;
  bool may_edit = true;
};

Outcome judge_call(const Ended& call) {
  EventParser parser;
  StderrNotes notes;
  for (const std::string& line : call.events) {
    (void)parser.feed(line);
  }
  for (const std::string& line : call.errors) {
    notes.feed(line);
  }
  return judge({"acme/m1", call.may_edit, 300'000, 180'000}, parser.transcript(), notes, call.end);
}

const std::vector<std::string> kGood{step_start(), text_line("done"), step_finish("stop")};

std::vector<std::string> good_then(const std::string& line) {
  std::vector<std::string> lines = kGood;
  lines.push_back(line);
  return lines;
}

TEST(Judge, FinishedCallCountsHoweverTheProcessEnded) {
  for (const exec_result& end :
       {exec_result{exec_outcome::exited, 0, 0, 0}, exec_result{exec_outcome::exited, 1, 0, 0},
        exec_result{exec_outcome::signaled, 0, 9, 0}, exec_result{exec_outcome::timed_out, 0, 0, 9},
        exec_result{exec_outcome::stalled, 0, 0, 9},
        exec_result{exec_outcome::cancelled, 0, 0, 9}}) {
    const Outcome outcome = judge_call({kGood, {}, end});
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.answer, "done");
  }
}

const std::string kCalled = tool_line("bash", R"({"status":"completed","input":{},"output":"x"})");
const std::vector<std::string> kStopWithACall{step_start(), text_line("I look."), kCalled,
                                              step_finish("stop")};

TEST(Judge, StopWithACallOfAToolCountsIfTheProcessEndedWell) {
  EXPECT_TRUE(judge_call({kStopWithACall, {}, {exec_outcome::exited, 0, 0, 0}}).finished);
}

TEST(Judge, StopOfAMessageWithoutACallCountsWhateverWasCalledBefore) {
  std::vector<std::string> lines = kStopWithACall;
  for (const std::string& line :
       {step_start("msg_2"), text_line("done", "msg_2"), step_finish("stop", "msg_2")}) {
    lines.push_back(line);
  }
  EXPECT_TRUE(judge_call({lines, {}, {exec_outcome::cancelled, 0, 0, 9}}).finished);
}

TEST(Judge, CallThatIsNotFollowedUpIsTheLastWord) {
  for (const char* state :
       {R"({"status":"error","input":{},"error":"x","metadata":{"interrupted":true}})",
        R"({"status":"completed","input":{},"output":"x"},"metadata":{"providerExecuted":true})"}) {
    const std::vector<std::string> lines{step_start(), tool_line("bash", state),
                                         step_finish("stop")};
    EXPECT_TRUE(judge_call({lines, {}, {exec_outcome::stalled, 0, 0, 9}}).finished) << state;
  }
}

TEST(Judge, RecoveredOverflowIsSuccess) {
  std::vector<std::string> lines{error_line("ContextOverflowError", R"({"message":"too long"})")};
  lines.insert(lines.end(), kGood.begin(), kGood.end());
  EXPECT_TRUE(judge_call({lines, {}, {exec_outcome::exited, 1, 0, 0}}).finished);
}

TEST(Judge, EmptyAnswerIsEnoughOnlyForARoleThatEdits) {
  const std::vector<std::string> lines{step_start(), text_line(" \\n "), step_finish("stop")};
  EXPECT_TRUE(judge_call({lines, {}, {}, true}).finished);
  const Outcome outcome = judge_call({lines, {}, {}, false});
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.failure, agent_failure::model);
}

TEST(Judge, FallBackToAnotherAgentIsNeverSuccess) {
  const Outcome outcome = judge_call(
      {kGood,
       {"\x1b[93m\x1b[1m! \x1b[0m agent \"director-x\" not found. Falling back to default agent"},
       {exec_outcome::stopped, 0, 0, 0}});
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.failure, agent_failure::config);
  EXPECT_THAT(outcome.why, HasSubstr("agent \"director-x\" not found"));
}

TEST(StderrNotes, BelievesOnlyTheToolsOwnWarnings) {
  StderrNotes notes;
  notes.feed("ERROR 2026-11-22 service=x said \"Falling back to default agent\"");
  notes.feed("level=ERROR text=\"permission requested: bash (x); auto-rejecting\"");
  EXPECT_FALSE(notes.fell_back());
  EXPECT_EQ(notes.rejected(), "");
  notes.feed("\x1b[93m\x1b[1m! \x1b[0mpermission requested: bash (echo hi); auto-rejecting");
  EXPECT_EQ(notes.rejected(), "permission requested: bash (echo hi); auto-rejecting");
}

TEST(StderrNotes, LongNotesAreCutToText) {
  std::string accents;
  for (int i = 0; i < 5000; ++i) {
    accents += "\xC3\xA9";
  }
  for (const char* pad : {"", " "}) {  // one of them puts the cut within a character
    StderrNotes notes;
    notes.feed("ERROR" + std::string(pad) + "Model not found: " + accents);
    notes.feed("! permission requested: bash (" + std::string(pad) + accents + "); auto-rejecting");
    for (const std::string& note : {notes.misconfigured(), notes.rejected(), notes.tail()}) {
      EXPECT_FALSE(note.empty());
      EXPECT_LT(note.size(), 2100U);
      EXPECT_EQ(plugin_support::valid_utf8(note), note);
    }
  }
}

TEST(StderrNotes, TailIsBoundedAndPrintable) {
  StderrNotes notes;
  for (int i = 0; i < 1000; ++i) {
    notes.feed("\x1b[31mline\x1b[0m \xFF\x01 " + std::to_string(i));
  }
  EXPECT_LT(notes.tail().size(), 2100u);
  EXPECT_THAT(notes.tail(), ::testing::EndsWith("line \xEF\xBF\xBD 999"));
  notes.feed("cut \x1b[");
  EXPECT_THAT(notes.tail(), ::testing::EndsWith("cut"));
}

struct Failure {
  const char* name;
  Ended call;
  agent_failure failure;
  std::string why;
};

void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.name; }

class Failures : public ::testing::TestWithParam<Failure> {};

TEST_P(Failures, AreClassified) {
  const Outcome outcome = judge_call(GetParam().call);
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.failure, GetParam().failure) << outcome.why;
  EXPECT_THAT(outcome.why, HasSubstr(GetParam().why));
}

const std::string kOverflow =
    error_line("ContextOverflowError", R"({"message":"maximum context length"})");
const exec_result kExit0{exec_outcome::exited, 0, 0, 0};
const exec_result kExit1{exec_outcome::exited, 1, 0, 0};
const std::string kOpaque =
    R"({"message":"Unexpected server error. Check server logs for details.","ref":"err_1"})";
const std::string kRejected = tool_line(
    "bash",
    R"({"status":"error","input":{},"error":"The user rejected permission to use this specific tool call."})");

INSTANTIATE_TEST_SUITE_P(
    All, Failures,
    ::testing::Values(
        Failure{"400",
                {{http_error(400, "Bad request")}, {}, kExit1},
                agent_failure::model,
                "HTTP 400 from http://e/v1"},
        Failure{"401",
                {{http_error(401, "Incorrect key")}, {}, kExit1},
                agent_failure::auth,
                "provider 'acme'"},
        Failure{"402",
                {{http_error(402, "Insufficient credits")}, {}, kExit1},
                agent_failure::rate_limit,
                "credits"},
        Failure{
            "403", {{http_error(403, "Forbidden")}, {}, kExit1}, agent_failure::auth, "Forbidden"},
        Failure{"404",
                {{http_error(404, "The model does not exist")}, {}, kExit1},
                agent_failure::config,
                "acme/m1"},
        Failure{"429",
                {{http_error(429, "Rate limit reached")}, {}, kExit1},
                agent_failure::rate_limit,
                "429"},
        Failure{"500", {{http_error(500, "error")}, {}, kExit1}, agent_failure::transport, "500"},
        Failure{
            "502", {{http_error(502, "Bad Gateway")}, {}, kExit1}, agent_failure::transport, "502"},
        Failure{"error after stop",
                {good_then(http_error(500, "late")), {}, kExit1},
                agent_failure::transport,
                "late"},
        Failure{
            "endpoint down",
            {{error_line(
                 "APIError",
                 R"({"message":"Cannot connect to API: Unable to connect.","isRetryable":true,"metadata":{"url":"http://e"}})")},
             {},
             kExit1},
            agent_failure::transport,
            "Cannot connect"},
        Failure{
            "connection reset",
            {{error_line(
                 "APIError",
                 R"({"message":"Connection reset by server","isRetryable":true,"metadata":{"code":"ECONNRESET"}})")},
             {},
             kExit1},
            agent_failure::transport,
            "reset"},
        Failure{
            "timeout",
            {{error_line("UnknownError", R"({"message":"The operation timed out."})")}, {}, kExit1},
            agent_failure::transport,
            "timed out"},
        Failure{"quota in the stream",
                {{error_line("UnknownError", R"({"message":"{\"code\":\"insufficient_quota\"}"})")},
                 {},
                 kExit1},
                agent_failure::rate_limit,
                "quota"},
        Failure{"overflow", {{kOverflow}, {}, kExit1}, agent_failure::model, "maximum context"},
        Failure{"deadline after an overflow",
                {{kOverflow}, {}, {exec_outcome::timed_out, 0, 0, 61'000}},
                agent_failure::deadline,
                "61 s"},
        Failure{"stalled after an overflow",
                {{kOverflow}, {}, {exec_outcome::stalled, 0, 0, 1}},
                agent_failure::transport,
                "no sign of life"},
        Failure{"killed while it compacts",
                {{kOverflow, step_start()}, {}, {exec_outcome::signaled, 0, 9, 0}},
                agent_failure::transport,
                "signal 9"},
        Failure{"deadline after a stop with a call",
                {kStopWithACall, {}, {exec_outcome::timed_out, 0, 0, 61'000}},
                agent_failure::deadline,
                "61 s"},
        Failure{"stalled after a stop with a call",
                {kStopWithACall, {}, {exec_outcome::stalled, 0, 0, 1}},
                agent_failure::transport,
                "no sign of life"},
        Failure{"cancelled after a stop with a call",
                {kStopWithACall, {}, {exec_outcome::cancelled, 0, 0, 1}},
                agent_failure::cancelled,
                "cancelled"},
        Failure{"killed after a stop with a call",
                {kStopWithACall, {}, {exec_outcome::signaled, 0, 9, 0}},
                agent_failure::transport,
                "signal 9"},
        Failure{"crash after a stop with a call",
                {kStopWithACall, {}, kExit1},
                agent_failure::transport,
                "status 1"},
        Failure{"stalled after a stop with a call of an unknown tool",
                {{step_start(), tool_line("invalid", R"({"status":"completed","input":{}})"),
                  step_finish("stop")},
                 {},
                 {exec_outcome::stalled, 0, 0, 1}},
                agent_failure::transport,
                "no sign of life"},
        Failure{"stream that began again after its call",
                {{step_start(), kCalled, step_start(), text_line("I look."), step_finish("stop")},
                 {},
                 {exec_outcome::cancelled, 0, 0, 1}},
                agent_failure::cancelled,
                "cancelled"},
        Failure{"content filter",
                {{step_start(), step_finish("content-filter"),
                  error_line("ContentFilterError", R"({"message":"blocked"})")},
                 {},
                 kExit1},
                agent_failure::model,
                "blocked"},
        Failure{"length",
                {{step_start(), text_line("cut off he"), step_finish("length")}, {}, kExit0},
                agent_failure::model,
                "length"},
        Failure{"unknown model",
                {{error_line("UnknownError", kOpaque)},
                 {"ERROR service=server ProviderModelNotFoundError: Model not found: acme/m1"},
                 kExit1},
                agent_failure::config,
                "Model not found: acme/m1"},
        Failure{"opaque error",
                {{error_line("UnknownError", kOpaque)}, {"ERROR something broke"}, kExit1},
                agent_failure::transport,
                "something broke"},
        Failure{"bad configuration",
                {{},
                 {"\x1b[91m\x1b[1mError: \x1b[0mConfiguration is invalid at /x/opencode.json",
                  "Expected a string"},
                 kExit1},
                agent_failure::config,
                "/x/opencode.json"},
        Failure{"rejected",
                {{step_start(), kRejected, step_finish("tool-calls")},
                 {"! permission requested: bash (echo hi); auto-rejecting"},
                 kExit0},
                agent_failure::refused,
                "bash (echo hi)"},
        Failure{"rejected silently",
                {{step_start(), kRejected, step_finish("tool-calls")}, {}, kExit0},
                agent_failure::refused,
                "permission"},
        Failure{
            "loop refused",
            {{step_start(),
              error_line(
                  "UnknownError",
                  R"({"message":"The user rejected permission to use this specific tool call."})")},
             {},
             kExit1},
            agent_failure::refused,
            "rejected permission"},
        Failure{"nothing at all", {{}, {}, kExit0}, agent_failure::transport, "status 0"},
        Failure{"killed",
                {{step_start()}, {"last words"}, {exec_outcome::signaled, 0, 15, 0}},
                agent_failure::transport,
                "signal 15"},
        Failure{"events lost",
                {{step_start(), step_finish("tool-calls")}, {}, kExit0},
                agent_failure::transport,
                "before the model had finished"},
        Failure{"deadline",
                {{step_start()}, {}, {exec_outcome::timed_out, 0, 0, 61'000}},
                agent_failure::deadline,
                "61 s"},
        Failure{"deadline while compacting",
                {good_then(synthetic_line()), {}, {exec_outcome::timed_out, 0, 0, 61'000}},
                agent_failure::deadline,
                "61 s"},
        Failure{"deadline after an error",
                {{http_error(401, "bad key")}, {}, {exec_outcome::timed_out, 0, 0, 61'000}},
                agent_failure::auth,
                "bad key"},
        Failure{"stalled",
                {{step_start()}, {}, {exec_outcome::stalled, 0, 0, 1}},
                agent_failure::transport,
                "no sign of life for 300 s"},
        Failure{"silent from the start",
                {{}, {"message=init"}, {exec_outcome::stalled, 0, 0, 1}},
                agent_failure::transport,
                "no first event within 180 s"},
        Failure{"cancelled",
                {{step_start()}, {}, {exec_outcome::cancelled, 0, 0, 1}},
                agent_failure::cancelled,
                "cancelled"}));

TEST(Judge, SilenceAtTheStartIsToldByTheLimitThatEndedIt) {
  const exec_result stalled{exec_outcome::stalled, 0, 0, 60'000};
  EXPECT_THAT(judge({"acme/m1", true, 60'000, 180'000}, Transcript{}, StderrNotes{}, stalled).why,
              HasSubstr("no sign of life for 60 s"));
  EXPECT_THAT(judge({"acme/m1", true, 180'000, 60'000}, Transcript{}, StderrNotes{}, stalled).why,
              HasSubstr("no first event within 60 s"));
}

TEST(Judge, RateLimitSaysHowLongToWait) {
  const Outcome outcome =
      judge_call({{http_error(429, "slow", R"({"retry-after":"7"})")}, {}, kExit1});
  EXPECT_EQ(outcome.retry_after_ms, 7000);
}

}  // namespace
}  // namespace runner_opencode
