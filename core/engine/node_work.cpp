#include "core/engine/node_work.hpp"

#include <optional>
#include <utility>

#include "core/engine/guidance.hpp"
#include "core/engine/pause.hpp"
#include "core/engine/prompts.hpp"
#include "core/engine/reviewing.hpp"
#include "core/run/watch.hpp"

namespace director::engine {

NodeWork::NodeWork(const Services& services, AgentCalls& calls, Workspaces& workspaces,
                   JobBranch& branch, const plan::Plan& plan, const Oid& job_base)
    : services_(services),
      calls_(calls),
      workspaces_(workspaces),
      branch_(branch),
      plan_(plan),
      keeper_(services, plan),
      merger_(plan),
      gates_(services, workspaces, branch, plan, job_base),
      batches_(services, branch, keeper_, merger_, gates_),
      contexts_(plan.nodes.size()) {
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    index_.emplace(plan.nodes[i].id, i);
  }
}

Status NodeWork::begin_at(const Oid& base, const plan::Node& node, Context& context) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info info, vcs->resolve(base.value));
  context.base = Oid(info.oid);
  context.base_tree = Oid(info.tree);
  context.start = context.base_tree;
  return Merger::check_frozen(*vcs, node, context.base_tree);
}

Result<run::RunEvent> NodeWork::prepare(const run::StartAttempt& effect, const Oid& base) {
  DIRECTOR_CHECK(pause(services_.clock, effect.delay_ms, services_.interrupt));
  const plan::Node& node = this->node(effect.node);
  Context& context = this->context(effect.node);
  if (!context.workspace) {
    context.workspace = workspaces_.lease_agent();
  }
  DIRECTOR_CHECK(begin_at(base, node, context));
  DIRECTOR_CHECK(workspaces_.prepare(*context.workspace, context.base, Oid(), services_.interrupt));
  run::Used used;
  bool was_checked = false;
  if (context.red_base != context.base) {
    DIRECTOR_TRY(GateChecked tests, check_tests(services_, node, context.workspace->dir, {}));
    if (tests.verdict.outcome != DIRECTOR_GATE_FAIL && !services_.settings.workspace.keep.empty()) {
      // An agent that was here before may have left a tool that says so.
      used = tests.used;
      DIRECTOR_CHECK(
          workspaces_.prepare_anew(*context.workspace, context.base, services_.interrupt));
      DIRECTOR_TRY(tests, check_tests(services_, node, context.workspace->dir, {}));
    }
    const director::verdict& verdict = tests.verdict;
    used.add(tests.used);
    // A failure for want of memory or time says nothing about the tests.
    if (verdict.outcome != DIRECTOR_GATE_FAIL || !tests.limit.empty() || tests.timed_out) {
      const run::Red red = verdict.outcome == DIRECTOR_GATE_PASS ? run::Red::No : run::Red::Error;
      const std::string workspace = context.workspace->dir;
      context.workspace.reset();
      return run::RunEvent(run::RedChecked{effect.node, red, told(verdict), workspace, used});
    }
    context.red_base = context.base;
    context.red_output = verdict.detail;
    was_checked = true;
  }
  Oid kept;
  if (services_.settings.limits.keep_attempt && !context.kept.empty()) {
    DIRECTOR_TRY(kept, kept_on_base(context));
    context.start = kept.empty() ? context.start : kept;
  }
  // What the tests left behind is none of the agent's.
  if (was_checked || !kept.empty()) {
    DIRECTOR_CHECK(
        workspaces_.prepare(*context.workspace, context.base, kept, services_.interrupt));
  }
  DIRECTOR_CHECK(
      occupy_slot(services_.files, *context.workspace,
                  {plan_.job_id, effect.node, effect.attempt, context.base, context.start}));
  return run::RunEvent(
      run::RedChecked{effect.node, run::Red::Yes, "", context.workspace->dir, used});
}

Result<Oid> NodeWork::kept_on_base(const Context& context) const {
  if (context.kept_base == context.base_tree) {
    return context.kept;
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::merge_result merged,
               vcs->merge(context.kept_base.value, context.base_tree.value, context.kept.value));
  return Oid(merged.merged ? merged.tree : "");
}

Result<std::string> NodeWork::executor_message(const plan::Node& node, const Context& context,
                                               const run::NodeState& state) const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  ExecutorBrief brief{node, {}, context.red_output, state.feedback, state.attempts, {}};
  brief.kept = context.start != context.base_tree;
  for (const std::string& path : node.files) {
    Result<std::string> content = vcs->read_file(context.start.value, path);
    brief.files.push_back(
        {path, content ? std::optional(std::move(content).value()) : std::nullopt});
  }
  brief.guidance = read_guidance(*vcs, context.base_tree, node.files);
  return engine::executor_message(brief);
}

