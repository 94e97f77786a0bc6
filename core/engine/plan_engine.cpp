#include "core/engine/plan_engine.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/sha256.hpp"
#include "core/base/text.hpp"
#include "core/engine/agent_state.hpp"
#include "core/engine/guidance.hpp"
#include "core/engine/masking.hpp"
#include "core/engine/prompts.hpp"
#include "core/engine/records.hpp"
#include "core/engine/test_authoring.hpp"
#include "core/engine/timestamp.hpp"
#include "core/plan/plan_json.hpp"
#include "core/plan/reply.hpp"
#include "core/plan/topology.hpp"
#include "core/plan/validate.hpp"

namespace director::engine {
namespace {

/// True if a critique that failed so is to be asked for again, when planning goes on: nobody has
/// refused it.
bool stops(const Error& error) {
  return error.code() == Errc::Cancelled || error.code() == Errc::Conflict;
}

}  // namespace

PlanEngine::PlanEngine(const Services& services, Books& books, JobWork job, Progress& progress)
    : services_(services),
      books_(books),
      job_(std::move(job)),
      progress_(progress),
      calls_(services, books),
      workspaces_(services),
      gate_(services, workspaces_, job_.planning) {}

Status PlanEngine::record(const run::PlanEvent& said) {
  const run::PlanEvent event = masked(said, services_.redactor);
  // The journal takes nothing that a replay would refuse.
  DIRECTOR_CHECK(run::advance(job_.planning, event).context("cannot go on planning"));
  DIRECTOR_TRY(const run::At at, books_.record(run::Event(event), true));
  DIRECTOR_CHECK(engine::apply(job_, Entry{at, run::Event(event)}));
  progress_.planning(job_.planning, event);
  return services_.files.write(services_.folders.stage(), stage_json(job_.planning));
}

Status PlanEngine::create(const run::JobCreated& job) {
  DIRECTOR_CHECK(renew_agent_state(services_, job.job));
  books_.set_job(job.job);
  return record(job);
}

Status PlanEngine::approve() {
  const run::PlanEffect effect = run::next_effect(job_.planning);
  const auto* gate = std::get_if<run::PauseAtGate>(&effect);
  if (gate == nullptr) {
    return Error(Errc::Conflict, "no gate waits for an approval");
  }
  return gate->gate == "spec" ? approve_spec() : approve_plan();
}

Status PlanEngine::approve_spec() {
  const Result<std::string> spec = services_.files.read(services_.folders.spec());
  if (!spec || text::trim(*spec).empty()) {
    return Error(Errc::Invalid, "there is no specification in '" +
                                    services_.folders.spec().string() +
                                    "'; write it, then `director plan --continue` again");
  }
  return record(run::GatePassed{"spec"});
}

Status PlanEngine::approve_plan() {
  DIRECTOR_TRY(const plan::Plan plan, read_plan());
  if (job_.planning.job.automatic) {
    return record(run::GatePassed{"plan"});
  }
  DIRECTOR_TRY(const bool open, gate_.is_open());
  if (!open) {
    DIRECTOR_CHECK(open_gate());
    return Error(Errc::Invalid, "the tests' checkout was gone; it was made anew in '" +
                                    job_.planning.gate.checkout +
                                    "' as the job branch has them: look at them, then `director "
                                    "plan --continue` again");
  }
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  DIRECTOR_TRY(const Base base, tip());
  DIRECTOR_TRY(const director::commit_info branch, vcs->resolve(base.commit.value));
  DIRECTOR_TRY(GateEdits edits, gate_.take(plan, branch));
  if (edits.any) {
    DIRECTOR_TRY(const plan::Topology topology, plan::make_topology(plan.nodes));
    run::GateEdited edited;
    for (const NodeId& id : topology.order) {
      edited.order.push_back(id.value);
      if (std::find(edits.missing.begin(), edits.missing.end(), id.value) != edits.missing.end()) {
        edited.missing.push_back(id.value);
      }
    }
    DIRECTOR_CHECK(record(edited));
  }
  if (!edits.missing.empty()) {
    return ok();
  }
  DIRECTOR_CHECK(record(run::GatePassed{"plan"}));
  return gate_.close();
}

Status PlanEngine::open_gate() {
  DIRECTOR_TRY(const Base base, tip());
  DIRECTOR_TRY(const run::GateOpened opened, gate_.open(base.commit));
  return record(opened);
}

Result<PlanEnd> PlanEngine::run() {
  while (true) {
    const run::PlanEffect effect = run::next_effect(job_.planning);
    if (std::holds_alternative<run::PlanReady>(effect)) {
      books_.flush_sinks();
      return PlanEnd::Ready;
    }
    if (const auto* pause = std::get_if<run::PauseAtGate>(&effect);
        pause != nullptr && !job_.planning.job.automatic) {
      if (pause->gate == "plan" && job_.planning.gate.commit.empty()) {
        DIRECTOR_CHECK(open_gate());
      }
      books_.flush_sinks();
      return pause->gate == "spec" ? PlanEnd::PausedAtSpec : PlanEnd::PausedAtPlan;
    }
    if (services_.interrupt.cancelled()) {
      return Error(Errc::Cancelled, "interrupted");
    }
    DIRECTOR_CHECK(perform(effect));
  }
}

Status PlanEngine::perform(const run::PlanEffect& effect) {
  if (std::holds_alternative<run::CreateBranch>(effect)) {
    return create_branch();
  }
  if (std::holds_alternative<run::AskExplorer>(effect)) {
    return explore();
  }
  if (std::holds_alternative<run::AskBrainstorm>(effect)) {
    return specify();
  }
  if (std::holds_alternative<run::CritiqueSpec>(effect)) {
    return critique_spec();
  }
  if (const auto* ask = std::get_if<run::AskPlanner>(&effect)) {
    return decompose(ask->problems);
  }
  if (std::holds_alternative<run::CritiquePlan>(effect)) {
    return critique_plan();
  }
  if (const auto* tests = std::get_if<run::AuthorTests>(&effect)) {
    return author(*tests);
  }
  if (std::holds_alternative<run::FreezePlan>(effect)) {
    return freeze();
  }
  if (std::holds_alternative<run::PauseAtGate>(effect)) {
    return approve();
  }
  if (const auto* stop = std::get_if<run::GiveUpPlanning>(&effect)) {
    return give_up(stop->why);
  }
  return ok();
}

Status PlanEngine::give_up(const std::string& why) {
  DIRECTOR_CHECK(record(run::PlanningStopped{why}));
  return Error(Errc::Invalid, why);
}

Status PlanEngine::create_branch() {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  const run::JobCreated& job = job_.planning.job;
  const std::string ref = "refs/heads/" + job.branch;
  const Result<director::commit_info> present = vcs->resolve(ref);
  if (!present) {
    DIRECTOR_CHECK(vcs->update_ref(ref, "", job.base.value));
  } else if (present->oid != job.base.value) {
    return Error(Errc::Conflict, "cannot create branch '" + job.branch +
                                     "': it exists and is somewhere else; delete it or plan anew");
  }
  return record(run::BranchCreated{});
}

Result<PlanEngine::Base> PlanEngine::tip() const {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  const std::string& branch = job_.planning.job.branch;
  DIRECTOR_TRY(const director::commit_info info,
               vcs->resolve("refs/heads/" + branch)
                   .context("cannot go on planning: the job branch '" + branch +
                            "' is gone; restore it or start a new plan"));
  return Base{Oid(info.oid), Oid(info.tree)};
}

Result<std::string> PlanEngine::ask(config::Role role, const std::string& prompt,
                                    const std::string& message) {
  DIRECTOR_TRY(const Base base, tip());
  const SlotLease slot = workspaces_.lease_agent();
  DIRECTOR_CHECK(workspaces_.prepare(*slot, base.commit, Oid(), services_.interrupt));
  DIRECTOR_TRY(AgentAnswer answer, calls_.call_patiently({.role = role,
                                                          .prompt = prompt,
                                                          .message = message,
                                                          .workdir = slot->dir,
                                                          .may_edit = false,
                                                          .node = NodeId(),
                                                          .cancel = services_.interrupt}));
  DIRECTOR_CHECK(require_ok(answer, prompt));
  return std::move(answer.text);
}

Status PlanEngine::explore() {
  progress_.planning_step("exploring the repository");
  DIRECTOR_TRY(const Base base, tip());
  std::vector<Guidance> guidance;
  {
    DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
    guidance = read_guidance(*vcs, base.tree, {});
  }
  DIRECTOR_TRY(const std::string recon, ask(config::Role::Explorer, "explorer",
                                            explorer_message(job_.planning.job.task, guidance)));
  DIRECTOR_CHECK(services_.files.write(services_.folders.recon(), recon + "\n"));
  return record(run::ReconWritten{});
}

Status PlanEngine::specify() {
  progress_.planning_step("writing the specification");
  DIRECTOR_TRY(const std::string recon, services_.files.read(services_.folders.recon()));
  DIRECTOR_TRY(const std::string spec, ask(config::Role::Planner, "brainstorm",
                                           brainstorm_message(job_.planning.job.task, recon, {})));
  DIRECTOR_CHECK(services_.files.write(services_.folders.spec(), spec + "\n"));
  return record(run::SpecWritten{});
}

Status PlanEngine::critique_spec() {
  progress_.planning_step("reading the specification once more");
  DIRECTOR_TRY(const std::string spec, services_.files.read(services_.folders.spec()));
  const Result<std::string> revised =
      ask(config::Role::Planner, "brainstorm",
          critique_message("specification", job_.planning.job.task, spec));
  if (!revised) {
    if (stops(revised.error())) {
      return revised.error();
    }
    services_.log.write(ports::LogLevel::Warning,
                        "the specification stays as it was: " + revised.error().message());
  } else if (!text::trim(*revised).empty()) {
    DIRECTOR_CHECK(services_.files.write(services_.folders.spec(), *revised + "\n"));
  }
  return record(run::SpecWritten{.revised = true});
}

Status PlanEngine::decompose(const std::string& problems) {
  progress_.planning_step(problems.empty() ? "cutting the work into nodes"
                                           : "having the plan mended");
  DIRECTOR_TRY(const std::string recon, services_.files.read(services_.folders.recon()));
  DIRECTOR_TRY(const std::string spec, services_.files.read(services_.folders.spec()));
  DIRECTOR_TRY(const std::string reply,
               ask(config::Role::Planner, "planner",
                   planner_message(job_.planning.job.task, spec, recon, problems, {})));
  return propose(reply, false);
}

Status PlanEngine::critique_plan() {
  progress_.planning_step("reading the plan once more");
  DIRECTOR_TRY(const plan::Plan plan, read_plan());
  const Result<std::string> reply =
      ask(config::Role::Planner, "planner",
          critique_message("plan", job_.planning.job.task, plan::to_json(plan)));
  if (!reply) {
    if (stops(reply.error())) {
      return reply.error();
    }
    services_.log.write(ports::LogLevel::Warning,
                        "the plan stays as it was: " + reply.error().message());
    return record(run::PlanProposed{reply.error().message(), {}, true});
  }
  return propose(*reply, true);
}

Status PlanEngine::propose(const std::string& reply, bool revised) {
  run::PlanProposed proposed;
  proposed.revised = revised;
  Result<std::vector<plan::Node>> nodes = plan::parse_planner_reply(reply);
  if (!nodes) {
    proposed.problems = nodes.error().message();
    return record(proposed);
  }
  if (const std::vector<plan::Problem> problems = plan::validate(*nodes); !problems.empty()) {
    proposed.problems = plan::describe(problems);
    return record(proposed);
  }
  const run::JobCreated& job = job_.planning.job;
  plan::Plan plan{job.job,
                  job.task,
                  services_.folders.repo.string(),
                  iso_time(services_.clock.wall()),
                  job.branch,
                  std::move(nodes).value()};
  DIRECTOR_TRY(const plan::Topology topology, plan::make_topology(plan.nodes));
  for (const NodeId& id : topology.order) {
    proposed.order.push_back(id.value);
  }
  DIRECTOR_CHECK(write_plan(plan));
  return record(proposed);
}

Status PlanEngine::write_plan(const plan::Plan& plan) {
  return services_.files.write(services_.folders.plan(), plan::to_json(plan));
}

Result<plan::Plan> PlanEngine::read_plan() {
  DIRECTOR_TRY(const std::string text, services_.files.read(services_.folders.plan()));
  return plan::parse_plan(text).context("cannot read '" + services_.folders.plan().string() + "'");
}

Status PlanEngine::author(const run::AuthorTests& effect) {
  progress_.planning_step(
      (effect.written.commit.empty() ? "writing the tests of " : "checking the tests of ") +
      effect.node.value);
  DIRECTOR_TRY(const plan::Plan plan, read_plan());
  DIRECTOR_TRY(const Base base, tip());
  TestAuthoring authoring(services_, calls_, workspaces_, plan, job_.planning);
  DIRECTOR_TRY(const run::PlanEvent event, authoring.author(effect, base.commit));
  return record(event);
}

Status PlanEngine::freeze() {
  DIRECTOR_TRY(plan::Plan plan, read_plan());
  if (const std::vector<plan::Problem> problems = plan::validate(plan.nodes); !problems.empty()) {
    return Error(Errc::Invalid, "plan.json is not valid any more:\n" + plan::describe(problems));
  }
  DIRECTOR_TRY(const Base base, tip());
  DIRECTOR_TRY(std::shared_ptr<director::vcs> vcs, services_.backends.vcs->lease());
  for (plan::Node& node : plan.nodes) {
    node.test_hashes.clear();
    for (const std::string& path : node.tests) {
      DIRECTOR_TRY(const std::string bytes,
                   vcs->read_file(base.tree.value, path)
                       .context("cannot freeze node '" + node.id.value + "'"));
      node.test_hashes[path] = sha256_hex(bytes);
    }
  }
  DIRECTOR_CHECK(write_plan(plan));
  return record(run::PlanFrozen{plan::to_json(plan)});
}

}  // namespace director::engine
