/// Runs a plan: performs what the state machine asks for and feeds back how it went.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/engine/agent_calls.hpp"
#include "core/engine/books.hpp"
#include "core/engine/integration.hpp"
#include "core/engine/job_branch.hpp"
#include "core/engine/keeper.hpp"
#include "core/engine/node_work.hpp"
#include "core/engine/progress.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "director/result.hpp"

namespace director::engine {

struct RunOptions {
  int parallel = 1;
  int max_attempts = 3;
  bool retry = false;
};

/// Makes no decision of its own: run::advance() does. One run per object; run() on one thread,
/// which alone touches the state; effects on workers.
class RunEngine {
 public:
  /// `job` has a frozen plan. All references outlive the engine.
  RunEngine(const Services& services, Books& books, JobWork job, Progress& progress);
  ~RunEngine();
  RunEngine(const RunEngine&) = delete;
  RunEngine& operator=(const RunEngine&) = delete;

  /// Reconciles with the VCS, runs to the end and returns the final state. Blocks. Errors: the job
  /// branch is gone, was moved away from what landed or is checked out, at the start or meanwhile;
  /// the journal cannot be written.
  [[nodiscard]] Result<run::RunState> run(const RunOptions& options);

 private:
  using Task = std::function<Result<run::RunEvent>()>;
  using Events = std::vector<run::RunEvent>;
  struct Outcome {
    NodeId node;  ///< empty: of the run as a whole
    Result<Events> events;
  };

  [[nodiscard]] Result<Oid> reconcile();
  /// Where the job branch is now. The state only knows where the outcomes that it has seen left it.
  [[nodiscard]] Result<Oid> branch_tip();
  /// An error that ends the job: whatever a node failed with, no other could go on.
  [[nodiscard]] Status check_branch();
  /// Leaves refs and slots as the state says. What fails is a warning.
  void tidy_up();
  [[nodiscard]] Status loop();
  /// take() and carry_out().
  [[nodiscard]] Status apply(const run::RunEvent& said);
  /// Writes an event down and moves the state on. What that asks for waits for carry_out().
  [[nodiscard]] Status take(const run::RunEvent& said);
  [[nodiscard]] Status take_outcome(const Outcome& outcome);
  /// Flushes what has been taken, once for all of it, and performs what it asks for.
  [[nodiscard]] Status carry_out();
  [[nodiscard]] Status perform(const run::RunEffect& effect);
  [[nodiscard]] Status start_attempt(const run::StartAttempt& effect);
  /// The gates on the tip, and again if it moved meanwhile. Blocks. Errors: those of branch_tip().
  [[nodiscard]] Result<run::RunEvent> gate_the_end(const std::vector<LandedNode>& landed,
                                                   int parallel);
  [[nodiscard]] std::vector<LandedNode> landed_nodes() const;
  void save_state(bool now);

  void start_workers(int count);
  void stop_workers();
  void work();
  void post(const NodeId& node, Task task);
  void post_all(const NodeId& node, std::function<Result<Events>()> task);
  void post_batch(const run::LandBatch& batch);
  /// Those that there are; waits a little for one.
  [[nodiscard]] std::deque<Outcome> next_outcomes();

  const Services& services_;
  Books& books_;
  plan::Plan plan_;
  Oid base_;  ///< commit that the job started from
  std::optional<run::RunState> state_;
  Progress& progress_;
  AgentCalls calls_;
  Workspaces workspaces_;
  JobBranch branch_;
  Keeper keeper_;
  NodeWork work_;
  std::vector<run::RunEffect> asked_for_;
  bool must_flush_ = false;
  bool interrupt_noted_ = false;
  ports::SteadyTime state_saved_{};

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable wake_loop_;
  std::deque<std::pair<NodeId, std::function<Result<Events>()>>> tasks_;
  std::deque<Outcome> outcomes_;
  bool closing_ = false;
};

}  // namespace director::engine
