/// Candidates on top of what landed since they were made.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/plan/contract.hpp"
#include "core/plan/plan.hpp"
#include "core/run/running.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// What a candidate comes to on another commit.
struct MergedCandidate {
  Oid tree;                                 ///< empty: it does not merge
  std::vector<director::change> changes{};  ///< of the commit that it is put on
  std::string conflict{};                   ///< feedback; empty: it may be committed
};

/// Makes commits of candidates. Safe from any thread, as far as each has its own `vcs`.
class Merger {
 public:
  /// `plan` outlives it.
  explicit Merger(const plan::Plan& plan);

  /// The node's candidate, merged with what `onto` has and its base has not, and judged once more.
  /// Errors: of the VCS; Conflict if a frozen test is another than the plan pins.
  [[nodiscard]] Result<MergedCandidate> merge(director::vcs& vcs, const plan::Node& node,
                                              const run::NodeState& state,
                                              const director::commit_info& onto) const;
  /// `tree` as the node's commit on `parent`. No ref names it.
  [[nodiscard]] Result<Oid> commit(director::vcs& vcs, const plan::Node& node,
                                   const run::NodeState& state, const Oid& tree,
                                   const Oid& parent) const;
  /// Whether the changes are those that the node may make.
  [[nodiscard]] plan::Contract judge(const plan::Node& node,
                                     const std::vector<director::change>& changes) const {
    return plan::judge(node, frozen_, changes);
  }
  /// Errors: Conflict if a test in `tree` is not the one that was frozen; of the VCS.
  [[nodiscard]] static Status check_frozen(director::vcs& vcs, const plan::Node& node,
                                           const Oid& tree);

 private:
  const plan::Plan& plan_;
  std::set<std::string> frozen_;
};

}  // namespace director::engine
