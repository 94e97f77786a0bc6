/// Running as a pure state machine: from the events of the journal to what is to be done next.
///
/// No clock, file, process or log in here. An event is O(log n) in the number of nodes, so a run as
/// a whole is near-linear in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::run {

/// The statuses of state.json.
enum class NodeStatus : std::uint8_t {
  Pending,
  Running,
  Done,
  Escalated,  ///< the escalation tier failed too
  Failed,     ///< cannot be attempted as planned, for instance: its tests pass already
  Blocked,    ///< a dependency did not land
  Error,      ///< infrastructure
};

[[nodiscard]] std::string_view to_string(NodeStatus status);
/// True for statuses that a run does not leave by itself.
[[nodiscard]] bool is_final(NodeStatus status);

/// Where a running node is.
enum class Phase : std::uint8_t {
  Idle,
  Preparing,    ///< workspace, red check
  Working,      ///< the agent has it
  Capturing,    ///< workspace -> candidate tree, contract
  Integrating,  ///< candidate onto the tip
  Gating,
  Reviewing,
  AwaitingLane,  ///< the tip moved; waits until nobody else may move it
  AwaitingLand,  ///< gated, waits for whoever holds the lane
  Landing,
};

[[nodiscard]] std::string_view to_string(Phase phase);

/// What scheduling needs to know of a plan. Shared, never changed.
struct Topology {
  std::vector<NodeId> ids;  ///< in the plan's order
  std::unordered_map<NodeId, std::size_t> index;
  std::vector<std::vector<std::size_t>> dependents;
  std::vector<std::size_t> dependency_count;
  /// Critical path first: indices by the longest chain of nodes that wait for each, longest first;
  /// of equals the plan's order.
  std::vector<std::size_t> by_urgency;
  std::vector<std::size_t> urgency;  ///< by index: the place in `by_urgency`
};

/// So often --retry goes on with what ended as an error; then the candidate itself may be at fault.
inline constexpr int kMostRetriesOfACandidate = 3;

struct NodeState {
  NodeStatus status = NodeStatus::Pending;
  Phase phase = Phase::Idle;
  std::size_t missing = 0;  ///< dependencies that have not landed
  int attempts = 0;         ///< counted ones, the one in flight included
  int infra_failures = 0;   ///< of the attempt in flight
  int infra_retries = 0;    ///< tries that an infrastructure failure cost, over all attempts
  int lost_rounds = 0;      ///< landings that were refused although it held the lane
  int error_retries = 0;    ///< how often --retry went on with this candidate after an error
  TierKind tier = TierKind::Executor;
  std::string model;
  std::string feedback;   ///< for the next attempt
  std::string error;      ///< why it did not land, for people
  Oid first_base;         ///< of its first attempt, that of former runs included
  Oid base;               ///< of the attempt in flight
  Oid candidate;          ///< tree that kept the contract; empty: none
  Oid commit;             ///< integrated, or landed
  bool found = false;     ///< landed before this was told: nobody saw what was gated
  int files = 0;          ///< that the candidate changes
  bool reviewed = false;  ///< this candidate passed
  bool review_ran = false;
  int review_blocks = 0;
  std::string review_summary;
  std::string advice;     ///< of stage one, for people
  std::string workspace;  ///< folder of the attempt in flight, or of the last one
  /// Where the output of the last failed gate points: "inside" the node's files, "outside",
  /// "nowhere"; empty: no gate failed.
  std::string failure_points;
  std::string watch = "unknown";
  bool ran_before_edit = false;
  bool observed_failure = false;
  bool flake_failed = false;
  bool spent_out = false;        ///< it has reached its own cost ceiling: no further attempt
  Used used{};                   ///< by all its commands, over all attempts
  std::int64_t started_ms = 0;   ///< of its first attempt; 0: not started
  std::int64_t finished_ms = 0;  ///< when its status became final; 0: it is not
};

struct RunState {
  std::shared_ptr<const Topology> topology;
  std::vector<NodeState> nodes;
  std::set<std::size_t> ready;  ///< urgencies of the pending nodes whose dependencies have landed
  std::size_t running = 0;      ///< at most `parallel` and `waiting` together
  std::size_t settled = 0;      ///< nodes with a final status
  int parallel = 1;
  int waiting = 0;
  int batch = 1;
  int max_attempts = 3;
  int infra_retries = 2;
  int landing_rounds = 5;
  bool review_stage_one = false;
  bool review_stage_two = true;
  int review_file_threshold = 3;
  Oid tip;
  std::optional<std::size_t> lane;     ///< who alone may land, with the `riders`
  std::vector<std::size_t> riders;     ///< who lands together with the holder of the lane, in order
  std::size_t batch_size = 1;          ///< so many are tried together next, at most `batch`
  std::deque<std::size_t> lane_queue;  ///< who waits for the lane, in order
  std::vector<std::size_t> parked;     ///< AwaitingLand
  bool started = false;
  bool interrupted = false;
  bool ceiling = false;
  bool integrating = false;  ///< the final gates are under way
  std::optional<bool> integration_ok;
  std::string integration_detail;
  std::string outcome;  ///< of the last run; empty while one is under way
  std::int64_t started_ms = 0;
  std::int64_t finished_ms = 0;

  [[nodiscard]] std::size_t index_of(const NodeId& node) const { return topology->index.at(node); }
  [[nodiscard]] bool stopping() const { return interrupted || ceiling; }
  /// Running nodes that neither wait for others to land nor ride along: at most `parallel`.
  [[nodiscard]] std::size_t at_work() const {
    return running - lane_queue.size() - parked.size() - riders.size();
  }
};

struct StartAttempt {
  NodeId node;
  int attempt = 1;
  TierKind tier = TierKind::Executor;
  std::int64_t delay_ms = 0;  ///< wait first: backoff
};
struct CallAgent {
  NodeId node;
};
struct CaptureCandidate {
  NodeId node;
};
struct Integrate {
  NodeId node;
};
struct RunGates {
  NodeId node;
};
struct ReviewCandidate {
  NodeId node;
  bool stage_one = false;
  bool stage_two = true;
};
struct Land {
  NodeId node;
};
/// Candidates that each passed its own tests alone, and that no review is due for: one on top of
/// the other, tested and landed at once.
struct LandBatch {
  NodeId node;                 ///< has the lane, and goes first
  std::vector<NodeId> riders;  ///< at least one
};
/// Nothing to do: a node that waited got its final status, since what it needs did not land.
struct NodeBlocked {
  NodeId node;
};
struct RunIntegrationGates {};
struct FinishRun {
  std::string outcome;  ///< as in RunFinished
};

using RunEffect =
    std::variant<StartAttempt, CallAgent, CaptureCandidate, Integrate, RunGates, ReviewCandidate,
                 Land, LandBatch, NodeBlocked, RunIntegrationGates, FinishRun>;

struct RunStep {
  RunState state;
  std::vector<RunEffect> effects;
};

/// `dependencies[i]` names the nodes that node i needs, by index. All of them exist; no cycle.
[[nodiscard]] RunState make_run_state(std::vector<NodeId> ids,
                                      const std::vector<std::vector<std::size_t>>& dependencies);

/// Applies one event. Errors: Conflict if the event cannot happen in this state.
[[nodiscard]] Result<RunStep> advance(RunState state, const RunEvent& event, At at);

}  // namespace director::run
