#include "cli/transcript_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(TranscriptView, ShowsWhatTheAgentSaidLineByLine) {
  EXPECT_EQ(show_event(R"({"type":"text","timestamp":1,"part":{"text":"One.\n\n\tTwo: \"x\"\n"}})"),
            "  One.\n  \n      Two: \"x\"\n");
  EXPECT_EQ(show_event(R"({"type":"reasoning","part":{"text":"Hm.\nAh."}})"), "  ~ Hm.\n  ~ Ah.\n");
  EXPECT_EQ(show_event(R"({"type":"step_start","part":{"type":"step-start"}})"), "");
}

TEST(TranscriptView, ShowsToolCallsWithInputAndEnding) {
  EXPECT_EQ(show_event(R"({"type":"tool_use","part":{"tool":"bash","state":{"status":"completed",
              "input":{"command":"make test","timeout":1000},"metadata":{"exit":3}}}})"),
            "  > bash command=make test, timeout=1000  [exit 3]\n");
  EXPECT_EQ(show_event(R"({"type":"tool_use","part":{"tool":"bash","state":{"status":"completed",
              "input":{"command":"sleep 9"},"metadata":{"exit":null}}}})"),
            "  > bash command=sleep 9  [ended early]\n");
  EXPECT_EQ(show_event(R"({"type":"tool_use","part":{"tool":"write","state":{"status":"error",
              "input":{"filePath":"a.py","lines":["a"],"x":{}},"error":"The user\nrejected it"}}})"),
            "  > write filePath=a.py, lines=[1], x={0}  [error: The user\\nrejected it]\n");
  EXPECT_EQ(show_event(R"({"type":"tool_use","part":{"tool":"read","state":{"status":"completed",
              "input":{"filePath":"a.py"}}}})"),
            "  > read filePath=a.py\n");
  EXPECT_EQ(show_event(R"({"type":"tool_use","part":{}})"), "  > a tool\n");
}

TEST(TranscriptView, ShowsUsageErrorsAndWhatWasLeftOut) {
  EXPECT_EQ(show_event(R"({"type":"step_finish","part":{"reason":"stop","cost":0.00588,"tokens":
              {"input":400,"output":180,"reasoning":120,"cache":{"read":600,"write":0}}}})"),
            "  - 1000 in (600 cached), 300 out, $0.0059, stop\n");
  EXPECT_EQ(show_event(R"({"type":"step_finish","part":{"reason":"tool-calls"}})"),
            "  - 0 in, 0 out\n");
  EXPECT_EQ(
      show_event(R"({"type":"error","error":{"name":"APIError","data":{"message":"401 no"}}})"),
      "  ! APIError: 401 no\n");
  EXPECT_EQ(show_event(R"({"type":"error"})"), "  ! error\n");
  EXPECT_EQ(show_event(R"({"director":"left out","bytes":77})"), "  ... 77 bytes left out ...\n");
  EXPECT_EQ(show_stderr("  oops\x1b[2J "), "  stderr: oops\\x1b[2J\n");
  EXPECT_EQ(show_stderr(" "), "");
}

TEST(TranscriptView, ShowsLinesOfOtherToolsShortened) {
  EXPECT_EQ(show_event("plain words"), "  ? plain words\n");
  EXPECT_EQ(show_event(R"({"type":"text"})"), "  ? {\"type\":\"text\"}\n");
  EXPECT_EQ(show_event("[1, 2]"), "  ? [1, 2]\n");
  EXPECT_EQ(show_event(R"({"type":"done","reason":"idle"})"),
            "  ? {\"type\":\"done\",\"reason\":\"idle\"}\n");
  EXPECT_EQ(show_event(""), "");
  EXPECT_EQ(show_event(" \r"), "");
}

