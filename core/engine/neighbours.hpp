/// Which landed nodes a candidate may break: their tests are run again with it before it lands.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/plan/plan.hpp"

namespace director::engine {

/// Safe from any thread. What is asked of it costs no more with more nodes.
class Neighbours {
 public:
  /// `plan` outlives it and what it returns. At most `most` tests are run again with a candidate.
  Neighbours(const plan::Plan& plan, std::size_t most);

  /// In the order in which they landed.
  void saw_landed(const NodeId& id);

  /// The nearest first: what landed since the node was begun (`meanwhile`, newest first), then
  /// what shares one of its files, newest first, then what it depends on. Each test command once,
  /// and not the node's own. What the plan does not have is passed over.
  [[nodiscard]] std::vector<const plan::Node*> of(const plan::Node& node,
                                                  const std::vector<NodeId>& meanwhile) const;

 private:
  std::size_t most_;
  std::unordered_map<NodeId, const plan::Node*> nodes_;
  mutable std::mutex mutex_;
  std::unordered_set<NodeId> landed_;
  /// Of each file the last nodes that landed, oldest first.
  std::unordered_map<std::string, std::vector<const plan::Node*>> by_file_;
};

}  // namespace director::engine
