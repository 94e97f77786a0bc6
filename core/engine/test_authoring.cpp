#include "core/engine/test_authoring.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/engine/guidance.hpp"
#include "core/engine/landed.hpp"
#include "core/engine/prompts.hpp"
#include "core/engine/red_check.hpp"

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

Result<run::PlanEvent> TestAuthoring::author(const run::AuthorTests& effect, const Oid& tip) {
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
  // Those that were refused on the branch itself are for their author to mend.
  if (trailer(last.message, "Director-Job") == plan_.job_id.value &&
      trailer(last.message, "Director-Tests") == node.id.value &&
      (effect.rejected.empty() || effect.written.commit == tip) &&
      absent(*vcs, node, last.tree).empty()) {
    return settle(*vcs, node, effect, tip, tip);
  }
  if (effect.written.parent == tip && vcs->resolve(effect.written.commit.value)) {
    return settle(*vcs, node, effect, effect.written.commit, tip);
  }
  return write(*vcs, node, effect, last);
}

Result<run::PlanEvent> TestAuthoring::write(director::vcs& vcs, const plan::Node& node,
                                            const run::AuthorTests& effect,
                                            const director::commit_info& tip) {
  const SlotLease slot = workspaces_.lease_agent();
  DIRECTOR_CHECK(workspaces_.prepare(*slot, Oid(tip.oid), Oid(), services_.interrupt));
  DIRECTOR_TRY(const AgentAnswer answer,
               calls_.call_patiently(
                   {.role = config::Role::TestAuthor,
                    .prompt = "test-author",
                    .message = test_author_message(node, effect.rejected,
                                                   read_guidance(vcs, Oid(tip.tree), node.tests)),
                    .workdir = slot->dir,
                    .may_edit = true,
                    .node = node.id,
                    .cancel = services_.interrupt}));
  DIRECTOR_CHECK(require_ok(answer, "test-author"));
  DIRECTOR_TRY(const director::snapshot_result snapshot,
               vcs.snapshot(*slot, tip.tree, services_.settings.ignore));
  if (std::string why = judge(vcs, node, snapshot); !why.empty()) {
    return run::PlanEvent(run::TestsRejected{node.id, std::move(why)});
  }
  DIRECTOR_TRY(const std::string commit,
               vcs.commit(snapshot.tree, tip.oid,
                          "Add the tests of " + node.id.value + "\n\nDirector-Job: " +
                              plan_.job_id.value + "\nDirector-Tests: " + node.id.value + "\n"));
  return run::PlanEvent(run::TestsWritten{node.id, Oid(commit), Oid(tip.oid)});
}

Result<run::PlanEvent> TestAuthoring::settle(director::vcs& vcs, const plan::Node& node,
                                             const run::AuthorTests& effect, const Oid& commit,
                                             const Oid& tip) {
  DIRECTOR_TRY(const RedCheck red, check_red(services_, workspaces_, node, commit));
  if (red.kind != RedKind::Red && (state_.job.automatic || effect.rejected.empty())) {
    return run::PlanEvent(run::TestsRejected{node.id, red.why});
  }
  if (commit != tip) {
    DIRECTOR_CHECK(vcs.update_ref("refs/heads/" + plan_.job_branch, tip.value, commit.value));
  }
  return authored(vcs, node, commit, red.why);
}

std::vector<std::string> TestAuthoring::absent(director::vcs& vcs, const plan::Node& node,
                                               const std::string& tree) {
  std::vector<std::string> missing;
  for (const std::string& path : node.tests) {
    if (!vcs.read_file(tree, path)) {
      missing.push_back(path);
    }
  }
  return missing;
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

std::string TestAuthoring::other_author(const NodeId& node, const std::string& path) const {
  for (const auto& [id, tests] : state_.authored) {
    if (id != node && tests.hashes.contains(path)) {
      return id.value;
    }
  }
  return {};
}

std::string TestAuthoring::judge(director::vcs& vcs, const plan::Node& node,
                                 const director::snapshot_result& snapshot) const {
  std::string why;
  std::vector<std::string> missing = node.tests;
  // What stands on the job branch from an earlier round may stay as it is.
  missing.erase(std::remove_if(missing.begin(), missing.end(),
                               [&](const std::string& path) {
                                 return state_.authored_paths.contains(path) &&
                                        vcs.read_file(snapshot.tree, path).has_value();
                               }),
                missing.end());
  for (const director::change& change : snapshot.changes) {
    const bool listed =
        std::find(node.tests.begin(), node.tests.end(), change.path) != node.tests.end();
    const bool file = change.new_type == director::file_type::regular ||
                      change.new_type == director::file_type::executable;
    if (const std::string owner = other_author(node.id, change.path); listed && !owner.empty()) {
      why += "- '" + text::printable(change.path) + "' holds the tests of node '" + owner +
             "': leave it as it is, and write this node's tests to its other files\n";
      continue;
    }
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

}  // namespace director::engine
