/// What the engine tells whoever watches: a screen, a test.
#pragma once

#include <string_view>

#include "core/run/events.hpp"
#include "core/run/planning.hpp"
#include "core/run/running.hpp"

namespace director::engine {

/// Called on the engine's own thread, after each event was applied.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void planning(const run::PlanState& state, const run::PlanEvent& event) = 0;
  /// Before a planning step that takes a while: "exploring the repository".
  virtual void planning_step(std::string_view what) = 0;
  virtual void running(const run::RunState& state, const run::RunEvent& event) = 0;
  /// From time to time while nothing happens: a clock on the screen may go on.
  virtual void idle(const run::RunState& state) = 0;
};

}  // namespace director::engine
