#include "cli/findings.hpp"

#include <algorithm>

#include "cli/wording.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kLevelWidth = 9;
constexpr std::size_t kTopicWidth = 15;

std::size_t count_of(const std::vector<Finding>& findings, Level level) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& one) { return one.level == level; }));
}

/// The OpenCode whose behaviour runner-opencode was written against.
constexpr std::string_view kOpencodeVersion = "1.18.";

Finding judge_version(const std::string& tool, const std::string& version) {
  const std::string text = tool + " " + (version.empty() ? "(no version)" : version);
  if (tool == "opencode" && !version.starts_with(kOpencodeVersion)) {
    return {Level::Warning, "tool", text + " is not one of 1.18, which this runner is written for",
            "install opencode-ai 1.18 (tools/bootstrap in director's sources has the version)"};
  }
  return {Level::Ok, "tool", text, ""};
}

/// One finding a model, whichever tiers name it.
Finding judge_model(const std::string& model, const std::vector<std::string>& tiers,
                    const std::vector<std::string>& known, const std::string& tool) {
  const std::string names = text::join(tiers, ", ");
  if (std::find(known.begin(), known.end(), model) != known.end()) {
    return {Level::Ok, "models", model + " (" + names + ")", ""};
  }
  const auto close = text::closest_match(model, known);
  return {Level::Problem, "models", tool + " does not list '" + model + "' (" + names + ")",
          (close ? "did you mean '" + *close + "'? " : "") +
              "name one of its models in [tiers], or set up its provider"};
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::Ok:
      return "ok";
    case Level::Note:
      return "note";
    case Level::Warning:
      return "warning";
    case Level::Problem:
      return "problem";
  }
  return "problem";
}

std::string finding_text(const Finding& finding) {
  const std::string indent(kLevelWidth + kTopicWidth, ' ');
  std::string out = padded(to_string(finding.level), kLevelWidth) +
                    padded(text::printable(finding.topic) + ' ', kTopicWidth);
  bool first = true;
  for (const std::string_view line : text::split_lines(text::trim(finding.text))) {
    out += (first ? "" : indent) + text::printable(line) + "\n";
    first = false;
  }
  out += first ? "\n" : "";
  if (!finding.fix.empty()) {
    out += indent + "-> " + text::printable(finding.fix) + "\n";
  }
  return out;
}

std::string summary_text(const std::vector<Finding>& findings) {
  const std::size_t warnings = count_of(findings, Level::Warning);
  const std::size_t problems = count_of(findings, Level::Problem);
  if (warnings + problems == 0) {
    return "all is well";
  }
  return counted(warnings, "warning") + ", " + counted(problems, "problem");
}

std::string findings_json(const std::vector<Finding>& findings) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("problems", count_of(findings, Level::Problem));
  out.member("warnings", count_of(findings, Level::Warning));
  out.key("findings").begin_array();
  for (const Finding& finding : findings) {
    out.begin_object();
    out.member("level", to_string(finding.level));
    out.member("topic", finding.topic);
    out.member("text", finding.text);
    out.member("fix", finding.fix);
    out.end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

bool has_problem(const std::vector<Finding>& findings) {
  return count_of(findings, Level::Problem) > 0;
}

std::vector<Finding> judge_probe(std::string_view probe_json, const std::string& runner,
                                 const std::map<config::Role, config::Tier>& tiers) {
  const Result<Json> probe = parse_json(probe_json);
  const auto tool = probe ? probe->get_string("tool") : Result<std::string>(probe.error());
  if (!tool) {
    return {{Level::Problem, "tool",
             "runner '" + runner +
                 "' answered its probe with something else than JSON: " + tool.error().message(),
             "that is a bug of the plugin"}};
  }
  const Result<std::string> version = probe->get_string("version");
  std::vector<Finding> found{judge_version(*tool, version ? *version : "")};
  const std::vector<std::string> known =
      probe->get_strings("models").value_or(std::vector<std::string>());
  if (known.empty()) {
    found.push_back({Level::Warning, "models",
                     *tool + " lists no models, so the names in [tiers] cannot be checked",
                     "`director doctor --calls` tries each of them"});
    return found;
  }
  std::map<std::string, std::vector<std::string>> by_model;
  for (const auto& [role, tier] : tiers) {
    by_model[tier.model].push_back("tiers." + std::string(config::to_string(role)));
  }
  for (const auto& [model, names] : by_model) {
    found.push_back(judge_model(model, names, known, *tool));
  }
  return found;
}

std::vector<Finding> judge_repository(const RepositoryFacts& facts) {
  std::vector<Finding> found;
  const std::string topic = "repository";
  if (facts.checkout.unborn) {
    return {{Level::Problem, topic, "it has no commit yet", "commit something first"}};
  }
  if (facts.checkout.detached) {
    found.push_back({Level::Note, topic, "HEAD is detached: a job starts from that commit", ""});
  }
  if (facts.checkout.uncommitted) {
    found.push_back({Level::Warning, topic,
                     "the checkout has uncommitted changes: a job starts from the last commit and "
                     "does not see them",
                     "commit them, if the job is to build on them"});
  }
  constexpr std::string_view kHeads = "refs/heads/";
  constexpr std::size_t kShown = 3;
  std::vector<std::string> left;
  for (const std::string& ref : facts.branches) {
    const std::string name = ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : ref;
    if (name != facts.job_branch) {
      left.push_back(name);
    }
  }
  if (!left.empty()) {
    const std::vector<std::string> first(
        left.begin(), left.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, left.size())));
    found.push_back(
        {Level::Warning, topic,
         (left.size() == 1 ? std::string("a branch of an earlier job is left")
                           : std::to_string(left.size()) + " branches of earlier jobs are left") +
             ": " + text::join(first, ", ") + (left.size() > kShown ? ", ..." : ""),
         "delete what you have taken over or do not want: git branch -D " + left[0]});
  }
  if (found.empty()) {
    found.push_back({Level::Ok, topic, "has a commit, nothing uncommitted", ""});
  }
  return found;
}

Finding judge_space(const std::string& what, const std::string& path, std::uintmax_t bytes) {
  constexpr std::uintmax_t kMega = 1U << 20U;
  constexpr std::uintmax_t kTight = 2048 * kMega;
  constexpr std::uintmax_t kTooLittle = 256 * kMega;
  const std::string text =
      std::to_string(bytes / kMega) + " MB free for " + what + " '" + path + "'";
  if (bytes < kTooLittle) {
    return {Level::Problem, "disk", text, "make room: workspaces and transcripts need some"};
  }
  if (bytes < kTight) {
    return {Level::Warning, "disk", text, "make room before a large job"};
  }
  return {Level::Ok, "disk", text, ""};
}

}  // namespace director::cli
