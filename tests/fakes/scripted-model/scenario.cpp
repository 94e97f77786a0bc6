#include "scenario.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "json.hpp"
#include "turn_parser.hpp"

namespace director::scripted_model {
namespace {

constexpr std::int64_t kMaxCount = std::numeric_limits<std::int32_t>::max();

Result<Match> parse_match(const Json& value, const std::string& place) {
  DIRECTOR_TRY(const Fields fields, Fields::of(value, place,
                                               {"model", "contains", "not_contains",
                                                "system_contains", "session_nth", "session_max"}));
  Match match;
  DIRECTOR_TRY(match.model, fields.string("model"));
  DIRECTOR_TRY(match.contains, fields.strings("contains"));
  DIRECTOR_TRY(match.not_contains, fields.strings("not_contains"));
  DIRECTOR_TRY(match.system_contains, fields.strings("system_contains"));
  DIRECTOR_TRY(match.session_nth, fields.number("session_nth", 1, kMaxCount));
  DIRECTOR_TRY(match.session_max, fields.number("session_max", 1, kMaxCount));
  return match;
}

Status parse_failing(const Fields& fields, Rule& rule) {
  DIRECTOR_TRY(const auto fail_first, fields.number("fail_first", 1, kMaxCount));
  const Json* error = fields.find("error");
  if (fail_first.has_value() != (error != nullptr)) {
    return fields.error(error != nullptr ? "error" : "fail_first",
                        "a rule has both 'fail_first' and 'error', or neither");
  }
  if (error != nullptr) {
    DIRECTOR_TRY(rule.failing.failure, parse_failure(*error, fields.place_of("error")));
    rule.fail_first = *fail_first;
  }
  return ok();
}

Status parse_after(const Fields& fields, Rule& rule) {
  DIRECTOR_TRY(const auto after, fields.string("after"));
  if (after.has_value() && *after != "done" && *after != "repeat") {
    return fields.error("after", "expected \"done\" or \"repeat\", got \"" + *after + "\"");
  }
  rule.repeat_last = after == "repeat";
  if (rule.repeat_last && rule.turns.empty()) {
    return fields.error("after", "there is no turn to repeat");
  }
  return ok();
}

Result<Rule> parse_rule(const Json& value, const std::string& place, const FileReader& read_file) {
  DIRECTOR_TRY(
      const Fields fields,
      Fields::of(value, place, {"name", "match", "turns", "after", "fail_first", "error"}));
  Rule rule;
  DIRECTOR_TRY(const auto name, fields.string("name"));
  rule.name = name.value_or(place);
  if (const Json* match = fields.find("match"); match != nullptr) {
    DIRECTOR_TRY(rule.match, parse_match(*match, fields.place_of("match")));
  }
  DIRECTOR_TRY(const Json* const turns, fields.array("turns"));
  if (turns == nullptr) {
    return fields.error("turns", "missing; a rule has a list of turns, which may be empty");
  }
  for (const Json& turn : turns->GetArray()) {
    const std::string turn_place =
        fields.place_of("turns") + "[" + std::to_string(rule.turns.size()) + "]";
    DIRECTOR_TRY(Turn parsed, parse_turn(turn, turn_place, read_file));
    rule.turns.push_back(std::move(parsed));
  }
  DIRECTOR_CHECK(parse_failing(fields, rule));
  DIRECTOR_CHECK(parse_after(fields, rule));
  return rule;
}

void add_models_of_rules(Scenario& scenario) {
  std::set<std::string> models(scenario.models.begin(), scenario.models.end());
  for (const Rule& rule : scenario.rules) {
    if (rule.match.model.has_value()) {
      models.insert(*rule.match.model);
    }
  }
  scenario.models.assign(models.begin(), models.end());
}

Result<std::string> read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream stream(path, std::ios::binary);
  if (!std::filesystem::is_regular_file(path, error) || !stream) {
    return Error(Errc::NotFound, "cannot read file '" + path.string() +
                                     "': it is missing, not readable or not a regular file");
  }
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, const FileReader& read_file) {
  DIRECTOR_TRY(const rapidjson::Document document, parse_json(text));
  DIRECTOR_TRY(const Fields fields, Fields::of(document, "", {"models", "rules", "done_text"}));
  Scenario scenario;
  DIRECTOR_TRY(scenario.models, fields.strings("models"));
  DIRECTOR_TRY(auto done_text, fields.string("done_text"));
  scenario.done_text = std::move(done_text).value_or(scenario.done_text);
  DIRECTOR_TRY(const Json* const rules, fields.array("rules"));
  if (rules == nullptr) {
    return fields.error("rules", "missing; a scenario has a list of rules");
  }
  std::set<std::string> names;
  for (const Json& rule : rules->GetArray()) {
    const std::string place = "rules[" + std::to_string(scenario.rules.size()) + "]";
    DIRECTOR_TRY(Rule parsed, parse_rule(rule, place, read_file));
    if (!names.insert(parsed.name).second) {
      return Error(Errc::Invalid, place + ".name: '" + parsed.name +
                                      "' is the name of an earlier rule; the log tells rules apart "
                                      "by their names");
    }
    scenario.rules.push_back(std::move(parsed));
  }
  add_models_of_rules(scenario);
  return scenario;
}

Result<Scenario> load_scenario(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const std::string context = "cannot load scenario '" + path + "'";
  DIRECTOR_TRY(const std::string text, read_whole_file(path).context(context));
  return parse_scenario(
             text, [&](const std::string& relative) { return read_whole_file(folder / relative); })
      .context(context);
}

}  // namespace director::scripted_model