Result<run::RunEvent> NodeWork::call_agent(const NodeId& id, const run::NodeState& state) {
  const plan::Node& node = this->node(id);
  Context& context = this->context(id);
  DIRECTOR_TRY(const std::string message, executor_message(node, context, state));
  const config::Role role =
      state.tier == run::TierKind::Escalation ? config::Role::Escalation : config::Role::Executor;
  DIRECTOR_TRY(const AgentAnswer answer, calls_.call({.role = role,
                                                      .prompt = "executor",
                                                      .message = message,
                                                      .workdir = context.workspace->dir,
                                                      .may_edit = true,
                                                      .node = id,
                                                      .cancel = services_.interrupt}));
  if (answer.outcome != run::AgentOutcome::Ok) {
    DIRECTOR_CHECK(keep_workspace(id, state, answer));
  }
  const run::Watch watch = run::watch_it_fail(answer.tools, node.test_cmd, node.tests);
  run::AgentEnded ended;
  ended.node = id;
  ended.outcome = answer.outcome;
  ended.why = answer.outcome == run::AgentOutcome::Ok ? "" : answer.text;
  ended.retry_after_ms = answer.retry_after_ms;
  ended.watch = watch.verdict;
  ended.ran_before_edit = watch.ran_before_edit;
  ended.observed_failure = watch.observed_failure;
  ended.node_ceiling = answer.node_is_spent;
  ended.used = answer.used;
  if (answer.outcome != run::AgentOutcome::Ok) {
    context.workspace.reset();
  }
  return run::RunEvent(std::move(ended));
}

Status NodeWork::keep_workspace(const NodeId& id, const run::NodeState& state,
                                const AgentAnswer& answer) {
  Context& context = this->context(id);
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  const SlotNote note{plan_.job_id, id, state.attempts, context.base, context.start};
  const std::string why = answer.outcome == run::AgentOutcome::Cancelled
                              ? "its agent was stopped"
                              : "its agent did not get to its end";
  if (!keeper_.keep_slot(*vcs, *context.workspace, note, why, answer.text)) {
    context.workspace
        .reset();  // what is in there is all there is of it: the next try needs another
  }
  return ok();
}

void NodeWork::keep_candidate(director::vcs& vcs, const NodeId& id, const run::NodeState& state,
                              run::Verdict verdict, const std::string& why,
                              const std::string& detail) const {
  const UnlandedWork work{plan_.job_id,    id,  state.attempts, state.base,
                          state.candidate, why, detail};
  (void)(verdict == run::Verdict::Error ? keeper_.keep_beside(vcs, work) : keeper_.keep(vcs, work));
}

Result<run::RunEvent> NodeWork::capture(const NodeId& id, const run::NodeState& state) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  Result<run::CandidateMade> made = take_candidate(*vcs, id, state);
  if (!made && made.error().code() == Errc::NotFound) {
    // Garbage collection took objects that had no name yet; they are made once more.
    made = take_candidate(*vcs, id, state);
  }
  context(id).workspace.reset();
  return made ? Result<run::RunEvent>(run::RunEvent(std::move(made).value()))
              : Result<run::RunEvent>(made.error());
}

Result<run::CandidateMade> NodeWork::take_candidate(director::vcs& vcs, const NodeId& id,
                                                    const run::NodeState& state) {
  const plan::Node& node = this->node(id);
  Context& context = this->context(id);
  DIRECTOR_TRY(
      director::snapshot_result snapshot,
      vcs.snapshot(*context.workspace, context.base_tree.value, services_.settings.ignore));
  workspaces_.looked_at(*context.workspace);
  const plan::Contract contract = merger_.judge(node, snapshot.changes);
  run::CandidateMade made;
  made.node = id;
  made.base = context.base;
  made.tree = Oid(snapshot.tree);
  made.files = static_cast<int>(snapshot.changes.size());
  made.violation = contract.ok ? "" : contract.feedback;
  bool safe = true;
  if (contract.ok) {
    DIRECTOR_TRY(context.held, merger_.commit(vcs, node, state, made.tree, context.base));
    DIRECTOR_CHECK(keeper_.hold(vcs, id, Flight::Candidate, context.held));
    context.kept = made.tree;
    context.kept_base = context.base_tree;
  } else if (made.tree != context.base_tree && made.tree != context.start) {
    safe = keeper_.keep(vcs, {plan_.job_id, id, state.attempts, context.base, made.tree,
                              "it broke the contract", contract.feedback});
  }
  if (safe) {
    DIRECTOR_CHECK(free_slot(services_.files, *context.workspace));
  }
  return made;
}

