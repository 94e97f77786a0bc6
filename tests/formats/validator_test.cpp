// The validator itself: what it says about documents that are not as they should be.
#include <gtest/gtest.h>

#include "tests/support/json_schema.hpp"
#include "tests/unit/matchers.hpp"

namespace director::support {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;

constexpr const char* kSchema = R"({
  "type": "object",
  "required": ["name", "parts"],
  "properties": {
    "name": {"type": "string", "pattern": "^[a-z]+$"},
    "parts": {"type": "array", "items": {"type": "object", "required": ["size", "colour"],
              "properties": {"size": {"type": "integer"}, "colour": {"enum": ["red", "blue"]}}}}
  }
})";

constexpr const char* kOneOf = R"({"oneOf": [
  {"required": ["kind", "wheels"], "properties": {"kind": {"enum": ["car"]}, "wheels": {"type": "integer"}}},
  {"required": ["kind", "sails"], "properties": {"kind": {"enum": ["boat"]}, "sails": {"type": "integer"}}}
]})";

Status check(const char* schema, std::string_view document) {
  Result<JsonSchema> parsed = JsonSchema::parse(schema);
  return parsed ? parsed->check(document) : Status(parsed.error());
}

TEST(JsonSchema, AcceptsWhatFitsAndWhatIsAdded) {
  EXPECT_THAT(check(kSchema, R"({"name": "a", "parts": []})"), IsOk());
  EXPECT_THAT(
      check(kSchema,
            R"({"name": "a", "parts": [{"size": 1, "colour": "red", "later": 1}], "more": {}})"),
      IsOk());
}

TEST(JsonSchema, NamesThePlaceTheKeywordAndWhatIsMissing) {
  EXPECT_THAT(check(kSchema, R"({"parts": []})"),
              FailsWith(Errc::Invalid, "top level: 'required' does not hold: 'name' is missing"));
  EXPECT_THAT(check(kSchema, R"({"name": "a", "parts": [{"size": 1, "colour": "red"}, {}]})"),
              FailsWith(Errc::Invalid, "/parts/1: 'required' does not hold: 'size', 'colour'"));
  EXPECT_THAT(check(kSchema, R"({"name": "a", "parts": [{"size": "1", "colour": "red"}]})"),
              FailsWith(Errc::Invalid, "/parts/0/size: 'type'"));
  EXPECT_THAT(check(kSchema, R"({"name": "a", "parts": [{"size": 1, "colour": "green"}]})"),
              FailsWith(Errc::Invalid, "/parts/0/colour: 'enum'"));
  EXPECT_THAT(check(kSchema, R"({"name": "A1", "parts": []})"),
              FailsWith(Errc::Invalid, "/name: 'pattern'"));
}

TEST(JsonSchema, ExplainsTheAlternativeThatWasMeant) {
  EXPECT_THAT(check(kOneOf, R"({"kind": "boat", "sails": 2})"), IsOk());
  EXPECT_THAT(check(kOneOf, R"({"kind": "boat", "wheels": 4})"),
              FailsWith(Errc::Invalid, "'sails' is missing"));
  EXPECT_THAT(check(kOneOf, R"({"kind": "car", "wheels": "four"})"),
              FailsWith(Errc::Invalid, "/wheels: 'type'"));
  EXPECT_THAT(check(kOneOf, R"({"kind": "plane"})"),
              FailsWith(Errc::Invalid, "top level: 'oneOf'"));
}

TEST(JsonSchema, RefusesWhatIsNoJson) {
  EXPECT_THAT(check(kSchema, R"({"name": "a", "parts": [})"), FailsWith(Errc::Invalid, "byte"));
  EXPECT_THAT(check(kSchema, "{} {}"), FailsWith(Errc::Invalid, "no JSON"));
  EXPECT_THAT(check(kSchema, "\"\xff\""), FailsWith(Errc::Invalid, "no JSON"));
  EXPECT_THAT(check("[]", "{}"), FailsWith(Errc::Invalid, "no object"));
  EXPECT_THAT(JsonSchema::load("nothing"), FailsWith(Errc::Io, "nothing.schema.json"));
}

}  // namespace
}  // namespace director::support
