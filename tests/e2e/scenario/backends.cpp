#include "tests/e2e/scenario/backends.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>

#include "core/base/json.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

/// "vcs-git" -> "git": what a scenario's `needs` says.
std::string short_name(const std::string& id) {
  static const std::map<std::string, std::string> kNames{
      {"runner-opencode", "opencode"}, {"runner-scripted", "scripted"}, {"vcs-git", "git"},
      {"vcs-memory", "memory"},        {"gate-shell", "shell"},         {"metrics-jsonl", "jsonl"}};
  const auto found = kNames.find(id);
  return found == kNames.end() ? id : found->second;
}

Status check_needs(const Scenario& scenario, const std::string& chosen, const std::string& needed) {
  const auto why = scenario.needs.find(needed);
  if (why == scenario.needs.end() || short_name(chosen) == needed) {
    return ok();
  }
  return Error(Errc::Invalid,
               "this scenario needs " + needed + ", not '" + chosen + "': " + why->second);
}

class Converter {
 public:
  explicit Converter(fs::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::string> script(const Json& model) {
    DIRECTOR_TRY(const std::vector<Json> rules, model.get_array("rules"));
    out_.begin_object().key("rules").begin_array();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      DIRECTOR_CHECK(rule(rules[i], "rules[" + std::to_string(i) + "]"));
    }
    out_.end_array().end_object();
    return out_.take();
  }

 private:
  static Status only(const Json& object, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : object.members()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return value.error("a script has nothing like this");
      }
    }
    return ok();
  }

  Status rule(const Json& rule, const std::string& place) {
    DIRECTOR_CHECK(only(rule, {"name", "match", "turns"}));
    DIRECTOR_TRY(const std::optional<std::string> name, rule.find_string("name"));
    out_.begin_object().member("name", name.value_or(place));
    if (const std::optional<Json> match = rule.find("match")) {
      DIRECTOR_CHECK(conditions(*match));
    }
    DIRECTOR_TRY(const std::vector<Json> turns, rule.get_array("turns"));
    out_.key("steps").begin_array();
    for (const Json& turn : turns) {
      DIRECTOR_CHECK(steps(turn));
    }
    out_.end_array().end_object();
    return ok();
  }

  Status conditions(const Json& match) {
    DIRECTOR_CHECK(
        only(match, {"model", "contains", "not_contains", "session_nth", "session_max"}));
    DIRECTOR_TRY(const std::optional<std::string> model, match.find_string("model"));
    if (model) {
      out_.member("model", "scripted/" + *model);
    }
    for (const auto& [theirs, ours] :
         {std::pair{"contains", "contains"}, std::pair{"not_contains", "lacks"}}) {
      DIRECTOR_TRY(const std::optional<std::vector<std::string>> parts, match.find_strings(theirs));
      if (parts) {
        out_.member(ours, *parts);
      }
    }
    for (const auto& [theirs, ours] :
         {std::pair{"session_nth", "nth"}, std::pair{"session_max", "first"}}) {
      DIRECTOR_TRY(const std::optional<std::int64_t> count, match.find_int(theirs));
      if (count) {
        out_.member(ours, *count);
      }
    }
    return ok();
  }

  Status steps(const Json& turn) {
    DIRECTOR_CHECK(only(turn, {"text", "text_file", "tool_calls", "usage", "reasoning"}));
    if (const std::optional<Json> usage = turn.find("usage"); usage && usage->is_object()) {
      const auto count = [&](const char* name) { return usage->get_int(name).value_or(0); };
      const std::int64_t reasoning = count("reasoning");
      out_.begin_object().key("usage").begin_object();
      out_.member("input", count("prompt") - count("cached"));
      out_.member("output", count("completion") - reasoning).member("reasoning", reasoning);
      out_.member("cache_read", count("cached")).end_object().end_object();
    }
    DIRECTOR_TRY(std::optional<std::string> text, turn.find_string("text"));
    DIRECTOR_TRY(const std::optional<std::string> file, turn.find_string("text_file"));
    if (file) {
      text = read_file(folder_ / *file);
    }
    if (text) {
      out_.begin_object().member("text", *text).end_object();
    }
    if (turn.find("tool_calls")) {
      DIRECTOR_TRY(const std::vector<Json> calls, turn.get_array("tool_calls"));
      for (const Json& call : calls) {
        DIRECTOR_CHECK(tool(call));
      }
    }
    return ok();
  }

  [[nodiscard]] Result<std::string> text_of(const Json& arguments, const char* name) const {
    DIRECTOR_TRY(const Json value, arguments.get(name));
    if (value.is_object()) {
      DIRECTOR_TRY(const std::string file, value.get_string("$file"));
      return read_file(folder_ / file);
    }
    return value.as_string();
  }

  Status tool(const Json& call) {
    DIRECTOR_TRY(const std::string name, call.get_string("name"));
    DIRECTOR_TRY(const Json arguments, call.get_object("arguments"));
    out_.begin_object();
    if (name == "write") {
      DIRECTOR_TRY(std::string path, arguments.get_string("filePath"));
      DIRECTOR_TRY(const std::string content, text_of(arguments, "content"));
      out_.key("write").begin_object();
      out_.member(filled(path, "{{cwd}}/", ""), content).end_object();
    } else if (name == "bash") {
      DIRECTOR_TRY(const std::string command, arguments.get_string("command"));
      out_.member("run", filled(command, "{{cwd}}", "."));
    } else {
      out_.member("tool", name);
    }
    out_.end_object();
    return ok();
  }

  fs::path folder_;
  JsonWriter out_;
};

}  // namespace

