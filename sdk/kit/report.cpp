#include "sdk/kit/report.hpp"

#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "sdk/kit/check.hpp"

namespace director::kit {
namespace {

std::string kinds_of(const Report& report) {
  std::vector<std::string> names;
  for (const plugin::Kind kind : report.kinds) {
    names.emplace_back(plugin::to_string(kind));
  }
  return text::join(names, ", ");
}

std::ptrdiff_t count(const Report& report, Verdict verdict) {
  return std::count_if(
      report.findings.begin(), report.findings.end(),
      [verdict](const Finding& finding) { return finding.outcome.verdict == verdict; });
}

bool is_quiet(const Finding& finding) {
  const Verdict verdict = finding.outcome.verdict;
  return verdict == Verdict::Passed || verdict == Verdict::NotApplicable || finding.waits;
}

/// Of a verdict in JSON.
std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Unchecked:
      return "unchecked";
    case Verdict::NotApplicable:
      return "not_applicable";
    case Verdict::Passed:
    case Verdict::Failed:
      break;
  }
  return to_string(verdict);
}

std::string_view word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "ok         ";
    case Verdict::Failed:
      return "FAILED     ";
    case Verdict::Unchecked:
      return "not checked";
    case Verdict::NotApplicable:
      return "-          ";
  }
  return "";
}

}  // namespace

bool Report::passed(bool strict) const {
  return count(*this, Verdict::Failed) == 0 && !(strict && count(*this, Verdict::Unchecked) != 0);
}

std::string to_text(const Report& report, bool strict, bool all) {
  std::string out = report.id.empty() ? text::printable(report.library)
                                      : text::printable(report.id + " " + report.version) + " (" +
                                            kinds_of(report) + ")";
  out += "\n";
  int waiting = 0;
  for (const Finding& finding : report.findings) {
    const Outcome& outcome = finding.outcome;
    if (!all && is_quiet(finding)) {
      waiting += finding.waits ? 1 : 0;
      continue;
    }
    out += "  " + std::string(word_for(outcome.verdict)) + "  " + finding.rule + "  " +
           finding.what + "\n";
    if (outcome.verdict != Verdict::Passed) {
      out += "      " + text::printable(outcome.why) + "\n      see " + guide_place(finding.rule) +
             "\n";
    }
  }
  if (waiting != 0) {
    out += "  " + std::to_string(waiting) + " more can be checked once that is right\n";
  }
  const auto unchecked = count(report, Verdict::Unchecked);
  out += std::to_string(count(report, Verdict::Passed)) + " passed, " +
         std::to_string(count(report, Verdict::Failed)) + " failed, " + std::to_string(unchecked) +
         " not checked" + (strict && unchecked != 0 ? ", which is a failure (--strict)" : "");
  const auto spared = count(report, Verdict::NotApplicable);
  out += (spared == 0 ? "" : ", " + std::to_string(spared) + " not applicable to a program") + "\n";
  return out;
}

std::string to_json(const Report& report, bool strict) {
  JsonWriter out(JsonWriter::Style::Pretty);
  out.begin_object();
  out.member("library", report.library).member("id", report.id).member("version", report.version);
  out.key("kinds").begin_array();
  for (const plugin::Kind kind : report.kinds) {
    out.value(plugin::to_string(kind));
  }
  out.end_array();
  out.member("form", report.form == plugin::Form::Library ? "library" : "program");
  out.member("strict", strict).member("passed", report.passed(strict));
  out.key("checks").begin_array();
  for (const Finding& finding : report.findings) {
    out.begin_object()
        .member("rule", finding.rule)
        .member("verdict", name_of(finding.outcome.verdict))
        .member("why", finding.outcome.why)
        .member("guide", guide_place(finding.rule))
        .member("ms", finding.wall.count())
        .end_object();
  }
  out.end_array().end_object();
  return out.take() + "\n";
}

}  // namespace director::kit
