#include "core/engine/test_authoring.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/engine/gate_check.hpp"
#include "core/engine/guidance.hpp"
#include "core/engine/landed.hpp"
#include "core/engine/prompts.hpp"

namespace director::engine {

Status require_ok(const AgentAnswer& answer, const std::string& agent) {
  const std::string what = "agent '" + agent + "': " + answer.text;
  switch (answer.outcome) {
    case run::AgentOutcome::Ok:
      return ok();
    case run::AgentOutcome::Cancelled:
      return Error(Errc::Cancelled, "interrupted");
    case run::AgentOutcome::Config:
      return Error(Errc::Invalid, what);
    case run::AgentOutcome::Budget:
      return Error(Errc::Conflict, what + "; raise limits.cost_ceiling_usd to go on");
    case run::AgentOutcome::Infra:
    case run::AgentOutcome::Failed:
      return Error(Errc::External, what);
  }
  return ok();
}

Result<run::PlanEvent> TestAuthoring::author(const run::AuthorTests& effect, const Oid& tip,
                                             const Oid& tip_tree) {
  const auto found = std::find_if(plan_.nodes.begin(), plan_.nodes.end(),
                                  [&](const plan::Node& one) { return one.id == effect.node; });
  if (found == plan_.nodes.end()) {
    return Error(Errc::Conflict, "plan.json has no node '" + effect.node.value + "' any more");
  }
  const plan::Node& node = *found;
  if (node.tests.empty()) {
    // A node may rely on tests that the repository has; its command alone is its contract.
    return run::PlanEvent(run::TestsAuthored{node.id, tip, {}, ""});
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info last, vcs->resolve(tip.value));
  if (trailer(last.message, "Director-Job") == plan_.job_id.value &&
      trailer(last.message, "Director-Tests") == node.id.value) {
    DIRECTOR_TRY(std::string why, why_not_red(node, tip));
    return authored(*vcs, node, tip, std::move(why));
  }
  const SlotLease slot = workspaces_.lease_agent();
  DIRECTOR_CHECK(workspaces_.prepare(*slot, tip, Oid(), services_.interrupt));
  DIRECTOR_TRY(const AgentAnswer answer,
               calls_.call({.role = config::Role::TestAuthor,
                            .prompt = "test-author",
                            .message = test_author_message(
                                node, effect.rejected, read_guidance(*vcs, tip_tree, node.tests)),
                            .workdir = slot->dir,
                            .may_edit = true,
                            .node = node.id,
                            .cancel = services_.interrupt}));
  DIRECTOR_CHECK(require_ok(answer, "test-author"));
  DIRECTOR_TRY(const director::snapshot_result snapshot,
               vcs->snapshot(*slot, tip_tree.value, services_.settings.ignore));
  if (std::string why = judge(node, snapshot.changes); !why.empty()) {
    return run::PlanEvent(run::TestsRejected{node.id, std::move(why)});
  }
  DIRECTOR_TRY(const std::string commit,
               vcs->commit(snapshot.tree, tip.value,
                           "Add the tests of " + node.id.value + "\n\nDirector-Job: " +
                               plan_.job_id.value + "\nDirector-Tests: " + node.id.value + "\n"));
  DIRECTOR_TRY(std::string why, why_not_red(node, Oid(commit)));
  if (!why.empty() && (!person_looks_ || effect.rejected.empty())) {
    return run::PlanEvent(run::TestsRejected{node.id, std::move(why)});
  }
  DIRECTOR_CHECK(vcs->update_ref("refs/heads/" + plan_.job_branch, tip.value, commit));
  return authored(*vcs, node, Oid(commit), std::move(why));
}

Result<run::PlanEvent> TestAuthoring::authored(director::vcs& vcs, const plan::Node& node,
                                               const Oid& commit, std::string warning) {
  DIRECTOR_TRY(const director::commit_info info, vcs.resolve(commit.value));
  std::map<std::string, std::string> hashes;
  for (const std::string& path : node.tests) {
    DIRECTOR_TRY(const std::string bytes, vcs.read_file(info.tree, path));
    hashes[path] = sha256_hex(bytes);
  }
  return run::PlanEvent(run::TestsAuthored{node.id, commit, std::move(hashes), std::move(warning)});
}

std::string TestAuthoring::judge(const plan::Node& node,
                                 const std::vector<director::change>& changes) {
  std::string why;
  std::vector<std::string> missing = node.tests;
  for (const director::change& change : changes) {
    const bool listed =
        std::find(node.tests.begin(), node.tests.end(), change.path) != node.tests.end();
    const bool file = change.new_type == director::file_type::regular ||
                      change.new_type == director::file_type::executable;
    if (listed && file) {
      missing.erase(std::remove(missing.begin(), missing.end(), change.path), missing.end());
      continue;
    }
    why += "- '" + text::printable(change.path) + "' " +
           (listed ? "has to be a plain file\n" : "is not one of the listed test files\n");
  }
  for (const std::string& path : missing) {
    why += "- '" + text::printable(path) + "' was not written\n";
  }
  return why;
}

Result<std::string> TestAuthoring::why_not_red(const plan::Node& node, const Oid& commit) {
  const SlotLease slot = workspaces_.lease_verify();
  // Red once may be chance; red each time is what the node can be measured by.
  const int runs = std::max(2, services_.settings.limits.flake_runs);
  for (int i = 0; i < runs; ++i) {
    DIRECTOR_CHECK(workspaces_.prepare(*slot, commit, Oid(), services_.interrupt));
    DIRECTOR_TRY(const director::verdict verdict,
                 check_gate(services_, {"tests", node.test_cmd, slot->dir, node.id.value, {}}));
    switch (verdict.outcome) {
      case DIRECTOR_GATE_FAIL:
        continue;
      case DIRECTOR_GATE_PASS:
        return i == 0 ? "`" + node.test_cmd +
                            "` passes although nothing is implemented: the tests check nothing new"
                      : "`" + node.test_cmd + "` fails and passes by turns: the tests are flaky";
      default:
        return "the tests cannot be run: " + told(verdict);
    }
  }
  return std::string();
}

}  // namespace director::engine
