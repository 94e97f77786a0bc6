#include "tests/e2e/scenario/match.hpp"

#include <cmath>
#include <optional>
#include <vector>

namespace director::e2e {
namespace {

constexpr double kTolerance = 1e-6;

std::string shown(const Json& value) {
  switch (value.type()) {
    case JsonType::Null:
      return "null";
    case JsonType::Bool:
      return value.as_bool().value() ? "true" : "false";
    case JsonType::Integer:
      return std::to_string(value.as_int().value());
    case JsonType::Number:
      return std::to_string(value.as_number().value());
    case JsonType::String:
      return json_quote(value.as_string().value());
    case JsonType::Array:
    case JsonType::Object:
      return std::string(to_string(value.type()));
  }
  return "";
}

std::string differ(const Json& expected, const Json& actual) {
  return actual.path() + ": expected " + shown(expected) + ", found " + shown(actual) + "\n";
}

bool is_number(const Json& value) {
  return value.type() == JsonType::Integer || value.type() == JsonType::Number;
}

std::string compare_objects(const Json& expected, const Json& actual) {
  std::string all;
  for (const auto& [key, value] : expected.members()) {
    const std::optional<Json> found = actual.find(key);
    all +=
        found ? differences(value, *found) : actual.path() + ": expected a member '" + key + "'\n";
  }
  return all;
}

std::string compare_arrays(const Json& expected, const Json& actual) {
  const std::vector<Json> wanted = expected.as_array().value();
  const std::vector<Json> found = actual.as_array().value();
  if (wanted.size() != found.size()) {
    return actual.path() + ": expected " + std::to_string(wanted.size()) + " elements, found " +
           std::to_string(found.size()) + "\n";
  }
  std::string all;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    all += differences(wanted[i], found[i]);
  }
  return all;
}

}  // namespace

std::string differences(const Json& expected, const Json& actual) {
  if (expected.is_object() && actual.is_string()) {
    Texts texts;
    texts.has = expected.find_strings("has").value_or(std::nullopt).value_or(texts.has);
    texts.lacks = expected.find_strings("lacks").value_or(std::nullopt).value_or(texts.lacks);
    if (texts.has.size() + texts.lacks.size() == 0) {
      return differ(expected, actual);
    }
    const std::string found = differences(texts, actual.as_string().value());
    return found.empty() ? found : actual.path() + ":\n" + found;
  }
  if (is_number(expected) && is_number(actual)) {
    const double wanted = expected.as_number().value();
    const double distance = std::abs(wanted - actual.as_number().value());
    return distance <= kTolerance * std::max(1.0, std::abs(wanted)) ? "" : differ(expected, actual);
  }
  if (expected.type() != actual.type()) {
    return differ(expected, actual);
  }
  if (expected.is_object()) {
    return compare_objects(expected, actual);
  }
  if (expected.is_array()) {
    return compare_arrays(expected, actual);
  }
  return shown(expected) == shown(actual) ? "" : differ(expected, actual);
}

std::string differences(const Texts& expected, std::string_view actual) {
  std::string all;
  for (const std::string& part : expected.has) {
    if (actual.find(part) == std::string_view::npos) {
      all += "expected " + json_quote(part) + "\n";
    }
  }
  for (const std::string& part : expected.lacks) {
    if (actual.find(part) != std::string_view::npos) {
      all += "unexpected " + json_quote(part) + "\n";
    }
  }
  return all.empty() ? all : all + "in:\n" + std::string(actual) + "\n";
}

}  // namespace director::e2e