// Members that are there but of another type than expected.
TEST(TranscriptView, ShowsWhatARunnerThatIsAProgramSays) {
  EXPECT_EQ(show_event(R"({"type":"hello","protocol":1,"kind":"runner","id":"x","version":"1"})"),
            "");
  EXPECT_EQ(show_event(R"({"type":"text","text":"One.\nTwo."})"), "  One.\n  Two.\n");
  EXPECT_EQ(
      show_event(R"({"type":"tool_call","name":"bash","input":{"command":"ls"},"exit_code":2})"),
      "  > bash command=ls  [exit 2]\n");
  EXPECT_EQ(show_event(R"({"type":"usage","input":10,"output":5,"cache_read":2,"cost_usd":0.25})"),
            "  - 12 in (2 cached), 5 out, $0.2500\n");
  EXPECT_EQ(show_event(R"({"type":"retry","message":"busy\u001b[2J"})"),
            "  ! retry: busy\\x1b[2J\n");
  EXPECT_EQ(show_event(R"({"type":"fail","failure":"auth","message":"no key"})"),
            "  ! auth: no key\n");
  EXPECT_EQ(show_event(R"({"type":"finish","text":"DONE"})"), "  DONE\n");
}

TEST(TranscriptView, SurvivesWrongShapes) {
  const char* values[] = {"null", "1", "\"x\"", "[]", "{}", "true", "1e999", "-3", "[{}]"};
  for (const char* type : {"text", "reasoning", "tool_use", "step_finish", "step_start", "error"}) {
    for (const std::string value : values) {
      const std::string lines[] = {
          "{\"type\":\"" + std::string(type) + "\",\"part\":" + value + ",\"error\":" + value + "}",
          "{\"type\":\"" + std::string(type) + "\",\"part\":{\"text\":" + value +
              ",\"tool\":" + value + ",\"state\":" + value + ",\"tokens\":" + value +
              ",\"cost\":" + value + ",\"reason\":" + value + "},\"error\":{\"name\":" + value +
              ",\"data\":" + value + ",\"message\":" + value + "}}",
          "{\"type\":" + value + ",\"part\":{\"state\":{\"status\":" + value + ",\"input\":" +
              value + ",\"metadata\":{\"exit\":" + value + "},\"error\":" + value + "}}}",
          "{\"type\":\"" + std::string(type) + "\",\"part\":{\"state\":{\"status\":" + value +
              ",\"input\":" + value + ",\"metadata\":{\"exit\":" + value + "},\"error\":" + value +
              "},\"tokens\":{\"input\":" + value + ",\"cache\":" + value + "}}}",
      };
      for (const std::string& line : lines) {
        const std::string shown = show_event(line);
        EXPECT_TRUE(shown.empty() || shown.ends_with("\n")) << line;
      }
    }
  }
}

/// Printable line by line: nothing that a terminal obeys is left.
void expect_harmless(const std::string& shown) {
  ASSERT_TRUE(text::is_utf8(shown));
  for (const std::string_view line : text::split_lines(shown)) {
    ASSERT_EQ(text::printable(line), line);
  }
}

// An agent prints what it likes, wherever it can.
TEST(TranscriptView, NoEscapeSequenceReachesTheTerminal) {
  const char* attacks[] = {"\x1b[2J\x1b[H",
                           "\x1b]0;title\x07",
                           "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
                           "\x1bP+q544e\x1b\\",
                           "a\rb",
                           "a\x08\x08\x7f",
                           "\xc2\x9b[31m",
                           "\xe2\x80\xae\xe2\x81\xa6txt\xe2\x81\xa9\xe2\x80\xac",
                           "a\xe2\x80\xa8"
                           "b\v\f"};
  for (const std::string attack : attacks) {
    const std::string quoted = json_quote(attack);
    const std::string lines[] = {
        R"({"type":"text","part":{"text":)" + quoted + "}}",
        R"({"type":"reasoning","part":{"text":)" + quoted + "}}",
        R"({"type":"tool_use","part":{"tool":)" + quoted + R"(,"state":{"status":)" + quoted +
            R"(,"input":{)" + quoted + ":" + quoted + "}}}}",
        R"({"type":"tool_use","part":{"tool":"x","state":{"status":"error","error":)" + quoted +
            "}}}",
        R"({"type":"step_finish","part":{"reason":)" + quoted + "}}",
        R"({"type":"error","error":{"name":)" + quoted + R"(,"data":{"message":)" + quoted + "}}}",
        R"({"type":)" + quoted + "}",
        attack,
        "{\"type\":\"text\",\"part\":{\"text\":\"" + attack + "\"}}",
    };
    for (const std::string& line : lines) {
      expect_harmless(show_event(line));
      expect_harmless(show_stderr(line));
    }
  }
}

TEST(TranscriptView, SurvivesGarbageHugeAndCutLines) {
  const std::string whole =
      R"({"type":"tool_use","part":{"tool":"bash","state":{"input":{"command":"é"}}}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string shown = show_event(whole.substr(0, size));
    EXPECT_THAT(shown, size == 0 ? StartsWith("") : StartsWith("  ? ")) << size;
    expect_harmless(shown);
  }
  const std::string huge =
      show_event(R"({"type":"text","part":{"text":")" + std::string(8'000'000, 'x') + "\"}}");
  EXPECT_LT(huge.size(), 100'000U);
  EXPECT_THAT(huge, HasSubstr("bytes left out"));
  EXPECT_LT(show_event(std::string(8'000'000, '\x1b')).size(), 1000U);
  EXPECT_LT(show_event(std::string(8'000'000, '[')).size(), 1000U);
  EXPECT_LT(show_event(R"({"type":"tool_use","part":{"tool":"b","state":{"input":{"command":")" +
                       std::string(8'000'000, 'y') + "\"}}}}")
                .size(),
            1000U);

  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same bytes each time
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = whole;
    for (int edits = 0; edits < 5; ++edits) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    expect_harmless(show_event(bytes));
  }
}

TEST(TranscriptView, ShorteningCutsNoCharacter) {
  for (std::size_t lead = 150; lead < 165; ++lead) {
    std::string line(lead, 'a');
    for (int i = 0; i < 20; ++i) {
      line += "\xf0\x9f\x98\x80";
    }
    const std::string shown = show_event(line);
    expect_harmless(shown);
    EXPECT_THAT(shown, AllOf(HasSubstr("..."), Not(HasSubstr("\\x"))));
  }
}

}  // namespace
}  // namespace director::cli