Result<run::RunEvent> NodeWork::integrate(const NodeId& id, const run::NodeState& state) {
  Result<run::RunEvent> integrated = put_on_tip(id, state);
  if (!integrated && integrated.error().code() == Errc::NotFound) {
    // As above: what is made here has no name until it is held.
    integrated = put_on_tip(id, state);
  }
  if (!integrated && integrated.error().code() == Errc::NotFound) {
    DIRECTOR_TRY(const std::optional<Oid> tip, tip_without(state));
    if (tip) {
      context(id).kept = Oid();
      context(id).held = Oid();
      return run::RunEvent(run::Integrated{
          id, *tip, Oid(),
          "what this attempt made was collected as garbage before it could land (git gc "
          "--prune=now, or a deleted ref of director's); it has to be made again"});
    }
  }
  return integrated;
}

Result<std::optional<Oid>> NodeWork::tip_without(const run::NodeState& state) {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip, branch_.tip(*vcs));
  const Result<std::vector<director::change>> made = vcs->changes(tip.tree, state.candidate.value);
  const bool is_gone = !made && made.error().code() == Errc::NotFound;
  return is_gone ? std::optional(Oid(tip.oid)) : std::nullopt;
}

Result<run::RunEvent> NodeWork::put_on_tip(const NodeId& id, const run::NodeState& state) {
  const plan::Node& node = this->node(id);
  Context& context = this->context(id);
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const director::commit_info tip, branch_.tip(*vcs));
  DIRECTOR_TRY(MergedCandidate merged, merger_.merge(*vcs, node, state, tip));
  run::Integrated done{id, Oid(tip.oid), Oid(), std::move(merged.conflict)};
  if (!done.conflict.empty()) {
    keep_candidate(*vcs, id, state, run::Verdict::Fail,
                   merged.tree.empty() ? "it conflicted with what landed meanwhile"
                                       : "it broke the contract on the new tip",
                   done.conflict);
    return run::RunEvent(std::move(done));
  }
  context.onto = done.onto;
  context.onto_tree = Oid(tip.tree);
  context.tree = merged.tree;
  context.changes = std::move(merged.changes);
  if (!context.held.empty() && context.onto == state.base && context.tree == state.candidate) {
    context.commit = context.held;
  } else {
    DIRECTOR_TRY(context.commit, merger_.commit(*vcs, node, state, context.tree, context.onto));
    DIRECTOR_CHECK(keeper_.hold(*vcs, id, Flight::Merged, context.commit));
  }
  done.commit = context.commit;
  return run::RunEvent(std::move(done));
}

Result<run::RunEvent> NodeWork::gate(const NodeId& id, const run::NodeState& state,
                                     GateOptions options) {
  const Context& context = this->context(id);
  DIRECTOR_TRY(GatedCandidate checked, gates_.check(node(id),
                                                    {state.first_base, context.onto, context.commit,
                                                     context.tree, context.changes},
                                                    options));
  if (checked.outrun) {
    return run::RunEvent(run::LandRefused{id, branch_.seen(), checked.gated.used});
  }
  run::Gated& gated = checked.gated;
  if (gated.verdict != run::Verdict::Pass) {
    DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
    keep_candidate(
        *vcs, id, state, gated.verdict,
        gated.verdict == run::Verdict::Fail ? "its tests failed" : "its tests could not be run",
        gated.detail);
  }
  return run::RunEvent(std::move(gated));
}

Result<run::RunEvent> NodeWork::review(const run::ReviewCandidate& effect,
                                       const run::NodeState& state) {
  const Context& context = this->context(effect.node);
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(std::string diff, vcs->diff(context.onto_tree.value, context.tree.value));
  const SlotLease slot = workspaces_.lease_verify();
  DIRECTOR_TRY(
      const std::string failure,
      workspaces_.prepare_to_gate(*slot, context.commit, context.onto, services_.interrupt));
  if (!failure.empty()) {  // although its gates passed
    return Error(Errc::External, failure);
  }
  DIRECTOR_TRY(
      run::Reviewed reviewed,
      review_candidate(services_, calls_, effect, {node(effect.node), std::move(diff), slot->dir}));
  if (reviewed.verdict != run::Verdict::Pass && !reviewed.over_budget) {
    keep_candidate(
        *vcs, effect.node, state, reviewed.verdict,
        reviewed.verdict == run::Verdict::Fail ? "its review blocked it" : "its review failed",
        reviewed.verdict == run::Verdict::Fail ? reviewed.feedback : reviewed.summary);
  }
  return run::RunEvent(std::move(reviewed));
}

void NodeWork::drop(const NodeId& id) { context(id).workspace.reset(); }

Result<run::RunEvent> NodeWork::land(const NodeId& id) {
  const Context& context = this->context(id);
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const Advanced advanced, branch_.advance(*vcs, context.onto, context.commit));
  if (!advanced.built_upon.empty()) {
    return run::RunEvent(run::LandRefused{id, advanced.built_upon});
  }
  DIRECTOR_CHECK(advanced.moved);
  return run::RunEvent(run::Landed{id, context.commit});
}

}  // namespace director::engine
