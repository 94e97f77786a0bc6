// The comparisons that every scenario rests on find what differs.
#include "tests/e2e/scenario/match.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string compare(const std::string& expected, const std::string& actual) {
  return differences(parse_json(expected).value(), parse_json(actual).value());
}

TEST(Differences, NoneWhereEverythingAskedForIsThere) {
  EXPECT_EQ(compare("{}", R"({"a": 1})"), "");
  EXPECT_EQ(compare(R"({"a": {"b": [1, "x", null, true]}})",
                    R"({"c": 0, "a": {"d": 0, "b": [1, "x", null, true]}})"),
            "");
  EXPECT_EQ(compare(R"({"a": 66.666667})", R"({"a": 66.66666666666666})"), "");
  EXPECT_EQ(compare(R"({"a": 1})", R"({"a": 1.0})"), "");
  EXPECT_EQ(compare(R"({"a": {"has": ["two"], "lacks": ["six"]}})", R"({"a": "one two"})"), "");
}

TEST(Differences, EachIsNamedWithItsPlace) {
  const struct {
    const char* expected;
    const char* actual;
    const char* found;
  } cases[] = {
      {R"({"a": 1})", R"({"a": 2})", "a: expected 1, found 2"},
      {R"({"a": 1})", R"({"a": "1"})", "a: expected 1, found \"1\""},
      {R"({"a": 66.66})", R"({"a": 66.67})", "a: expected 66.66"},
      {R"({"a": false})", R"({"a": null})", "a: expected false, found null"},
      {R"({"a": "x"})", R"({})", "expected a member 'a'"},
      {R"({"a": [1]})", R"({"a": [1, 2]})", "a: expected 1 elements, found 2"},
      {R"({"a": [{"b": 1}]})", R"({"a": [{"b": 3}]})", "a[0].b: expected 1, found 3"},
      {R"({"a": {"has": ["two"]}})", R"({"a": "one"})", "expected \"two\""},
      {R"({"a": {"lacks": ["one"]}})", R"({"a": "one"})", "unexpected \"one\""},
      {R"({"a": {}})", R"({"a": "one"})", "a: expected an object"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(compare(one.expected, one.actual), HasSubstr(one.found)) << one.expected;
  }
}

TEST(Differences, OfTextsShowTheText) {
  EXPECT_EQ(differences(Texts{{"a", "b"}, {"c"}}, "a b"), "");
  EXPECT_THAT(differences(Texts{{"x"}, {"b"}}, "a b"),
              AllOf(HasSubstr("expected \"x\""), HasSubstr("unexpected \"b\""), HasSubstr("a b")));
}

}  // namespace
}  // namespace director::e2e