Status choose(Backends& backends, const std::string& option, const std::string& value) {
  static const std::map<std::string, std::map<std::string, std::string>> kIds{
      {"--runner", {{"opencode", "runner-opencode"}, {"scripted", "runner-scripted"}}},
      {"--vcs", {{"git", "vcs-git"}, {"memory", "vcs-memory"}}},
      {"--gate", {{"shell", "gate-shell"}, {"scripted", "gate-scripted"}}},
      {"--sink", {{"jsonl", "metrics-jsonl"}, {"memory", "sink-memory"}}}};
  if (option == "--transport" || option == "--isolation") {
    (option == "--transport" ? backends.transport : backends.isolation) = value;
    return ok();
  }
  const auto known = kIds.find(option);
  if (known == kIds.end()) {
    return Error(Errc::Invalid, "unknown option '" + option + "'");
  }
  const auto id = known->second.find(value);
  std::string& place = option == "--runner" ? backends.runner
                       : option == "--vcs"  ? backends.vcs
                       : option == "--gate" ? backends.gate
                                            : backends.sink;
  place = id == known->second.end() ? value : id->second;
  return ok();
}

Result<Backends> fitted(Backends backends, const Scenario& scenario) {
  const auto or_else = [](std::string& id, const char* usual) { id = id.empty() ? usual : id; };
  or_else(backends.runner, scenario.script ? "runner-scripted" : "runner-opencode");
  or_else(backends.vcs, "vcs-git");
  or_else(backends.gate, "gate-shell");
  or_else(backends.sink, "metrics-jsonl");
  DIRECTOR_CHECK(check_needs(scenario, backends.runner, "opencode"));
  DIRECTOR_CHECK(
      check_needs(scenario, backends.transport.empty() ? "server" : backends.transport, "server"));
  DIRECTOR_CHECK(check_needs(scenario, backends.vcs, "git"));
  DIRECTOR_CHECK(check_needs(scenario, backends.gate, "shell"));
  DIRECTOR_CHECK(check_needs(scenario, backends.sink, "jsonl"));
  if (backends.runner == "runner-opencode" && scenario.script) {
    return Error(Errc::Invalid, "a scenario with a script.json is none for OpenCode");
  }
  if (backends.gate == "gate-scripted" && !fs::exists(scenario.folder / "gates.json")) {
    return Error(Errc::Invalid, "this scenario has no gates.json for gate-scripted");
  }
  return backends;
}

Result<std::string> script_of_model(const fs::path& model) {
  DIRECTOR_TRY(const Json read, parse_json(read_file(model)).context(model.string()));
  return Converter(model.parent_path()).script(read).context(model.string());
}

}  // namespace director::e2e
