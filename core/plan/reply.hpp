/// Reads what a planner model answers. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::plan {

/// The nodes of the last plan in the text, which may hold anything else too: prose, code fences,
/// drafts. Takes {"nodes": [..]}, {"plan": ..} around either, a bare array of nodes, comments,
/// trailing commas, line breaks in strings, numbers as ids, one path where a list is due, and the
/// aliases description|desc, files_to_modify|file_allowlist and test_files|test_file|test. A
/// difficulty that is missing or unknown is medium; hashes are ignored. Takes any bytes, in
/// near-linear time.
///
/// Errors: Invalid, in words that the model can act on; every wrong field of the plan at once.
[[nodiscard]] Result<std::vector<Node>> parse_planner_reply(std::string_view text);

}  // namespace director::plan
