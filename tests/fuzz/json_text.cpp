// JSON is read in two ways: ASCII where it stands, all else with a check of each byte. Both find
// the same values, and stop at the same place.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "director/result.hpp"

namespace {

using namespace director;

bool is_same(const Json& a, const Json& b) {
  if (a.type() != b.type() || a.size() != b.size()) {
    return false;
  }
  switch (a.type()) {
    case JsonType::Null:
      return true;
    case JsonType::Bool:
      return *a.as_bool() == *b.as_bool();
    case JsonType::Integer:
      return *a.as_int() == *b.as_int();
    case JsonType::Number:
      return *a.as_number() == *b.as_number();
    case JsonType::String:
      return *a.as_string() == *b.as_string();
    case JsonType::Array: {
      const std::vector<Json> of_a = *a.as_array();
      const std::vector<Json> of_b = *b.as_array();
      for (std::size_t i = 0; i < of_a.size(); ++i) {
        if (!is_same(of_a[i], of_b[i])) {
          return false;
        }
      }
      return true;
    }
    case JsonType::Object: {
      const auto of_a = a.members();
      const auto of_b = b.members();
      for (std::size_t i = 0; i < of_a.size(); ++i) {
        if (of_a[i].first != of_b[i].first || !is_same(of_a[i].second, of_b[i].second)) {
          return false;
        }
      }
      return true;
    }
  }
  return false;
}

void check(std::string_view text) {
  const Result<Json> whole = parse_json(text);
  const JsonPrefix prefix = parse_json_prefix(text, JsonDialect::Strict);
  if (!prefix.value) {
    DIRECTOR_ASSERT(!whole, "only one of them finds a value");
    DIRECTOR_ASSERT(
        whole.error().message() == line_and_column(text, prefix.end) + ": " + prefix.problem,
        "they find different problems");
    return;
  }
  const bool is_all = text.find_first_not_of(" \t\r\n", prefix.end) == std::string_view::npos;
  DIRECTOR_ASSERT(whole.has_value() == is_all, "what follows a value is missed");
  DIRECTOR_ASSERT(!whole || is_same(*whole, *prefix.value), "they find different values");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  for (const std::string_view line : text::split_lines(text)) {
    check(line);
  }
  return 0;
}
