/// Reading scripts that people write: JSON whose every mistake is told with its place. For .cpp
/// files only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/result.hpp"
#include "json_view.hpp"

namespace plugin_support {

/// A value and where it stands, so that every complaint names its place.
struct Place {
  const rapidjson::Value& value;
  std::string where;  ///< "/abs/script.json: rules[0].steps[1]"

  [[nodiscard]] director::Error wrong(const std::string& what) const {
    return director::Error(director::Errc::Invalid, "cannot use the script: " + where +
                                                        (what.starts_with('.') ? "" : " ") + what);
  }
};

/// Errors, as of all below: Invalid, with the place.
[[nodiscard]] inline director::Status only_keys(const Place& at,
                                                std::initializer_list<std::string_view> known) {
  if (!at.value.IsObject()) {
    return at.wrong("is no object");
  }
  for (const auto& entry : at.value.GetObject()) {
    bool found = false;
    for (const std::string_view name : known) {
      found = found || *as_string(&entry.name) == name;
    }
    if (!found) {
      return at.wrong("has an unknown key '" + std::string(*as_string(&entry.name)) + "'");
    }
  }
  return director::ok();
}

[[nodiscard]] inline director::Result<std::string> text_at(const Place& at, std::string_view name,
                                                           const std::string& fallback) {
  const rapidjson::Value* value = member(at.value, name);
  if (value != nullptr && !value->IsString()) {
    return at.wrong("." + std::string(name) + " is no text");
  }
  return value == nullptr ? fallback : std::string(*as_string(value));
}

/// A text or a list of them; none where there is no such member.
[[nodiscard]] inline director::Result<std::vector<std::string>> texts_at(const Place& at,
                                                                         std::string_view name) {
  std::vector<std::string> all;
  const rapidjson::Value* value = member(at.value, name);
  if (value == nullptr) {
    return all;
  }
  if (const auto one = as_string(value)) {
    all.emplace_back(*one);
    return all;
  }
  const director::Error wrong = at.wrong("." + std::string(name) + " is no text or list of texts");
  if (!value->IsArray()) {
    return wrong;
  }
  for (const auto& entry : value->GetArray()) {
    if (!entry.IsString()) {
      return wrong;
    }
    all.emplace_back(*as_string(&entry));
  }
  return all;
}

/// A whole number from 0; 0 where there is no such member.
[[nodiscard]] inline director::Result<std::int64_t> count_at(const Place& at,
                                                             std::string_view name) {
  const rapidjson::Value* value = member(at.value, name);
  const auto number = value == nullptr ? 0 : as_integer(value).value_or(-1);
  if (number < 0) {
    return at.wrong("." + std::string(name) + " is no whole number from 0");
  }
  return number;
}

/// The rules of a script, {"rules": [...]}, in order. `path` is for messages.
template <typename Rule>
[[nodiscard]] director::Result<std::vector<Rule>> rules_of(
    std::string_view text, const std::string& path,
    director::Result<Rule> (*parse_rule)(const Place&)) {
  const auto parsed = parse_json(text);
  if (!parsed) {
    return director::Error(director::Errc::Invalid,
                           "cannot use the script: " + path + ": " + parsed.error().message());
  }
  const Place root{*parsed, path + ":"};
  DIRECTOR_CHECK(only_keys(root, {"rules"}));
  const rapidjson::Value* rules = member(*parsed, "rules");
  if (rules == nullptr || !rules->IsArray()) {
    return root.wrong("rules is missing or no array");
  }
  std::vector<Rule> all;
  for (const auto& value : rules->GetArray()) {
    const std::string where = path + ": rules[" + std::to_string(all.size()) + "]";
    DIRECTOR_TRY(Rule rule, parse_rule(Place{value, where}));
    all.push_back(std::move(rule));
  }
  return all;
}

}  // namespace plugin_support
