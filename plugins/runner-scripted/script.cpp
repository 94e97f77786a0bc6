#include "script.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>

#include "json_view.hpp"
#include "script_place.hpp"

namespace runner_scripted {

using director::agent_failure;
using director::Result;
using plugin_support::as_integer;
using plugin_support::as_number;
using plugin_support::as_string;
using plugin_support::count_at;
using plugin_support::member;
using plugin_support::only_keys;
using plugin_support::Place;
using plugin_support::text_at;
using plugin_support::texts_at;

namespace {

using rapidjson::Value;

/// Any whole number: what a tool reports may be nonsense.
Result<std::int64_t> reported_at(const Place& at, std::string_view name) {
  const Value* value = member(at.value, name);
  const auto number = value == nullptr ? 0 : as_integer(value);
  if (!number) {
    return at.wrong("." + std::string(name) + " is no whole number");
  }
  return *number;
}

/// A number, or one that JSON cannot write.
Result<double> reported_cost(const Place& at, const Value& value) {
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr std::pair<std::string_view, double> kNames[] = {
      {"nan", std::numeric_limits<double>::quiet_NaN()}, {"inf", kInfinity}, {"-inf", -kInfinity}};
  for (const auto& [name, number] : kNames) {
    if (as_string(&value) == name) {
      return number;
    }
  }
  if (const auto number = as_number(&value)) {
    return *number;
  }
  return at.wrong(".cost is no number");
}

Result<std::string> bytes_at(const Place& at) {
  DIRECTOR_TRY(const std::string digits, text_at(at, "hex", ""));
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    int byte = -1;
    const char* end = digits.data() + i + 2;
    if (std::from_chars(digits.data() + i, end, byte, 16).ptr != end || byte < 0) {
      return at.wrong(".hex is no text of hexadecimal digits");
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

Result<Step> parse_say(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"text", "hex", "times", "then"}));
  DIRECTOR_TRY(std::string part, member(at.value, "hex") ? bytes_at(at) : text_at(at, "text", ""));
  DIRECTOR_TRY(const std::int64_t times, count_at(at, "times"));
  Say step;
  step.bytes = member(at.value, "hex") != nullptr;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(times, 1); ++i) {
    step.text += part;
  }
  DIRECTOR_TRY(const std::string rest, text_at(at, "then", ""));
  step.text += rest;
  return Step(std::move(step));
}

Result<Step> parse_tool(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"tool", "input", "output"}));
  Tool step;
  DIRECTOR_TRY(step.name, text_at(at, "tool", ""));
  DIRECTOR_TRY(step.input, text_at(at, "input", "{}"));
  DIRECTOR_TRY(step.output, text_at(at, "output", ""));
  return Step(std::move(step));
}

Result<Step> parse_write(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"write"}));
  const Value& files = at.value["write"];
  Write step;
  if (!files.IsObject()) {
    return at.wrong(".write is no object");
  }
  for (const auto& entry : files.GetObject()) {
    if (!entry.value.IsString()) {
      return at.wrong(".write has a content that is no text");
    }
    step.files.emplace_back(*as_string(&entry.name), *as_string(&entry.value));
  }
  return Step(std::move(step));
}

Result<Step> parse_delete(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"delete"}));
  Delete step;
  if (!at.value["delete"].IsArray()) {
    return at.wrong(".delete is no array");
  }
  for (const auto& path : at.value["delete"].GetArray()) {
    if (!path.IsString()) {
      return at.wrong(".delete has an entry that is no text");
    }
    step.paths.emplace_back(*as_string(&path));
  }
  return Step(std::move(step));
}

Result<Step> parse_usage(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"usage"}));
  const Place inner{at.value["usage"], at.where + ".usage"};
  DIRECTOR_CHECK(
      only_keys(inner, {"input", "output", "reasoning", "cache_read", "cache_write", "cost"}));
  director::usage usage;
  DIRECTOR_TRY(usage.input, reported_at(inner, "input"));
  DIRECTOR_TRY(usage.output, reported_at(inner, "output"));
  DIRECTOR_TRY(usage.reasoning, reported_at(inner, "reasoning"));
  DIRECTOR_TRY(usage.cache_read, reported_at(inner, "cache_read"));
  DIRECTOR_TRY(usage.cache_write, reported_at(inner, "cache_write"));
  if (const Value* cost = member(inner.value, "cost")) {
    DIRECTOR_TRY(usage.cost_usd, reported_cost(inner, *cost));
  }
  return Step(usage);
}

