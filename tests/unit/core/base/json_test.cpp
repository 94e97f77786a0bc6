#include "core/base/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/matchers.hpp"

namespace director {
namespace {

using testing::FailsWith;
using testing::IsOk;

Json parsed(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_THAT(json, IsOk()) << text;
  return *std::move(json);
}

TEST(Json, ReadsEveryType) {
  const Json json =
      parsed(R"({"s":"a\u0000b","i":-3,"n":1.5,"b":true,"a":["x","y"],"z":null,"o":{"k":1}})");
  EXPECT_EQ(*json.get_string("s"), std::string("a\0b", 3));
  EXPECT_EQ(*json.get_int("i"), -3);
  EXPECT_EQ(*json.get_number("n"), 1.5);
  EXPECT_EQ(*json.get_number("i"), -3.0);
  EXPECT_EQ(*json.get_bool("b"), true);
  EXPECT_THAT(*json.get_strings("a"), ::testing::ElementsAre("x", "y"));
  EXPECT_EQ(*json.get_object("o")->get_int("k"), 1);
  EXPECT_EQ(*json.find_string("z"), std::nullopt);
  EXPECT_EQ(*json.find_string("absent"), std::nullopt);
  EXPECT_EQ(json.size(), 7U);
}

TEST(Json, OutlivesTheDocumentItWasReadFrom) {
  auto inner = parsed(R"({"a":[{"b":"long enough not to be kept inside the string object"}]})")
                   .get_array("a");
  ASSERT_THAT(inner, IsOk());
  EXPECT_EQ(inner->front().path(), "a[0]");
  EXPECT_EQ(*inner->front().get_string("b"), "long enough not to be kept inside the string object");
}

TEST(Json, ErrorsNameThePlaceAndBothTypes) {
  const Json json = parsed(R"({"nodes":[{},{"files":7,"odd key":{"x":[1,"s"]}}]})");
  const Json node = json.get_array("nodes")->at(1);
  EXPECT_EQ(node.get_strings("files").error().message(),
            "nodes[1].files: expected an array of strings, found a number");
  EXPECT_EQ(node.get_object("odd key")->get_strings("x").error().message(),
            R"(nodes[1]."odd key".x[0]: expected a string, found a number)");
  EXPECT_EQ(node.get_string("id").error().message(), "nodes[1].id: missing, expected a string");
  EXPECT_EQ(json.get_string("id").error().message(), "id: missing, expected a string");
  EXPECT_EQ(json.as_array().error().message(), "top level: expected an array, found an object");
  EXPECT_EQ(node.find_string("files").error().message(),
            "nodes[1].files: expected a string, found a number");
  EXPECT_EQ(json.get("nodes")->get_string("x").error().message(),
            "nodes: expected an object, found an array");
}

TEST(Json, WrongTypesAreErrorsNeverValues) {
  for (const std::string_view text : {"null", "true", "1", "1.5", "\"s\"", "[]", "{}"}) {
    const Json json = parsed(text);
    EXPECT_EQ(json.as_string().has_value(), text == "\"s\"") << text;
    EXPECT_EQ(json.as_int().has_value(), text == "1") << text;
    EXPECT_EQ(json.as_number().has_value(), text == "1" || text == "1.5") << text;
    EXPECT_EQ(json.as_bool().has_value(), text == "true") << text;
    EXPECT_EQ(json.as_array().has_value(), text == "[]") << text;
    EXPECT_TRUE(json.members().empty());
    EXPECT_EQ(json.find("x"), std::nullopt);
  }
}

TEST(Json, IntegersBeyond64BitsAreNumbers) {
  EXPECT_EQ(*parsed("9223372036854775807").as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*parsed("-9223372036854775808").as_int(), std::numeric_limits<std::int64_t>::min());
  EXPECT_THAT(parsed("9223372036854775808").as_int(), FailsWith(Errc::Invalid, "64 bits"));
  EXPECT_THAT(parsed("1.0").as_int(), FailsWith(Errc::Invalid, "whole number"));
}

TEST(Json, NumbersAreReadToTheLastBit) {
  EXPECT_EQ(*parsed("0e75").as_number(), 0);
  EXPECT_EQ(*parsed("-0e75").as_number(), 0);
  EXPECT_EQ(*parsed("0.00000000000000000000000000e-9").as_number(), 0);
  EXPECT_EQ(*parsed("1e-400").as_number(), 0);
  EXPECT_EQ(*parsed("4.9e-324").as_number(), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(*parsed("1.7976931348623157e308").as_number(), std::numeric_limits<double>::max());
  EXPECT_EQ(*parsed("9007199254740993").as_int(), 9007199254740993);
  EXPECT_EQ(*parsed("0.1000000000000000055511151231257827021181583404541015625").as_number(), 0.1);
}

TEST(Json, ParseErrorsGiveLineAndColumn) {
  struct Case {
    std::string text;
    std::string error;
  };
  const Case cases[] = {
      {"", "1:1: the document is empty"},
      {"{\n  \"a\": 1\n  \"b\": 2}", "3:3: missing a comma or '}' after an object member"},
      {"[1] x", "1:4: something follows the value"},
      {"[1,]", "1:4: invalid value"},
      {"{\"a\":1,\"b\":{\"k\":1,\"k\":2}}", "1:25: the key \"k\" stands twice in one object"},
      {"\"\xff\"", "1:2: invalid encoding in string"},
      {"\"\\ud800\"", "1:2: the surrogate pair in string is invalid"},
      {"\"\\udddd\"", "1:9: half a surrogate pair in a string"},
      {"{\"\\udddd\":1}", "1:10: half a surrogate pair in a string"},
      {"1e999", "1:1: number too big to be stored in double"},
      {"[-1.8e308]", "1:10: the number -1.8e308 is too big for a double"},
      {"01", "1:2: something follows the value"},
      {"1.", "1:3: miss fraction part in number"},
  };
  for (const Case& test : cases) {
    const auto result = parse_json(test.text);
    ASSERT_FALSE(result.has_value()) << test.text;
    EXPECT_EQ(result.error().message(), test.error) << test.text;
  }
}

TEST(Json, DeepNestingIsRefusedNotACrash) {
  EXPECT_THAT(parse_json(std::string(500'000, '[')),
              FailsWith(Errc::Invalid, "nested deeper than 256 levels"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += "{\"a\":";
  }
  EXPECT_THAT(parse_json(objects), FailsWith(Errc::Invalid, "nested deeper"));
  EXPECT_THAT(parse_json(std::string(256, '[') + std::string(256, ']')), IsOk());
  EXPECT_THAT(parse_json(std::string(257, '[') + std::string(257, ']')),
              FailsWith(Errc::Invalid, "nested deeper"));
}

TEST(Json, LenientAllowsCommentsAndTrailingCommas) {
  constexpr std::string_view kText = "// first\n{\"a\": [1, 2,], /* b */ \"b\": 1,}";
  EXPECT_THAT(parse_json(kText), FailsWith(Errc::Invalid, "1:1"));
  const auto json = parse_json(kText, JsonDialect::Lenient);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->get_array("a")->size(), 2U);
}

TEST(Json, NulBytesAndBlanksAtTheEnd) {
  EXPECT_THAT(parse_json(std::string_view("[1]\0x", 5)), FailsWith(Errc::Invalid, "1:4"));
  EXPECT_THAT(parse_json(std::string_view("[1\0]", 5)), FailsWith(Errc::Invalid, "1:3"));
  EXPECT_THAT(parse_json(" [1] \r\n"), IsOk());
}

TEST(JsonPrefix, ReadsOneValueAndSaysWhereItEnds) {
  const JsonPrefix found = parse_json_prefix("{\"a\": 1} and {", JsonDialect::Strict);
  ASSERT_TRUE(found.value.has_value());
  EXPECT_EQ(found.end, 8U);
  const JsonPrefix broken = parse_json_prefix("[1, oops]", JsonDialect::Strict);
  EXPECT_FALSE(broken.value.has_value());
  EXPECT_EQ(broken.end, 4U);
  EXPECT_EQ(broken.problem, "invalid value");
}

TEST(JsonWriter, EscapesWhatATerminalActsOnAndReadsItBack) {
  const std::string evil =
      "\x1b]0;t\x07\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf\xf3\xa0\x80\x81 "
      "\xc3\xa9\xf0\x9f\x98\x80";
  const std::string quoted = json_quote(evil);
  EXPECT_EQ(quoted,
            "\"\\u001b]0;t\\u0007\\u007f\\u009b\\u202e\\u2066\\ufeff\\udb40\\udc01 "
            "\xc3\xa9\xf0\x9f\x98\x80\"");
  const auto back = parse_json(quoted);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back->as_string(), evil);
}

TEST(JsonWriter, KeepsOrderAndEscapes) {
  JsonWriter json;
  json.begin_object()
      .member("z", "line\nquote\" back\\ \x01\x1b\x7f")
      .member("a", 1)
      .member("flag", false)
      .member("list", std::vector<std::string>{"x", "y"})
      .key("none")
      .null()
      .key("raw")
      .raw("{\"k\":[]}")
      .end_object();
  EXPECT_EQ(json.take(),
            "{\"z\":\"line\\nquote\\\" back\\\\ \\u0001\\u001b\\u007f\",\"a\":1,\"flag\":false,"
            "\"list\":[\"x\",\"y\"],\"none\":null,\"raw\":{\"k\":[]}}");
}

TEST(JsonWriter, PrettyIndentsByTwoAndKeepsEmptyOnOneLine) {
  JsonWriter json(JsonWriter::Style::Pretty);
  json.begin_object().key("a").begin_array().value(1).value(2).end_array();
  json.key("b").begin_object().end_object().end_object();
  EXPECT_EQ(json.take(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST(JsonWriter, AnyBytesBecomeValidUtf8) {
  EXPECT_EQ(json_quote("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
    all += 'x';
  }
  EXPECT_THAT(parse_json(json_quote(all)), IsOk());
}

TEST(JsonWriter, NumbersSurviveTheRoundTrip) {
  for (const double number : {0.1, 1e300, -2.5e-7, 1.0 / 3, 123456789.125, 5e-324}) {
    JsonWriter json;
    json.value(number);
    EXPECT_EQ(*parsed(json.take()).as_number(), number);
  }
  JsonWriter shortest;
  shortest.value(0.1);
  EXPECT_EQ(shortest.take(), "0.1");
  JsonWriter infinite;
  infinite.begin_array().value(std::nan("")).value(HUGE_VAL).end_array();
  EXPECT_EQ(infinite.take(), "[null,null]");
}

TEST(JsonWriterDeathTest, WrongOrderIsABug) {
  EXPECT_DEATH(JsonWriter().begin_object().value(1), "member without a key");
  EXPECT_DEATH(JsonWriter().begin_array().end_object(), "not open");
  EXPECT_DEATH((void)JsonWriter().begin_array().take(), "not complete");
  EXPECT_DEATH(JsonWriter().value(1).value(2), "second JSON value");
}

}  // namespace
}  // namespace director
