#include "core/run/planning.hpp"

#include <gmock/gmock.h>

#include "tests/unit/matchers.hpp"

namespace director::run {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::HasSubstr;

PlanProposed valid(bool revised = false) { return {"", {"a", "b"}, revised}; }
PlanProposed invalid(bool revised = false) { return {"node 'a': no files", {}, revised}; }
TestsAuthored authored(const std::string& node) {
  return {NodeId(node), Oid("c-" + node), {{"t/" + node, "00"}}, ""};
}
TestsWritten written(const std::string& node) {
  return {NodeId(node), Oid("w-" + node), Oid("tip")};
}
GateOpened opened() { return {"/cache/gates/j", Oid("c-b")}; }
TestsRejected rejected(const std::string& node) { return {NodeId(node), "not red"}; }

/// The state after these events, each of which has to be legal.
PlanState after(const std::vector<PlanEvent>& events) {
  PlanState state;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Result<PlanState> next = advance(std::move(state), events[i]);
    EXPECT_THAT(next, IsOk()) << "event " << i;
    if (!next) {
      return PlanState();
    }
    state = std::move(next).value();
  }
  return state;
}

JobCreated job(bool automatic, bool critique) {
  return {JobId("j"), "task", "director/job-j", Oid("base"), automatic, critique};
}

/// From nothing to ready, with a person at the gates.
std::vector<PlanEvent> by_hand() {
  return {job(false, true), BranchCreated{}, ReconWritten{}, SpecWritten{},      GatePassed{"spec"},
          valid(),          authored("a"),   authored("b"),  GatePassed{"plan"}, PlanFrozen{"{}"}};
}

/// The same with critiques.
std::vector<PlanEvent> by_itself() {
  return {job(true, true),    BranchCreated{}, ReconWritten{}, SpecWritten{}, SpecWritten{true},
          GatePassed{"spec"}, valid(),         valid(true),    authored("a"), authored("b"),
          GatePassed{"plan"}, PlanFrozen{"{}"}};
}

std::vector<PlanEvent> first(std::vector<PlanEvent> events, std::size_t count) {
  events.resize(count);
  return events;
}

std::string name_of(const PlanEffect& effect) {
  static constexpr const char* kNames[] = {
      "create branch", "explore", "brainstorm", "critique spec", "ask planner", "critique plan",
      "author",        "freeze",  "pause",      "ready",         "give up"};
  std::string name = kNames[effect.index()];
  if (const auto* tests = std::get_if<AuthorTests>(&effect)) {
    name += " " + tests->node.value;
  } else if (const auto* gate = std::get_if<PauseAtGate>(&effect)) {
    name += " " + gate->gate;
  }
  return name;
}

struct Row {
  std::string stage;   ///< as in plan_stage.json
  std::string effect;  ///< what is asked for after so many events
};

void expect_rows(const std::vector<PlanEvent>& events, const std::vector<Row>& rows) {
  ASSERT_EQ(rows.size(), events.size() + 1);
  for (std::size_t i = 0; i <= events.size(); ++i) {
    const PlanState state = after(first(events, i));
    EXPECT_EQ(stage_name(state.stage), rows[i].stage) << i;
    EXPECT_EQ(name_of(next_effect(state)), rows[i].effect) << i;
  }
}

TEST(Planning, GoesThroughEveryStageWithAPerson) {
  expect_rows(by_hand(), {{"", "give up"},
                          {"spec", "create branch"},
                          {"spec", "explore"},
                          {"spec", "brainstorm"},
                          {"gate_spec", "pause spec"},
                          {"decompose", "ask planner"},
                          {"decompose", "author a"},
                          {"decompose", "author b"},
                          {"gate_plan", "pause plan"},
                          {"gate_plan", "freeze"},
                          {"ready", "ready"}});
}

TEST(Planning, GoesThroughEveryStageWithCritiques) {
  expect_rows(by_itself(), {{"", "give up"},
                            {"spec", "create branch"},
                            {"spec", "explore"},
                            {"spec", "brainstorm"},
                            {"spec", "critique spec"},
                            {"gate_spec", "pause spec"},
                            {"decompose", "ask planner"},
                            {"decompose", "critique plan"},
                            {"decompose", "author a"},
                            {"decompose", "author b"},
                            {"gate_plan", "pause plan"},
                            {"gate_plan", "freeze"},
                            {"ready", "ready"}});
}

