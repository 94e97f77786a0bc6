/// The moves that a run's state machine is made of. Pure; internal to core/run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/run/running.hpp"

namespace director::run {

/// Changes a state and says what that asks for.
class Transition {
 public:
  Transition(RunState& state, std::vector<RunEffect>& effects, At at)
      : state_(state), effects_(effects), at_(at) {}

  [[nodiscard]] At at() const { return at_; }

  /// A run begins: nodes in flight go back, with `retry` also those that did not land.
  void begin_run(bool retry);
  /// The run is over without having said so: nothing of it is in flight, and nothing is asked for
  /// until the next one begins.
  void forget_run();
  void enter(std::size_t index, Phase phase, RunEffect effect);
  /// The attempt counts and failed: the next one, the next tier, or the end.
  void fail_attempt(std::size_t index, const std::string& feedback);
  /// The attempt does not count: again after a pause, or the end.
  void retry_infrastructure(std::size_t index, const std::string& why, std::int64_t retry_after_ms);
  void make_ready(std::size_t index);
  /// Back to pending, as if the attempt had not been started.
  void put_back(std::size_t index);
  /// A final status; dependents become ready or blocked.
  void settle(std::size_t index, NodeStatus status, std::string error);
  /// What this candidate has not passed yet.
  [[nodiscard]] ReviewCandidate review_due(std::size_t index) const;
  void land_when_free(std::size_t index);
  /// The branch moved before it could land: once more, on the new tip, alone; or never.
  void land_again(std::size_t index);
  /// It could not land with its riders, who wait for the lane again.
  void land_alone(std::size_t index);
  /// Landing goes well: one more may land together.
  void landed_one();
  /// Starts what may start, and ends the run when nothing is left.
  void schedule();

 private:
  void start(std::size_t index);
  void attempt(std::size_t index, int number, TierKind tier, std::int64_t delay_ms);
  void leave_running(std::size_t index);
  void wait_for_lane(std::size_t index);
  void take_riders();
  void release_lane(std::size_t index);
  void clear_lane();
  void block_dependents(std::size_t index);
  void finish_if_idle();

  RunState& state_;
  std::vector<RunEffect>& effects_;
  At at_;
};

}  // namespace director::run
