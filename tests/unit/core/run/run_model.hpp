/// Drives the run's state machine the way an engine would, against a model of the job branch, and
/// checks after every event what must always hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/run/running.hpp"

namespace director::run::testing {

using Dependencies = std::vector<std::vector<std::size_t>>;

std::vector<NodeId> names(std::size_t count);

/// The node that an effect is about; nullptr: the run as a whole.
const NodeId* node_of(const RunEffect& effect);

/// What the job branch holds. Survives the model, as a repository survives a process.
struct Branch {
  int tip = 0;
  std::map<NodeId, int> landed;  ///< node -> the tip it made
};

inline Oid oid(int number) { return Oid("c" + std::to_string(number)); }

class RunModel {
 public:
  RunModel(const Dependencies& dependencies, Branch branch);

  /// A new process: replays a journal, without its effects, and reconciles with the branch.
  static RunModel resumed(const Dependencies& dependencies, const Branch& branch,
                          const std::vector<RunEvent>& journal);

  /// Feeds an event and performs at once what an engine performs on its own thread.
  void feed(const RunEvent& event);

  /// Answers an open effect. `make` builds the event; landing is decided by the branch.
  void answer(std::size_t which, const std::function<RunEvent(const RunEffect&)>& make);

  /// What a merge of the candidate onto the branch's tip gives.
  RunEvent integrate(const NodeId& id);

  /// Compare-and-swap on the branch.
  RunEvent land(const NodeId& id);

  /// The same with those that ride along, of whom some conflict with what is before them. Feeds all
  /// that this says but the last.
  RunEvent land_batch(const LandBatch& batch);

  /// The answer that brings the node on.
  RunEvent good(const RunEffect& effect);

  /// Everything open goes well, oldest first, until the run is over. False if it does not end.
  bool finish_well();
  void move_tip() { ++branch_.tip; }
  [[nodiscard]] const std::vector<RunEffect>& open() const { return open_; }
  [[nodiscard]] const RunState& state() const { return state_; }
  [[nodiscard]] const NodeState& node(const NodeId& id) const;
  [[nodiscard]] const NodeState& node(std::size_t index) const { return state_.nodes[index]; }
  [[nodiscard]] const Branch& branch() const { return branch_; }
  [[nodiscard]] const std::vector<RunEvent>& journal() const { return journal_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] std::size_t events() const { return events_; }

  bool careful = true;  ///< check everything after each event: O(n)

 private:
  At at() { return At{journal_.size(), static_cast<std::int64_t>(journal_.size())}; }

  void note(const RunEvent& event);
  void take(const RunEffect& effect);
  void expect(bool holds, const std::string& what);
  [[nodiscard]] bool waits(const NodeState& node) const;
  void check();
  void check_node(std::size_t index, const NodeState& one);
  void check_lane();

  /// Exactly one effect is open for each node at work, and none for others.
  void check_effects();
  void check_end();

  Dependencies dependencies_;
  Branch branch_;
  RunState state_;
  std::map<NodeId, int> onto_;
  std::vector<RunEffect> open_;
  std::vector<RunEvent> journal_;
  std::vector<std::string> problems_;
  std::size_t events_ = 0;
  int most_attempts_ = 0;  ///< the escalation among them, of the run that allowed the most
  int finishes_ = 0;
};

/// Every way in which an effect may end badly, or well but differently.
std::vector<RunEvent> other_outcomes(const RunEffect& effect);

}  // namespace director::run::testing
