#include "core/run/planning.hpp"

#include <algorithm>
#include <utility>

namespace director::run {
namespace {

Error out_of_order(const PlanState& state, std::string_view event) {
  return Error(Errc::Conflict, "cannot apply event '" + std::string(event) + "' in stage '" +
                                   std::string(stage_name(state.stage)) + "'");
}

/// Applies each kind of event to the state it was made with.
struct Apply {
  PlanState& state;

  [[nodiscard]] Status expect(Stage stage, std::string_view event) const {
    return state.stage == stage ? ok() : Status(out_of_order(state, event));
  }

  Status operator()(const JobCreated& event) const {
    DIRECTOR_CHECK(expect(Stage::None, JobCreated::kType));
    state.job = event;
    state.stage = Stage::Branching;
    return ok();
  }

  Status operator()(const BranchCreated&) const {
    DIRECTOR_CHECK(expect(Stage::Branching, BranchCreated::kType));
    state.stage = Stage::Exploring;
    return ok();
  }

  Status operator()(const ReconWritten&) const {
    DIRECTOR_CHECK(expect(Stage::Exploring, ReconWritten::kType));
    state.stage = Stage::Specifying;
    return ok();
  }

  Status operator()(const SpecWritten& event) const {
    if (event.revised) {
      DIRECTOR_CHECK(expect(Stage::CritiquingSpec, SpecWritten::kType));
      state.stage = Stage::GateSpec;
      return ok();
    }
    DIRECTOR_CHECK(expect(Stage::Specifying, SpecWritten::kType));
    state.stage = critiques() ? Stage::CritiquingSpec : Stage::GateSpec;
    return ok();
  }

  Status operator()(const GatePassed& event) const {
    if (event.gate == "spec") {
      DIRECTOR_CHECK(expect(Stage::GateSpec, GatePassed::kType));
      state.stage = Stage::Decomposing;
      return ok();
    }
    if (event.gate != "plan" || state.stage != Stage::GatePlan) {
      return out_of_order(state, GatePassed::kType);
    }
    state.stage = Stage::Freezing;
    return ok();
  }

  Status operator()(const PlanProposed& event) const {
    const bool expected =
        event.revised ? state.stage == Stage::CritiquingPlan : state.stage == Stage::Decomposing;
    if (!expected) {
      return out_of_order(state, PlanProposed::kType);
    }
    if (!event.problems.empty()) {
      return refuse_plan(event);
    }
    state.order = event.order;
    state.next_author = 0;
    state.authored.clear();
    state.rejected.clear();
    state.written = {};
    state.problems.clear();
    state.stage =
        !event.revised && critiques() ? Stage::CritiquingPlan : after_authoring(Stage::Authoring);
    return ok();
  }

  Status operator()(const TestsWritten& event) const {
    DIRECTOR_CHECK(expect_author(event.node, TestsWritten::kType));
    state.written = event;
    return ok();
  }

  Status operator()(const TestsAuthored& event) const {
    DIRECTOR_CHECK(expect_author(event.node, TestsAuthored::kType));
    state.authored[event.node] = event;
    for (const auto& [path, hash] : event.hashes) {
      state.authored_paths.insert(path);
    }
    state.rejected.clear();
    state.written = {};
    ++state.next_author;
    state.stage = after_authoring(Stage::Authoring);
    return ok();
  }

  Status operator()(const TestsRejected& event) const {
    DIRECTOR_CHECK(expect_author(event.node, TestsRejected::kType));
    if (!state.rejected.empty()) {
      state.stopped = "tests of node '" + event.node.value + "': " + event.why;
    }
    state.rejected = event.why;
    state.written = {};
    return ok();
  }

  Status operator()(const GateOpened& event) const {
    DIRECTOR_CHECK(expect(Stage::GatePlan, GateOpened::kType));
    state.gate = event;
    return ok();
  }