TEST(Planning, CritiquesOnlyWhenAutomaticAndAsked) {
  for (const JobCreated& each : {job(false, true), job(true, false), job(false, false)}) {
    std::vector<PlanEvent> events = first(by_hand(), 6);
    events[0] = each;
    EXPECT_EQ(after(first(events, 4)).stage, Stage::GateSpec);
    EXPECT_EQ(after(events).stage, Stage::Authoring);
  }
}

TEST(Planning, EveryEventThatIsNotDueIsAConflict) {
  const std::vector<PlanEvent> all{job(true, true),
                                   BranchCreated{},
                                   ReconWritten{},
                                   SpecWritten{false},
                                   SpecWritten{true},
                                   GatePassed{"spec"},
                                   GatePassed{"plan"},
                                   GatePassed{"other"},
                                   valid(false),
                                   valid(true),
                                   invalid(false),
                                   invalid(true),
                                   authored("a"),
                                   authored("b"),
                                   authored("z"),
                                   rejected("a"),
                                   rejected("b"),
                                   PlanFrozen{"{}"},
                                   PlanningStopped{"x"},
                                   written("a"),
                                   written("b"),
                                   opened(),
                                   GateEdited{{"a", "b"}, {}}};
  // Which of them are legal after the first n events of by_itself().
  const std::vector<std::vector<std::size_t>> legal{
      {0},     {1, 17},      {2},          {3},         {4},  {5}, {8, 10},
      {9, 11}, {12, 15, 19}, {13, 16, 20}, {6, 21, 22}, {17}, {}};
  for (std::size_t n = 0; n < legal.size(); ++n) {
    const PlanState state = after(first(by_itself(), n));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool expected = std::count(legal[n].begin(), legal[n].end(), i) != 0;
      const Result<PlanState> next = advance(state, all[i]);
      EXPECT_EQ(next.has_value(), expected) << "after " << n << " events, event " << i;
      if (!next) {
        EXPECT_EQ(next.error().code(), Errc::Conflict);
      }
    }
  }
}

TEST(Planning, InvalidPlanIsMendedOnTheSecondTry) {
  std::vector<PlanEvent> events = first(by_hand(), 5);
  events.push_back(invalid());
  const PlanEffect ask = next_effect(after(events));
  ASSERT_TRUE(std::holds_alternative<AskPlanner>(ask));
  EXPECT_EQ(std::get<AskPlanner>(ask).problems, "node 'a': no files");
  events.push_back(valid());
  EXPECT_EQ(after(events).stage, Stage::Authoring);
  EXPECT_EQ(after(events).problems, "");
}

TEST(Planning, PlanThatIsInvalidTwiceStopsAndTheNextTryIsFresh) {
  std::vector<PlanEvent> events = first(by_hand(), 5);
  events.push_back(invalid());
  events.push_back(invalid());
  const PlanEffect stop = next_effect(after(events));
  ASSERT_TRUE(std::holds_alternative<GiveUpPlanning>(stop));
  EXPECT_THAT(std::get<GiveUpPlanning>(stop).why, HasSubstr("node 'a': no files"));
  events.push_back(PlanningStopped{"x"});
  const PlanEffect again = next_effect(after(events));
  ASSERT_TRUE(std::holds_alternative<AskPlanner>(again));
  EXPECT_EQ(std::get<AskPlanner>(again).problems, "");
  events.push_back(invalid());
  EXPECT_EQ(name_of(next_effect(after(events))), "ask planner") << "it has two tries again";
}

TEST(Planning, CritiqueThatSpoilsThePlanLeavesTheValidOne) {
  std::vector<PlanEvent> events = first(by_itself(), 7);
  events.push_back(invalid(true));
  const PlanState state = after(events);
  EXPECT_EQ(name_of(next_effect(state)), "author a");
  EXPECT_EQ(state.order, (std::vector<std::string>{"a", "b"}));
}

TEST(Planning, CritiqueReplacesTheOrder) {
  std::vector<PlanEvent> events = first(by_itself(), 7);
  events.push_back(PlanProposed{"", {"z"}, true});
  events.push_back(authored("z"));
  EXPECT_EQ(after(events).stage, Stage::GatePlan);
}

