/// A job's state as people and scripts read it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/engine/replay.hpp"

namespace director::cli {

/// Per node: status, tier, attempts, cost; then the figures of the job. Ends with a line feed.
[[nodiscard]] std::string status_text(const engine::JobState& job);
[[nodiscard]] std::string status_json(const engine::JobState& job);
/// How to look at the work of a job that has run and take it over, or go on with it by `command`.
[[nodiscard]] std::string next_steps(const engine::JobState& job, const std::string& command);
/// The nodes of a plan and what each waits for.
[[nodiscard]] std::string plan_text(const plan::Plan& plan);
/// The first line that a text has, printable and bounded.
[[nodiscard]] std::string first_line(std::string_view text);
/// Each line printable, with its tabs as blanks, behind `indent`.
[[nodiscard]] std::string printable_lines(std::string_view text, std::string_view indent);

}  // namespace director::cli