Result<Step> parse_fail(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"fail", "why", "retry_after_ms", "if_exit"}));
  static constexpr std::pair<std::string_view, agent_failure> kNames[] = {
      {"auth", agent_failure::auth},           {"rate_limit", agent_failure::rate_limit},
      {"transport", agent_failure::transport}, {"model", agent_failure::model},
      {"refused", agent_failure::refused},     {"config", agent_failure::config}};
  Fail step;
  std::optional<agent_failure> found;
  for (const auto& [name, failure] : kNames) {
    if (as_string(member(at.value, "fail")) == name) {
      found = failure;
    }
  }
  if (!found) {
    return at.wrong(".fail is none of auth, rate_limit, transport, model, refused, config");
  }
  step.failure = *found;
  DIRECTOR_TRY(step.why, text_at(at, "why", "scripted failure"));
  DIRECTOR_TRY(step.retry_after_ms, count_at(at, "retry_after_ms"));
  if (member(at.value, "if_exit") != nullptr) {
    DIRECTOR_TRY(step.if_exit, count_at(at, "if_exit"));
  }
  return Step(std::move(step));
}

Result<Step> parse_step(const Place& at) {
  if (member(at.value, "write") != nullptr) {
    return parse_write(at);
  }
  if (member(at.value, "delete") != nullptr) {
    return parse_delete(at);
  }
  if (member(at.value, "usage") != nullptr) {
    return parse_usage(at);
  }
  if (member(at.value, "fail") != nullptr) {
    return parse_fail(at);
  }
  if (member(at.value, "run") != nullptr) {
    DIRECTOR_CHECK(only_keys(at, {"run", "exits"}));
    Run step;
    DIRECTOR_TRY(step.command, text_at(at, "run", ""));
    if (member(at.value, "exits") != nullptr) {
      DIRECTOR_TRY(step.exits, count_at(at, "exits"));
    }
    return Step(std::move(step));
  }
  if (member(at.value, "sleep_ms") != nullptr) {
    DIRECTOR_CHECK(only_keys(at, {"sleep_ms"}));
    DIRECTOR_TRY(const std::int64_t duration, count_at(at, "sleep_ms"));
    return Step(Sleep{duration});
  }
  if (member(at.value, "text") != nullptr || member(at.value, "hex") != nullptr) {
    return parse_say(at);
  }
  if (member(at.value, "repeat") != nullptr) {
    DIRECTOR_CHECK(only_keys(at, {"repeat"}));
    DIRECTOR_TRY(const std::string what, text_at(at, "repeat", ""));
    return what == "message" ? Result<Step>(Step(Say{"", true}))
                             : at.wrong(".repeat is not \"message\"");
  }
  if (member(at.value, "tool") != nullptr) {
    return parse_tool(at);
  }
  if (member(at.value, "retry") != nullptr) {
    DIRECTOR_CHECK(only_keys(at, {"retry", "after_ms"}));
    Retry step;
    DIRECTOR_TRY(step.why, text_at(at, "retry", ""));
    DIRECTOR_TRY(step.after_ms, count_at(at, "after_ms"));
    return Step(std::move(step));
  }
  return at.wrong(
      "is none of write, delete, run, sleep_ms, usage, text, hex, repeat, tool, "
      "retry, fail");
}

Result<Rule> parse_rule(const Place& at) {
  DIRECTOR_CHECK(
      only_keys(at, {"name", "role", "model", "contains", "lacks", "nth", "first", "steps"}));
  Rule rule;
  DIRECTOR_TRY(rule.name, text_at(at, "name", ""));
  DIRECTOR_TRY(rule.role, text_at(at, "role", ""));
  DIRECTOR_TRY(rule.model, text_at(at, "model", ""));
  DIRECTOR_TRY(rule.contains, texts_at(at, "contains"));
  DIRECTOR_TRY(rule.lacks, texts_at(at, "lacks"));
  DIRECTOR_TRY(rule.nth, count_at(at, "nth"));
  DIRECTOR_TRY(rule.first, count_at(at, "first"));
  const Value* steps = member(at.value, "steps");
  if (steps == nullptr || !steps->IsArray()) {
    return at.wrong(".steps is missing or no array");
  }
  for (const auto& value : steps->GetArray()) {
    const std::string where = at.where + ".steps[" + std::to_string(rule.steps.size()) + "]";
    DIRECTOR_TRY(Step step, parse_step({value, where}));
    rule.steps.push_back(std::move(step));
  }
  return rule;
}

}  // namespace

Result<Script> parse_script(std::string_view text, const std::string& path) {
  DIRECTOR_TRY(std::vector<Rule> rules, plugin_support::rules_of(text, path, parse_rule));
  return Script{std::move(rules)};
}

}  // namespace runner_scripted
