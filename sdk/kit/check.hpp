/// Every rule that the kit knows how to check. docs/writing-a-plugin.md has a place for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/kit/outcome.hpp"
#include "sdk/kit/subject.hpp"

namespace director::kit {

/// What a plugin has to have shown before a check tells anything about it.
enum class Needs : std::uint8_t {
  File,
  Library,   ///< common.loads
  Tables,    ///< common.struct-sizes
  Kinds,     ///< common.kinds
  Instance,  ///< common.creates
  Answer     ///< common.answers
};

/// Run in a process of its own, which ends with it.
struct Check {
  std::string_view rule;  ///< "gate.error-is-not-pass"
  std::string_view what;  ///< for people: what holds if it passes
  Needs needs = Needs::Answer;
  Outcome (*run)(const Subject& subject) = nullptr;
};

/// The common ones, those of programs, then those of each kind; in the order in which they are run.
[[nodiscard]] std::vector<Check> checks_for(const std::vector<Kind>& kinds,
                                            plugin::Form form = plugin::Form::Library);
/// Why a program cannot break a rule; empty: it can.
[[nodiscard]] std::string_view not_for_programs(std::string_view rule);
/// Null: there is no such rule.
[[nodiscard]] const Check* find_check(std::string_view rule);
/// The rule's place, "docs/writing-a-plugin.md#<rule>".
[[nodiscard]] std::string guide_place(std::string_view rule);

[[nodiscard]] const std::vector<Check>& loading_checks();
[[nodiscard]] const std::vector<Check>& instance_checks();
[[nodiscard]] const std::vector<Check>& process_checks();
[[nodiscard]] const std::vector<Check>& program_checks();
[[nodiscard]] const std::vector<Check>& gate_checks();
[[nodiscard]] const std::vector<Check>& sink_checks();
[[nodiscard]] const std::vector<Check>& runner_checks();
[[nodiscard]] const std::vector<Check>& runner_request_checks();
[[nodiscard]] const std::vector<Check>& reviewer_checks();
[[nodiscard]] const std::vector<Check>& vcs_checks();
[[nodiscard]] const std::vector<Check>& vcs_ref_checks();
[[nodiscard]] const std::vector<Check>& launcher_checks();

}  // namespace director::kit
