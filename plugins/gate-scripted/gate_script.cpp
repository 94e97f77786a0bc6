#include "gate_script.hpp"

#include "json_view.hpp"
#include "script_place.hpp"

namespace gate_scripted {

using director::gate_scope;
using director::Result;
using director::Status;
using director::verdict;
using plugin_support::as_integer;
using plugin_support::as_string;
using plugin_support::count_at;
using plugin_support::member;
using plugin_support::only_keys;
using plugin_support::Place;
using plugin_support::text_at;
using plugin_support::texts_at;

namespace {

Result<std::vector<Wanted>> files_at(const Place& at) {
  std::vector<Wanted> all;
  const rapidjson::Value* files = member(at.value, "files");
  if (files == nullptr) {
    return all;
  }
  if (!files->IsObject()) {
    return at.wrong(".files is no object");
  }
  for (const auto& entry : files->GetObject()) {
    Wanted wanted;
    wanted.path = std::string(*as_string(&entry.name));
    const Place inner{entry.value, at.where + ".files['" + wanted.path + "']"};
    if (entry.value.IsNull()) {
      wanted.absent = true;
    } else if (const auto exact = as_string(&entry.value)) {
      wanted.exact = std::string(*exact);
    } else {
      DIRECTOR_CHECK(only_keys(inner, {"has", "lacks"}));
      DIRECTOR_TRY(wanted.has, texts_at(inner, "has"));
      DIRECTOR_TRY(wanted.lacks, texts_at(inner, "lacks"));
    }
    all.push_back(std::move(wanted));
  }
  return all;
}

Status read_scope(const Place& at, Rule& rule) {
  DIRECTOR_TRY(const std::string scope, text_at(at, "scope", ""));
  if (scope == "node") {
    rule.scope = gate_scope::node;
  } else if (scope == "integration") {
    rule.scope = gate_scope::integration;
  } else if (!scope.empty()) {
    return at.wrong(".scope is none of node, integration");
  }
  return director::ok();
}

Status read_verdict(const Place& at, Rule& rule) {
  DIRECTOR_TRY(const std::string outcome, text_at(at, "verdict", ""));
  DIRECTOR_TRY(const std::string summary, text_at(at, "summary", "by the script"));
  DIRECTOR_TRY(const std::string detail, text_at(at, "detail", ""));
  if (outcome == "pass") {
    rule.says = verdict::pass(summary, detail);
  } else if (outcome == "fail") {
    rule.says = verdict::fail(summary, detail);
  } else if (outcome == "error") {
    rule.says = verdict::error(summary, detail);
  } else {
    return at.wrong(".verdict is none of pass, fail, error");
  }
  if (const rapidjson::Value* code = member(at.value, "exit_code")) {
    const auto number = as_integer(code);
    if (!number || *number < 0 || *number > 255) {
      return at.wrong(".exit_code is no exit status");
    }
    rule.says.exit_code = static_cast<int>(*number);
  }
  return director::ok();
}

Result<Rule> parse_rule(const Place& at) {
  DIRECTOR_CHECK(only_keys(at, {"scope", "gate", "node", "command", "changed", "files", "nth",
                                "sleep_ms", "verdict", "summary", "detail", "exit_code"}));
  Rule rule;
  DIRECTOR_CHECK(read_scope(at, rule));
  DIRECTOR_TRY(rule.gate, text_at(at, "gate", ""));
  DIRECTOR_TRY(rule.node, text_at(at, "node", ""));
  DIRECTOR_TRY(rule.command, texts_at(at, "command"));
  DIRECTOR_TRY(rule.changed, texts_at(at, "changed"));
  DIRECTOR_TRY(rule.files, files_at(at));
  DIRECTOR_TRY(rule.nth, count_at(at, "nth"));
  DIRECTOR_TRY(rule.sleep_ms, count_at(at, "sleep_ms"));
  DIRECTOR_CHECK(read_verdict(at, rule));
  return rule;
}

}  // namespace

Result<Script> parse_script(std::string_view text, const std::string& path) {
  DIRECTOR_TRY(std::vector<Rule> rules, plugin_support::rules_of(text, path, parse_rule));
  return Script{std::move(rules)};
}

}  // namespace gate_scripted
