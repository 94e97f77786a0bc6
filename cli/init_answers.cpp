#include "cli/init_answers.hpp"

#include <algorithm>
#include <set>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/load.hpp"

namespace director::cli {
namespace {

std::string role_list() {
  std::vector<std::string> names;
  names.reserve(config::kRoles.size());
  for (const config::Role role : config::kRoles) {
    names.emplace_back(config::to_string(role));
  }
  return text::join(names, ", ");
}

/// A basic string of TOML: JSON's escapes, and DEL, which JSON leaves alone.
std::string toml_quote(std::string_view text) {
  std::string out;
  for (const char c : json_quote(text)) {
    out += c == '\x7f' ? std::string("\\u007f") : std::string(1, c);
  }
  return out;
}

std::string toml_key(std::string_view name) {
  const bool is_bare = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return is_bare ? std::string(name) : toml_quote(name);
}

std::string tiers_paragraph(const InitAnswers& answers) {
  std::string out = "[tiers]\n";
  for (const auto& [role, model] : answers.tiers) {
    out += std::string(config::to_string(role)) + " = " + toml_quote(model) + "\n";
  }
  return out;
}

std::string pricing_paragraph(const InitAnswers& answers) {
  std::set<std::string> models;
  for (const auto& [role, model] : answers.tiers) {
    models.insert(model);
  }
  std::string out;
  for (const std::string& model : models) {
    out += (out.empty() ? "" : "\n") + std::string("# [pricing.") + toml_quote(model) +
           "]\n# input = 0.0\n# output = 0.0\n# cache_read = 0.0\n# cache_write = 0.0\n";
  }
  return out;
}

std::string gates_paragraph(const InitAnswers& answers, std::string_view examples) {
  if (answers.gates.empty()) {
    return std::string(examples);
  }
  std::string out = "[gates]\n";
  for (const config::Gate& gate : answers.gates) {
    out += toml_key(gate.name) + " = " + toml_quote(gate.command) + "\n";
  }
  return out;
}

/// Paragraphs stand between empty lines; each with its last line feed.
std::vector<std::string> paragraphs_of(std::string_view text) {
  std::vector<std::string> all;
  bool open = false;
  for (const std::string_view line : text::split_lines(text)) {
    if (line.empty()) {
      open = false;
      continue;
    }
    if (!open) {
      all.emplace_back();
      open = true;
    }
    all.back() += std::string(line) + "\n";
  }
  return all;
}

/// Whether it sets the table, or shows in a comment how to. `[pricing.` stands for any price.
bool has_table(std::string_view paragraph, std::string_view heading) {
  for (std::string_view line : text::split_lines(paragraph)) {
    if (line.starts_with("# ")) {
      line.remove_prefix(2);
    }
    if (heading.ends_with(']') ? line == heading : line.starts_with(heading)) {
      return true;
    }
  }
  return false;
}

/// The result is what was asked for, and nothing that the example had in its place.
Status check_result(const std::string& text, const InitAnswers& answers) {
  config::Sources sources;
  sources.repository = config::SourceFile{"config.toml", text};
  DIRECTOR_TRY(const config::Loaded loaded, config::load(sources));
  bool same =
      loaded.settings.gates.size() == answers.gates.size() && loaded.settings.pricing.empty();
  for (std::size_t i = 0; same && i < answers.gates.size(); ++i) {
    same = loaded.settings.gates[i].name == answers.gates[i].name &&
           loaded.settings.gates[i].command == answers.gates[i].command;
  }
  for (const auto& [role, model] : answers.tiers) {
    same = same && loaded.settings.tiers.at(role).text == model;
  }
  return same ? ok()
              : Status(Error(Errc::Internal,
                             "cannot use the example configuration: its tables are "
                             "not where they are expected"));
}

}  // namespace

Result<std::pair<config::Role, std::string>> parse_role_and_model(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string name(text::trim(text.substr(0, equals)));
  const std::string model(text::trim(text.substr(std::min(equals + 1, text.size()))));
  const std::optional<config::Role> role = config::parse_role(name);
  if (!role) {
    return Error(Errc::Invalid, "cannot use '" + std::string(text) + "': there is no role '" +
                                    name + "'; roles are " + role_list());
  }
  if (!config::parse_tier(model)) {
    return Error(Errc::Invalid, "cannot use '" + std::string(text) +
                                    "': expected role=provider/model, such as "
                                    "executor=local/coder");
  }
  return std::pair(*role, model);
}

Result<config::Gate> parse_named_gate(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string what = "cannot use gate '" + std::string(text) + "': ";
  if (equals == std::string_view::npos || text::trim(text.substr(0, equals)).empty() ||
      text::trim(text.substr(equals + 1)).empty()) {
    return Error(Errc::Invalid, what + "expected name=command, such as test=make test");
  }
  if (!text::is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return Error(Errc::Invalid, what + "it is not text in UTF-8");
  }
  return config::Gate{std::string(text::trim(text.substr(0, equals))),
                      std::string(text::trim(text.substr(equals + 1)))};
}

std::optional<std::string> model_problem(const InitAnswers& answers, config::Role role,
                                         std::string_view model) {
  const std::optional<config::Tier> tier = config::parse_tier(model);
  if (!tier) {
    return "expected provider/model, such as local/coder";
  }
  const bool reviews = role == config::Role::Reviewer;
  if (!reviews && role != config::Role::Executor) {
    return std::nullopt;
  }
  const auto other = answers.tiers.find(reviews ? config::Role::Executor : config::Role::Reviewer);
  const std::optional<config::Tier> others =
      other == answers.tiers.end() ? std::nullopt : config::parse_tier(other->second);
  if (others && others->model == tier->model) {
    return "the executor's model must not review its own work: reviewer and executor need "
           "different models";
  }
  return std::nullopt;
}

Status check_answers(const InitAnswers& answers) {
  std::vector<std::string> problems;
  for (const config::Role role : config::kRoles) {
    const std::string name(config::to_string(role));
    const auto chosen = answers.tiers.find(role);
    if (chosen == answers.tiers.end()) {
      problems.push_back("role '" + name + "' has no model: add --tier " + name +
                         "=provider/model, or --all-tiers provider/model");
    } else if (!config::parse_tier(chosen->second)) {
      problems.push_back(name + ": expected provider/model, found '" + chosen->second + "'");
    } else if (const auto problem = model_problem(answers, role, chosen->second);
               problem && role == config::Role::Reviewer) {
      problems.push_back(name + ": " + *problem + "; add --tier " + name +
                         "=provider/model (with one model only: `director sync-agents` writes an "
                         "example; set review.stage_two = false there)");
    }
  }
  return problems.empty() ? ok() : Status(Error(Errc::Invalid, text::join(problems, "\n")));
}

Result<std::string> make_configuration(std::string_view example, const InitAnswers& answers) {
  std::string out;
  bool had_tiers = false;
  bool had_prices = false;
  for (const std::string& paragraph : paragraphs_of(example)) {
    std::string written = paragraph;
    if (has_table(paragraph, "[tiers]")) {
      written = had_tiers ? "" : tiers_paragraph(answers);
      had_tiers = true;
    } else if (has_table(paragraph, "[pricing.")) {
      written = had_prices ? "" : pricing_paragraph(answers);
      had_prices = true;
    } else if (has_table(paragraph, "[gates]")) {
      written = gates_paragraph(answers, paragraph);
    }
    out += (out.empty() || written.empty() ? "" : "\n") + written;
  }
  DIRECTOR_CHECK(check_result(out, answers));
  return out;
}

}  // namespace director::cli
