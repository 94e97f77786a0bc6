#include "sdk/kit/check.hpp"

#include <utility>

namespace director::kit {
namespace {

std::vector<Check> both(std::vector<Check> some, const std::vector<Check>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

std::vector<Check> checks_of(Kind kind) {
  switch (kind) {
    case Kind::Runner:
      return both(runner_checks(), runner_request_checks());
    case Kind::Vcs:
      return both(vcs_checks(), vcs_ref_checks());
    case Kind::Gate:
      return gate_checks();
    case Kind::Reviewer:
      return reviewer_checks();
    case Kind::Sink:
      return sink_checks();
    case Kind::Launcher:
      break;
  }
  return launcher_checks();
}

}  // namespace

std::vector<Check> checks_for(const std::vector<Kind>& kinds, plugin::Form form) {
  std::vector<Check> all;
  for (const auto* some : {&loading_checks(), &instance_checks(), &process_checks()}) {
    all = both(std::move(all), *some);
  }
  if (form == plugin::Form::Executable) {
    all = both(std::move(all), program_checks());
  }
  for (const Kind kind : kinds) {
    all = both(std::move(all), checks_of(kind));
  }
  return all;
}

const Check* find_check(std::string_view rule) {
  static const std::vector<Check> kAll =
      checks_for({Kind::Gate, Kind::Sink, Kind::Runner, Kind::Reviewer, Kind::Vcs, Kind::Launcher},
                 plugin::Form::Executable);
  for (const Check& check : kAll) {
    if (check.rule == rule) {
      return &check;
    }
  }
  return nullptr;
}

std::string guide_place(std::string_view rule) {
  return "docs/writing-a-plugin.md#" + std::string(rule);
}

}  // namespace director::kit
