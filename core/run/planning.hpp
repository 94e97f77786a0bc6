/// Planning as a pure state machine: which stage a job is in and what is to be done next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::run {

/// The stages of plan_stage.json, finer where there is more than one call in a stage.
enum class Stage : std::uint8_t {
  None,        ///< no job
  Branching,   ///< spec
  Exploring,   ///< spec
  Specifying,  ///< spec
  CritiquingSpec,
  GateSpec,
  Decomposing,     ///< decompose
  CritiquingPlan,  ///< decompose
  Authoring,       ///< decompose
  GatePlan,
  Freezing,  ///< gate_plan
  Ready,
};

/// The name in plan_stage.json.
[[nodiscard]] std::string_view stage_name(Stage stage);

struct PlanState {
  Stage stage = Stage::None;
  JobCreated job;
  bool plan_was_invalid = false;  ///< the planner has had its second chance
  std::string problems;           ///< of the invalid plan
  std::vector<std::string> order;
  std::size_t next_author = 0;  ///< index into order
  std::string rejected;         ///< why the last tests of that node were refused; empty: first try
  TestsWritten written;         ///< of that node, not judged yet; its commit empty: none
  std::map<NodeId, TestsAuthored> authored;
  std::set<std::string> authored_paths;  ///< every test file that was ever committed for a node
  GateOpened gate;                       ///< gate 2's checkout; its commit empty: none was made
  std::string frozen_plan;
  std::string stopped;  ///< why planning stopped; empty while it goes on
};

struct CreateBranch {};
struct AskExplorer {};
struct AskBrainstorm {};
struct CritiqueSpec {};
struct AskPlanner {
  std::string problems;  ///< of its last answer; empty: the first question
};
struct CritiquePlan {};
struct AuthorTests {
  NodeId node;
  std::string rejected;  ///< why its last tests were refused; empty: the first question
  TestsWritten written;  ///< paid for already, to be judged; its commit empty: nothing is
};
struct FreezePlan {};
/// Stop here for a person: the gate is named as in GatePassed.
struct PauseAtGate {
  std::string gate;
};
struct PlanReady {};
struct GiveUpPlanning {
  std::string why;
};

using PlanEffect =
    std::variant<CreateBranch, AskExplorer, AskBrainstorm, CritiqueSpec, AskPlanner, CritiquePlan,
                 AuthorTests, FreezePlan, PauseAtGate, PlanReady, GiveUpPlanning>;

/// Applies one event. Errors: Conflict if the event cannot happen in this state.
[[nodiscard]] Result<PlanState> advance(PlanState state, const PlanEvent& event);

/// What the state asks for. The same state asks for the same thing again: after an interruption the
/// effect is simply performed once more.
[[nodiscard]] PlanEffect next_effect(const PlanState& state);

}  // namespace director::run
