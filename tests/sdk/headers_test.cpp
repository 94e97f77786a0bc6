// What the SDK's headers do for a plugin beside the ABI: its configuration, and text that is UTF-8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "director/settings.hpp"
#include "director/text.hpp"

namespace director {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Settings, ReadsWhatASchemaCanDescribe) {
  const settings read(
      R"( {"text": "a \"b\" \\ \n \/", "texts": ["x", "", "y,]"], "count": -12, "share": 1.5e2,)"
      R"( "on": true, "off": false, "none": [], "last": "end"} )");
  EXPECT_EQ(read.text("text"), "a \"b\" \\ \n /");
  EXPECT_THAT(read.texts("texts"), ElementsAre("x", "", "y,]"));
  EXPECT_EQ(read.integer("count"), -12);
  EXPECT_EQ(read.number("share"), 150);
  EXPECT_TRUE(read.flag("on"));
  EXPECT_FALSE(read.flag("off", true));
  EXPECT_THAT(read.texts("none"), IsEmpty());
  EXPECT_EQ(read.text("last"), "end");
}

TEST(Settings, GivesTheFallbackForAnotherTypeOrNoSuchKey) {
  const settings read(R"({"text": "7", "count": 7, "texts": ["7"], "big": 99999999999999999999})");
  EXPECT_EQ(read.integer("text", 3), 3);
  EXPECT_EQ(read.number("text", 3), 3);
  EXPECT_TRUE(read.flag("text", true));
  EXPECT_EQ(read.text("count", "none"), "none");
  EXPECT_EQ(read.text("texts", "none"), "none");
  EXPECT_THAT(read.texts("text"), IsEmpty());
  EXPECT_EQ(read.text("missing", "none"), "none");
  EXPECT_EQ(read.integer("big", 3), 3) << "what does not fit is no number";
  EXPECT_FALSE(read.flag("count"));
}

TEST(Settings, DecodesEscapesToUtf8) {
  const settings read(R"({"\u006bey": "\u00fc \u20ac \ud83d\ude00 \u0041"})");
  EXPECT_EQ(read.text("key"), "\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80 A");
}

TEST(Settings, PassesOverWhatIsNested) {
  const settings read(
      R"({"deep": {"a": "}", "b": [1, {"c": "]\""}]}, "mixed": ["x", 1, ["y"]], "after": "here"})");
  EXPECT_EQ(read.text("after"), "here");
  EXPECT_EQ(read.text("deep"), "");
}

// The kit hands such configurations to every plugin, and a plugin must live.
TEST(Settings, TakesGarbageForNothing) {
  for (const std::string& garbage :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        std::string("\"text\""), std::string("{\"a\""), std::string("{\"a\":"),
        std::string("{\"a\":\"\\u12"), std::string("{\"a\":\"\\ud83d\\u"),
        std::string("{\"a\":\"\\"), std::string("{\"a\":}"), std::string("{,}"),
        std::string(100000, '{'), "{\"a\":" + std::string(100000, '['), std::string("\xff\xfe")}) {
    const settings read(garbage);
    EXPECT_EQ(read.text("a", "none"), "none") << garbage.substr(0, 40);
  }
  const settings half(R"({"a": "whole", "b": "ha)");
  EXPECT_EQ(half.text("a"), "whole") << "what came before counts";
  EXPECT_EQ(half.text("b", "none"), "none");
}

TEST(Text, IsMadeUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(to_utf8("plain \xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "plain \xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(to_utf8("\xff"
                    "a\x80"),
            bad + "a" + bad);
  EXPECT_EQ(to_utf8("\xC3"), bad) << "cut";
  EXPECT_EQ(to_utf8("\xC0\xAF"), bad + bad) << "overlong";
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), bad + bad + bad) << "a surrogate";
  EXPECT_EQ(to_utf8("\xF5\x80\x80\x80"), bad + bad + bad + bad) << "beyond the last";
  EXPECT_EQ(to_utf8(std::string("\0", 1)), std::string("\0", 1));
}

TEST(Text, BecomesAStringOfJson) {
  EXPECT_EQ(json_string("a \"b\" \\ \n\x01 \xC3\xBC"), R"("a \"b\" \\ \u000a\u0001 )"
                                                       "\xC3\xBC\"");
  for (const std::string& text : {std::string("x\"\\\n\t\x1f"), std::string("\0", 1)}) {
    EXPECT_EQ(settings("{\"a\":" + json_string(text) + "}").text("a"), text) << "and back";
  }
}

}  // namespace
}  // namespace director
