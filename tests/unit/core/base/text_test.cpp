#include "core/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/sha256.hpp"

namespace director::text {
namespace {

using ::testing::ElementsAre;

TEST(Text, TrimsAndSplits) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_THAT(split_lines("a\r\n\nb"), ElementsAre("a", "", "b"));
  EXPECT_THAT(split_lines("a\n"), ElementsAre("a"));
  EXPECT_TRUE(split_lines("").empty());
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, ", "), "a, b");
  EXPECT_EQ(to_lower("ABc\xc3\x84"), "abc\xc3\x84");
}

TEST(ClosestMatch, FindsTyposAndNothingElse) {
  const std::vector<std::string> keys{"max_attempts", "flake_runs", "stall_secs"};
  EXPECT_EQ(closest_match("max_attempt", keys), "max_attempts");
  EXPECT_EQ(closest_match("Max_Attempts", keys), "max_attempts");
  EXPECT_EQ(closest_match("stall_sesc", keys), "stall_secs");
  EXPECT_EQ(closest_match("colour", keys), std::nullopt);
  EXPECT_EQ(closest_match("", keys), std::nullopt);
  EXPECT_EQ(closest_match(std::string(1'000'000, 'a'), keys), std::nullopt);
}

TEST(Utf8, JudgesSequences) {
  for (const char* good :
       {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf5\x80\x80\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(to_utf8(bad)));
  }
  EXPECT_EQ(to_utf8("a\xe2\x82z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(Printable, NeutralisesEverythingATerminalObeys) {
  EXPECT_EQ(printable("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(printable("a\x1b[31mred\n\t\r\x07"), "a\\x1b[31mred\\n\\t\\r\\x07");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "txt"),
            "\\u202etxt");
  EXPECT_EQ(printable("\xff\x7f"), "\\xff\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Printable, OfSeveralLinesKeepsTheirEndsAndTabs) {
  EXPECT_EQ(printable_lines("a\tb\n\nc\r\x1b\xc2\x9b\xe2\x81\xa7\xff"),
            "a\tb\n\nc\\r\\x1b\\u009b\\u2067\\xff");
  const std::string harmless = "one\n\ttwo \xc3\xa9 \xf0\x9f\x98\x80\n";
  EXPECT_EQ(printable_lines(harmless), harmless);
}

TEST(CutMiddle, KeepsHeadAndTailWithinTheLimit) {
  EXPECT_EQ(cut_middle("short", 5), "short");
  const std::string text = "HEAD" + std::string(10'000, '.') + "TAIL";
  const std::string cut = cut_middle(text, 200);
  EXPECT_LE(cut.size(), 200U);
  EXPECT_TRUE(cut.starts_with("HEAD"));
  EXPECT_TRUE(cut.ends_with("TAIL"));
  EXPECT_NE(cut.find("bytes left out"), std::string::npos);
}

TEST(CutMiddle, NeverCutsASequence) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += i % 2 == 0 ? "\xf0\x9f\x98\x80" : "\xe2\x82\xac";
  }
  for (std::size_t limit = 0; limit < 300; ++limit) {
    const std::string cut = cut_middle(text, limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_TRUE(is_utf8(cut)) << limit;
  }
  // Bytes that are no UTF-8 at all: only the limit counts.
  for (std::size_t limit = 0; limit < 300; ++limit) {
    EXPECT_LE(cut_middle(std::string(1000, '\x80'), limit).size(), limit);
  }
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace director::text
