/// What has landed, as the job branch itself tells it.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

struct LandedCommit {
  NodeId node;
  Oid oid;
};

/// The commits from `base` (without it) to `tip` that carry this job's trailers for an attempt at a
/// node, newest first.
[[nodiscard]] Result<std::vector<LandedCommit>> landed_between(director::vcs& vcs,
                                                               const std::string& tip,
                                                               const std::string& base,
                                                               const JobId& job);

/// Those of them that are for a node of the plan, oldest first, each node once.
[[nodiscard]] Result<std::vector<LandedCommit>> landed_commits(director::vcs& vcs,
                                                               const std::string& tip,
                                                               const std::string& base,
                                                               const plan::Plan& plan);

/// Whether the commit carries this job's trailers for an attempt at a node.
[[nodiscard]] bool is_landed_by(const JobId& job, const director::commit_info& commit);

/// The value of a trailer ("Director-Node") in the last paragraph of a commit message, which may be
/// its only one; empty: absent.
[[nodiscard]] std::string trailer(std::string_view message, std::string_view name);
/// The same as a number; 0: absent or none.
[[nodiscard]] int trailer_number(std::string_view message, std::string_view name);

}  // namespace director::engine
