#include "core/engine/merger.hpp"

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"

namespace director::engine {

Merger::Merger(const plan::Plan& plan) : plan_(plan), frozen_(plan::frozen_tests(plan.nodes)) {}

Result<MergedCandidate> Merger::merge(director::vcs& vcs, const plan::Node& node,
                                      const run::NodeState& state,
                                      const director::commit_info& onto) const {
  MergedCandidate candidate{state.candidate};
  if (Oid(onto.oid) != state.base) {
    DIRECTOR_TRY(const director::commit_info base, vcs.resolve(state.base.value));
    DIRECTOR_TRY(const director::merge_result merged,
                 vcs.merge(base.tree, onto.tree, state.candidate.value));
    if (!merged.merged) {
      return MergedCandidate{Oid(),
                             {},
                             "the change conflicts with what landed since the attempt began, in: " +
                                 text::printable(text::join(merged.conflicts, ", "))};
    }
    candidate.tree = Oid(merged.tree);
  }
  DIRECTOR_TRY(candidate.changes, vcs.changes(onto.tree, candidate.tree.value));
  const plan::Contract contract = judge(node, candidate.changes);
  if (!contract.ok) {
    candidate.conflict = contract.feedback;
    return candidate;
  }
  DIRECTOR_CHECK(check_frozen(vcs, node, candidate.tree));
  return candidate;
}

Result<Oid> Merger::commit(director::vcs& vcs, const plan::Node& node, const run::NodeState& state,
                           const Oid& tree, const Oid& parent) const {
  const bool blank = text::trim(node.title).empty();
  const std::string title = text::printable(blank ? node.id.value : node.title);
  Oid made;
  DIRECTOR_TRY(made.value,
               vcs.commit(tree.value, parent.value,
                          title + "\n\nDirector-Job: " + plan_.job_id.value +
                              "\nDirector-Node: " + node.id.value +
                              "\nDirector-Attempt: " + std::to_string(state.attempts) + "\n"));
  return made;
}

Status Merger::check_frozen(director::vcs& vcs, const plan::Node& node, const Oid& tree) {
  for (const std::string& path : node.tests) {
    DIRECTOR_TRY(const std::string bytes,
                 vcs.read_file(tree.value, path)
                     .context("cannot read frozen test '" + text::printable(path) + "'"));
    const auto pinned = node.test_hashes.find(path);
    if (pinned == node.test_hashes.end() || pinned->second != sha256_hex(bytes)) {
      return Error(Errc::Conflict, "frozen test '" + text::printable(path) +
                                       "' on the job branch is not the one that plan.json pins: "
                                       "restore it, or plan anew");
    }
  }
  return ok();
}

}  // namespace director::engine