TEST(Planning, TestsRefusedOnceAreAskedForAgainWithTheReason) {
  std::vector<PlanEvent> events = first(by_hand(), 6);
  events.push_back(rejected("a"));
  const PlanEffect effect = next_effect(after(events));
  ASSERT_TRUE(std::holds_alternative<AuthorTests>(effect));
  EXPECT_EQ(std::get<AuthorTests>(effect).rejected, "not red");
  events.push_back(authored("a"));
  const PlanEffect next = next_effect(after(events));
  EXPECT_EQ(std::get<AuthorTests>(next).rejected, "") << "the next node starts afresh";
}

TEST(Planning, TestsRefusedTwiceStopAndTheNextTryIsFresh) {
  std::vector<PlanEvent> events = first(by_hand(), 7);
  events.push_back(rejected("b"));
  events.push_back(rejected("b"));
  const PlanEffect stop = next_effect(after(events));
  ASSERT_TRUE(std::holds_alternative<GiveUpPlanning>(stop));
  EXPECT_THAT(std::get<GiveUpPlanning>(stop).why, HasSubstr("'b'"));
  events.push_back(PlanningStopped{"x"});
  const PlanState state = after(events);
  EXPECT_EQ(name_of(next_effect(state)), "author b");
  EXPECT_EQ(state.authored.count(NodeId("a")), 1U);
}

TEST(Planning, TestsThatArePaidForAreJudgedAndNotWrittenAgain) {
  std::vector<PlanEvent> events = first(by_hand(), 6);
  events.push_back(written("a"));
  const PlanEffect judge = next_effect(after(events));
  EXPECT_EQ(std::get<AuthorTests>(judge).written.commit, Oid("w-a"));
  for (const PlanEvent& end : {PlanEvent(authored("a")), PlanEvent(rejected("a"))}) {
    std::vector<PlanEvent> on = events;
    on.push_back(end);
    EXPECT_EQ(std::get<AuthorTests>(next_effect(after(on))).written.commit, Oid())
        << "what comes next is asked for anew";
  }
}

TEST(Planning, EditsAtTheGateThatLackTestsHaveThemWrittenAndComeBack) {
  std::vector<PlanEvent> events = first(by_hand(), 8);
  events.push_back(opened());
  EXPECT_EQ(after(events).gate.checkout, "/cache/gates/j");
  events.push_back(GateEdited{{"a", "z"}, {"z"}});
  PlanState state = after(events);
  EXPECT_EQ(name_of(next_effect(state)), "author z");
  EXPECT_EQ(state.gate.commit, Oid()) << "another checkout has to be made";
  EXPECT_EQ(state.authored.count(NodeId("a")), 1U);
  EXPECT_EQ(state.authored.count(NodeId("b")), 0U) << "the plan has it no more";
  EXPECT_EQ(state.authored_paths.count("t/b"), 1U) << "so that its test can be removed";
  events.push_back(authored("z"));
  EXPECT_EQ(name_of(next_effect(after(events))), "pause plan");
}

TEST(Planning, EditsAtTheGateThatLackNothingWaitForTheApproval) {
  std::vector<PlanEvent> events = first(by_hand(), 8);
  events.push_back(GateEdited{{"a", "b"}, {}});
  EXPECT_EQ(name_of(next_effect(after(events))), "pause plan");
  events.push_back(GatePassed{"plan"});
  EXPECT_EQ(name_of(next_effect(after(events))), "freeze");
}

TEST(Planning, AdoptedPlanIsReadyAtOnce) {
  const PlanState state = after({job(false, true), PlanFrozen{"{\"nodes\":[]}"}});
  EXPECT_EQ(state.stage, Stage::Ready);
  EXPECT_EQ(state.frozen_plan, "{\"nodes\":[]}");
  EXPECT_EQ(name_of(next_effect(state)), "ready");
}

TEST(Planning, RefusedEventLeavesTheCallersStateAlone) {
  const PlanState state = after(first(by_hand(), 6));
  EXPECT_THAT(advance(state, authored("b")), FailsWith(Errc::Conflict, "tests_authored"));
  EXPECT_EQ(name_of(next_effect(state)), "author a");
  EXPECT_EQ(name_of(next_effect(state)), "author a") << "asking twice changes nothing";
}

}  // namespace
}  // namespace director::run
