/// What a node's change may touch: the check that no configuration turns off. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/plan/plan.hpp"
#include "director/gate.hpp"

namespace director::plan {

struct Violation {
  std::string path;  ///< as it is, any bytes
  std::string why;
};

struct Contract {
  bool ok = false;     ///< something changed, and all of it is allowed
  bool empty = false;  ///< nothing changed
  std::vector<Violation> violations;
  std::string feedback;  ///< for the agent's next attempt; empty if ok. Bounded and printable
};

/// Every path that is a test of some node.
[[nodiscard]] std::set<std::string> frozen_tests(const std::vector<Node>& nodes);

/// Judges a change, base tree to candidate tree. Allowed is a path that is exactly one of
/// `node.files` and no frozen test, as a regular or executable file or deleted.
[[nodiscard]] Contract judge(const Node& node, const std::set<std::string>& frozen,
                             const std::vector<change>& changes);

}  // namespace director::plan
