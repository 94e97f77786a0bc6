/// Small steps for tests that tell a run event by event.
#pragma once

#include "run_model.hpp"

namespace director::run::testing {

inline const NodeId kA("n0");
inline const NodeId kB("n1");
inline const NodeId kC("n2");

inline RunStarted start(int parallel = 1, int max_attempts = 3, int infra_retries = 2) {
  RunStarted event;
  event.parallel = parallel;
  event.max_attempts = max_attempts;
  event.infra_retries = infra_retries;
  return event;
}

inline AgentEnded agent(const NodeId& id, AgentOutcome outcome, std::int64_t retry_after_ms = 0) {
  return {id, outcome, "why", retry_after_ms, "unknown", false, false};
}
inline CandidateMade candidate(const NodeId& id, int files = 1) {
  return {id, Oid("c0"), Oid("tree"), files, ""};
}

/// The open effect of a node, as its place in the list.
inline std::size_t open_of(const RunModel& model, const NodeId& id) {
  for (std::size_t i = 0; i < model.open().size(); ++i) {
    const NodeId* node = node_of(model.open()[i]);
    if (node != nullptr && *node == id) {
      return i;
    }
  }
  ADD_FAILURE() << "nothing is open for " << id;
  return 0;
}

/// Answers a node's open effect with this event.
inline void say(RunModel& model, const NodeId& id, const RunEvent& event) {
  model.answer(open_of(model, id), [&](const RunEffect&) { return event; });
}

/// Lets a node go on well until this kind of effect is open for it.
template <typename Effect>
void until(RunModel& model, const NodeId& id) {
  while (!std::holds_alternative<Effect>(model.open().at(open_of(model, id)))) {
    model.answer(open_of(model, id), [&](const RunEffect& effect) { return model.good(effect); });
    ASSERT_TRUE(model.problems().empty()) << model.problems()[0];
  }
}

inline void well(RunModel& model, const NodeId& id) {
  model.answer(open_of(model, id), [&](const RunEffect& effect) { return model.good(effect); });
}

template <typename Effect>
const Effect& open_effect(const RunModel& model, const NodeId& id) {
  return std::get<Effect>(model.open().at(open_of(model, id)));
}

inline RunModel started(const Dependencies& dependencies, const RunStarted& event = start()) {
  RunModel model(dependencies, Branch());
  model.feed(event);
  return model;
}

#define EXPECT_CLEAN(model)               \
  EXPECT_TRUE((model).problems().empty()) \
      << ((model).problems().empty() ? "" : (model).problems()[0])

}  // namespace director::run::testing
