#include "cli/init_dialog.hpp"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <optional>

#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kModelsShown = 40;

std::string_view purpose_of(config::Role role) {
  switch (role) {
    case config::Role::Planner:
      return "writes the specification and the plan: a few calls, worth a strong model";
    case config::Role::TestAuthor:
      return "writes each node's tests before its code exists";
    case config::Role::Executor:
      return "implements the nodes, nearly all calls: make it cheap";
    case config::Role::Explorer:
      return "maps the repository, reads much: cheap, with a large context";
    case config::Role::Reviewer:
      return "judges wide and escalated changes: not the executor's model";
    case config::Role::Escalation:
      return "gets one attempt at what the executor could not do";
  }
  return "";
}

/// What Enter stands for: the model of the role that it resembles.
std::optional<std::string> default_for(config::Role role, const InitAnswers& answers) {
  const config::Role like =
      role == config::Role::Explorer ? config::Role::Executor : config::Role::Planner;
  const auto found = answers.tiers.find(like);
  if (role == config::Role::Planner || role == config::Role::Executor ||
      found == answers.tiers.end() || model_problem(answers, role, found->second)) {
    return std::nullopt;
  }
  return found->second;
}

/// The model that an answer means: a number of the list, or itself.
std::string meant(const std::string& typed, const std::vector<std::string>& models) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  const bool is_number = error == std::errc() && end == typed.data() + typed.size();
  return is_number && number >= 1 && number <= models.size() ? models[number - 1] : typed;
}

}  // namespace

Result<std::string> InitDialog::answer(std::string_view question) {
  out_ << question << std::flush;
  std::string line;
  if (!std::getline(in_, line)) {
    out_ << "\n";
    return Error(Errc::Cancelled, "the input ended before the last question; nothing was written");
  }
  return std::string(text::trim(line));
}

void InitDialog::show_models(const std::vector<std::string>& models) {
  if (models.empty()) {
    out_ << "Type each role's model as provider/model.\n";
    return;
  }
  out_ << "Choose each role's model by its number, or type provider/model.\n\n";
  const std::size_t shown = std::min(models.size(), kModelsShown);
  for (std::size_t i = 0; i < shown; ++i) {
    out_ << std::setw(5) << i + 1 << "  " << text::printable(models[i]) << "\n";
  }
  if (shown < models.size()) {
    out_ << "       and " << models.size() - shown << " more\n";
  }
}

Result<std::string> InitDialog::ask_model(config::Role role, const std::vector<std::string>& models,
                                          const InitAnswers& answers) {
  const std::optional<std::string> fallback = default_for(role, answers);
  const std::string question = "  " + std::string(config::to_string(role)) +
                               (fallback ? " [" + text::printable(*fallback) + "]" : "") + ": ";
  out_ << "\n" << config::to_string(role) << " " << purpose_of(role) << "\n";
  while (true) {
    DIRECTOR_TRY(const std::string typed, answer(question));
    const std::string model = typed.empty() ? fallback.value_or("") : meant(typed, models);
    const std::optional<std::string> problem = model_problem(answers, role, model);
    if (!problem) {
      if (!models.empty() && std::find(models.begin(), models.end(), model) == models.end()) {
        out_ << "  (the agent tool does not list it; `director doctor` checks it later)\n";
      }
      return model;
    }
    out_ << "  " << *problem << "\n";
  }
}

Status InitDialog::ask_models(const std::vector<std::string>& models, InitAnswers& answers) {
  bool shown = false;
  for (const config::Role role : config::kRoles) {
    if (answers.tiers.contains(role)) {
      continue;
    }
    if (!shown) {
      show_models(models);
      shown = true;
    }
    DIRECTOR_TRY(answers.tiers[role], ask_model(role, models, answers));
  }
  return ok();
}

Status InitDialog::ask_gates(const std::vector<config::Gate>& suggestions, InitAnswers& answers) {
  out_ << "\nIntegration gates are commands that must pass on the finished branch, in order.\n";
  for (const config::Gate& gate : suggestions) {
    DIRECTOR_TRY(const std::string typed,
                 answer("  " + gate.name + ": " + text::printable(gate.command) + "  [Y/n] "));
    if (typed.empty() || typed.front() == 'y' || typed.front() == 'Y') {
      answers.gates.push_back(gate);
    }
  }
  while (true) {
    DIRECTOR_TRY(const std::string typed, answer("  another one, name=command, or Enter: "));
    if (typed.empty()) {
      return ok();
    }
    const Result<config::Gate> gate = parse_named_gate(typed);
    if (!gate) {
      out_ << "  " << text::printable(gate.error().message()) << "\n";
    } else if (std::any_of(answers.gates.begin(), answers.gates.end(),
                           [&](const config::Gate& one) { return one.name == gate->name; })) {
      out_ << "  there is a gate of that name already\n";
    } else {
      answers.gates.push_back(*gate);
    }
  }
}

}  // namespace director::cli
