#include "core/engine/plan_gate.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/engine/red_check.hpp"
#include "core/plan/validate.hpp"

namespace director::engine {
namespace {

constexpr std::string_view kThenGoOn = "mend it, then `director plan --continue` again";

std::set<std::string> tests_of(const plan::Plan& plan) {
  std::set<std::string> all;
  for (const plan::Node& node : plan.nodes) {
    all.insert(node.tests.begin(), node.tests.end());
  }
  return all;
}

std::set<std::string> paths_of(const std::vector<director::change>& changes) {
  std::set<std::string> paths;
  for (const director::change& change : changes) {
    paths.insert(change.path);
  }
  return paths;
}

Result<bool> has_all_tests(director::vcs& vcs, const plan::Node& node, const std::string& tree) {
  for (const std::string& path : node.tests) {
    const Result<std::string> bytes = vcs.read_file(tree, path);
    const Errc code = bytes ? Errc::Internal : bytes.error().code();
    if (code == Errc::NotFound || code == Errc::Invalid) {  // Invalid: it is a folder
      return false;
    }
    DIRECTOR_CHECK(bytes);
  }
  return true;
}

}  // namespace

director::slot PlanGate::checkout() const {
  const std::filesystem::path dir = services_.folders.cache / "gates" / state_.job.job.value;
  return {dir.string(), dir.string() + ".meta"};
}

Result<run::GateOpened> PlanGate::open(const Oid& tip) {
  const director::slot slot = checkout();
  DIRECTOR_CHECK(workspaces_.prepare(slot, tip, Oid(), services_.interrupt));
  return run::GateOpened{slot.dir, tip};
}

Status PlanGate::close() {
  const director::slot slot = checkout();
  DIRECTOR_CHECK(services_.files.remove(slot.dir));
  return services_.files.remove(slot.meta_dir);
}

Result<bool> PlanGate::is_open() const {
  if (state_.gate.commit.empty()) {
    return false;
  }
  return services_.slot_folders == nullptr ? Result<bool>(true)
                                           : services_.slot_folders->is_there(checkout().dir);
}

Status PlanGate::judge_plan(const plan::Plan& plan) const {
  if (plan.job_id != state_.job.job || plan.job_branch != state_.job.branch) {
    return Error(Errc::Invalid, "plan.json is of another job or branch: job_id has to be '" +
                                    state_.job.job.value + "' and job_branch '" +
                                    state_.job.branch + "'; " + std::string(kThenGoOn));
  }
  const std::vector<plan::Problem> problems = plan::validate(plan.nodes);
  return problems.empty()
             ? ok()
             : Status(Error(Errc::Invalid, "plan.json is not valid; " + std::string(kThenGoOn) +
                                               ":\n" + plan::describe(problems)));
}

Status PlanGate::remove_stale(director::vcs& vcs, const plan::Plan& plan,
                              const std::string& unclean) {
  DIRECTOR_TRY(const director::commit_info base, vcs.resolve(state_.job.base.value));
  DIRECTOR_TRY(const director::commit_info made_of, vcs.resolve(state_.gate.commit.value));
  DIRECTOR_TRY(const std::vector<director::change> by_hand, vcs.changes(made_of.tree, unclean));
  DIRECTOR_TRY(const std::vector<director::change> all, vcs.changes(base.tree, unclean));
  const std::set<std::string> edited = paths_of(by_hand);
  const std::set<std::string> wanted = tests_of(plan);
  std::vector<std::string> users;
  for (const director::change& change : all) {
    if (wanted.contains(change.path) || !state_.authored_paths.contains(change.path)) {
      continue;
    }
    if (change.kind == director::change_kind::added) {
      DIRECTOR_CHECK(services_.files.remove(std::filesystem::path(checkout().dir) / change.path));
    } else if (!edited.contains(change.path)) {
      users.push_back(change.path);
    }
  }
  return users.empty() ? ok() : restore(vcs, state_.job.base, users);
}

Status PlanGate::restore(director::vcs& vcs, const Oid& commit,
                         const std::vector<std::string>& paths) {
  const std::string dir = checkout().dir + ".base";
  const director::slot whole{dir, dir + ".meta"};
  Status done = vcs.checkout(whole, commit.value, "", {});
  for (auto path = paths.begin(); done && path != paths.end(); ++path) {
    // Moved, since then a script can be executed as before.
    done = services_.files.move(std::filesystem::path(whole.dir) / *path,
                                std::filesystem::path(checkout().dir) / *path);
  }
  DIRECTOR_CHECK(services_.files.remove(whole.dir));
  DIRECTOR_CHECK(services_.files.remove(whole.meta_dir));
  return done;
}

Result<std::string> PlanGate::edited_tree(director::vcs& vcs,
                                          const director::commit_info& tip) const {
  DIRECTOR_TRY(const director::commit_info made_of,
               vcs.resolve(state_.gate.commit.value)
                   .context("cannot tell what was edited in '" + checkout().dir +
                            "': move it away, and `director plan --continue` makes it anew"));
  DIRECTOR_TRY(const director::snapshot_result snapshot,
               vcs.snapshot(checkout(), made_of.tree, services_.settings.ignore));
  if (tip.oid == made_of.oid) {
    return snapshot.tree;
  }
  DIRECTOR_TRY(director::merge_result merged, vcs.merge(made_of.tree, tip.tree, snapshot.tree));
  if (!merged.merged) {
    return Error(Errc::Invalid, "the job branch was changed too, and differently, in: " +
                                    text::printable(text::join(merged.conflicts, ", ")) +
                                    "; make both the same, then `director plan --continue` again");
  }
  return std::move(merged.tree);
}

Status PlanGate::judge_changes(const plan::Plan& plan,
                               const std::vector<director::change>& changes) const {
  const std::set<std::string> wanted = tests_of(plan);
  std::string problems;
  for (const director::change& change : changes) {
    const std::string named = "\n- '" + text::printable(change.path) + "' ";
    if (!wanted.contains(change.path) && state_.authored_paths.contains(change.path)) {
      continue;  // stale: remove_stale() sees to it
    }
    if (!wanted.contains(change.path)) {
      problems += named + "is no node's test: undo it, or list it in the node's \"tests\"";
    } else if (change.kind != director::change_kind::deleted &&
               change.new_type != director::file_type::regular &&
               change.new_type != director::file_type::executable) {
      problems += named + "has to be a plain file";
    }
  }
  return problems.empty()
             ? ok()
             : Status(Error(Errc::Invalid, "only tests may be edited in '" + state_.gate.checkout +
                                               "'; " + std::string(kThenGoOn) + ":" + problems));
}

Status PlanGate::judge_tests(const plan::Plan& plan, const Oid& commit,
                             const std::vector<director::change>& changes,
                             const std::vector<std::string>& unwritten) {
  const std::set<std::string> edited = paths_of(changes);
  for (const plan::Node& node : plan.nodes) {
    const bool touched =
        std::any_of(node.tests.begin(), node.tests.end(),
                    [&](const std::string& path) { return edited.contains(path); });
    const bool missing =
        std::find(unwritten.begin(), unwritten.end(), node.id.value) != unwritten.end();
    if (!touched || missing) {  // it is judged when its author has written it
      continue;
    }
    DIRECTOR_TRY(const RedCheck red, check_red(services_, workspaces_, node, commit));
    if (red.kind == RedKind::CannotRun) {
      return Error(Errc::Invalid,
                   "node '" + node.id.value + "': " + red.why + "; " + std::string(kThenGoOn));
    }
    if (red.kind != RedKind::Red) {
      services_.log.write(ports::LogLevel::Warning, "node '" + node.id.value + "': " + red.why);
    }
  }
  return ok();
}

Result<GateEdits> PlanGate::take(const plan::Plan& plan, const director::commit_info& tip) {
  DIRECTOR_CHECK(judge_plan(plan));
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const std::string unclean, edited_tree(*vcs, tip));
  DIRECTOR_TRY(const std::vector<director::change> before, vcs->changes(tip.tree, unclean));
  DIRECTOR_CHECK(judge_changes(plan, before));
  DIRECTOR_CHECK(remove_stale(*vcs, plan, unclean));
  DIRECTOR_TRY(const std::string tree, edited_tree(*vcs, tip));
  DIRECTOR_TRY(const std::vector<director::change> changes, vcs->changes(tip.tree, tree));
  DIRECTOR_CHECK(judge_changes(plan, changes));  // somebody may have been there meanwhile
  GateEdits edits;
  for (const plan::Node& node : plan.nodes) {
    DIRECTOR_TRY(const bool written, has_all_tests(*vcs, node, tree));
    if (!written) {
      edits.missing.push_back(node.id.value);
    }
  }
  edits.any = !changes.empty() || !edits.missing.empty();
  if (changes.empty()) {
    return edits;
  }
  DIRECTOR_TRY(const std::string commit,
               vcs->commit(tree, tip.oid,
                           "Edit the tests by hand\n\nDirector-Job: " + state_.job.job.value +
                               "\nDirector-Tests: gate\n"));
  DIRECTOR_CHECK(judge_tests(plan, Oid(commit), changes, edits.missing));
  DIRECTOR_CHECK(vcs->update_ref("refs/heads/" + state_.job.branch, tip.oid, commit));
  return edits;
}

}  // namespace director::engine