  // Nodes whose tests are missing are authored as any other, and the gate waits again.
  Status operator()(const GateEdited& event) const {
    DIRECTOR_CHECK(expect(Stage::GatePlan, GateEdited::kType));
    std::map<NodeId, TestsAuthored> kept;
    for (const std::string& id : event.order) {
      const auto found = state.authored.find(NodeId(id));
      const bool is_missing =
          std::find(event.missing.begin(), event.missing.end(), id) != event.missing.end();
      if (found != state.authored.end() && !is_missing) {
        kept.insert(*found);
      }
    }
    state.authored = std::move(kept);
    state.order = event.missing;
    state.next_author = 0;
    state.gate = {};
    state.stage = after_authoring(Stage::Authoring);
    return ok();
  }

  Status operator()(const PlanFrozen& event) const {
    // A plan that a person wrote by hand is adopted as it is, straight after the job was created.
    if (state.stage != Stage::Freezing && state.stage != Stage::Branching) {
      return out_of_order(state, PlanFrozen::kType);
    }
    state.frozen_plan = event.plan;
    state.stage = Stage::Ready;
    return ok();
  }

  // The stage stays: the next `plan --continue` gives it a fresh start.
  Status operator()(const PlanningStopped&) const {
    if (state.stopped.empty()) {
      return out_of_order(state, PlanningStopped::kType);
    }
    state.stopped.clear();
    state.rejected.clear();
    state.written = {};
    state.problems.clear();
    state.plan_was_invalid = false;
    return ok();
  }

 private:
  [[nodiscard]] bool critiques() const { return state.job.automatic && state.job.critique; }

  [[nodiscard]] Stage after_authoring(Stage otherwise) const {
    return state.next_author == state.order.size() ? Stage::GatePlan : otherwise;
  }

  [[nodiscard]] Status refuse_plan(const PlanProposed& event) const {
    if (event.revised) {
      // The critique spoilt it: the plan that was valid stands.
      state.stage = after_authoring(Stage::Authoring);
      return ok();
    }
    if (state.plan_was_invalid) {
      state.stopped = "the planner's plan is invalid, twice: " + event.problems;
    }
    state.plan_was_invalid = true;
    state.problems = event.problems;
    return ok();
  }

  [[nodiscard]] Status expect_author(const NodeId& node, std::string_view event) const {
    DIRECTOR_CHECK(expect(Stage::Authoring, event));
    return state.order[state.next_author] == node.value ? ok() : Status(out_of_order(state, event));
  }
};

}  // namespace

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::None:
      return "";
    case Stage::Branching:
    case Stage::Exploring:
    case Stage::Specifying:
    case Stage::CritiquingSpec:
      return "spec";
    case Stage::GateSpec:
      return "gate_spec";
    case Stage::Decomposing:
    case Stage::CritiquingPlan:
    case Stage::Authoring:
      return "decompose";
    case Stage::GatePlan:
    case Stage::Freezing:
      return "gate_plan";
    case Stage::Ready:
      return "ready";
  }
  return "";
}

Result<PlanState> advance(PlanState state, const PlanEvent& event) {
  DIRECTOR_CHECK(std::visit(Apply{state}, event));
  return state;
}

PlanEffect next_effect(const PlanState& state) {
  if (!state.stopped.empty()) {
    return GiveUpPlanning{state.stopped};
  }
  switch (state.stage) {
    case Stage::None:
      return GiveUpPlanning{"there is no job"};
    case Stage::Branching:
      return CreateBranch{};
    case Stage::Exploring:
      return AskExplorer{};
    case Stage::Specifying:
      return AskBrainstorm{};
    case Stage::CritiquingSpec:
      return CritiqueSpec{};
    case Stage::GateSpec:
      return PauseAtGate{"spec"};
    case Stage::Decomposing:
      return AskPlanner{state.problems};
    case Stage::CritiquingPlan:
      return CritiquePlan{};
    case Stage::Authoring:
      return AuthorTests{NodeId(state.order[state.next_author]), state.rejected, state.written};
    case Stage::GatePlan:
      return PauseAtGate{"plan"};
    case Stage::Freezing:
      return FreezePlan{};
    case Stage::Ready:
      return PlanReady{};
  }
  return GiveUpPlanning{"unknown stage"};
}

}  // namespace director::run
