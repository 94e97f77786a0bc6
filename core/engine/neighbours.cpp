#include "core/engine/neighbours.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace director::engine {

Neighbours::Neighbours(const plan::Plan& plan, std::size_t most) : most_(most) {
  for (const plan::Node& node : plan.nodes) {
    nodes_.emplace(node.id, &node);
  }
}

void Neighbours::saw_landed(const NodeId& id) {
  const auto found = nodes_.find(id);
  const std::lock_guard lock(mutex_);
  if (found == nodes_.end() || !landed_.insert(id).second) {
    return;
  }
  const plan::Node* const node = found->second;
  for (const std::string& file : node->files) {
    std::vector<const plan::Node*>& sharing = by_file_[file];
    std::erase_if(sharing,
                  [node](const plan::Node* other) { return other->test_cmd == node->test_cmd; });
    sharing.push_back(node);
    if (sharing.size() > most_) {
      sharing.erase(sharing.begin());
    }
  }
}

std::vector<const plan::Node*> Neighbours::of(const plan::Node& node,
                                              const std::vector<NodeId>& meanwhile) const {
  std::vector<const plan::Node*> found;
  std::set<std::string_view> commands{node.test_cmd};
  const auto add = [&](const plan::Node* other) {
    if (found.size() < most_ && commands.insert(other->test_cmd).second) {
      found.push_back(other);
    }
  };
  for (const NodeId& id : meanwhile) {
    if (const auto other = nodes_.find(id); other != nodes_.end()) {
      add(other->second);
    }
  }
  const std::lock_guard lock(mutex_);
  for (const std::string& file : node.files) {
    if (const auto sharing = by_file_.find(file); sharing != by_file_.end()) {
      std::for_each(sharing->second.rbegin(), sharing->second.rend(), add);
    }
  }
  for (const NodeId& id : node.depends_on) {
    if (const auto other = nodes_.find(id); other != nodes_.end() && landed_.contains(id)) {
      add(other->second);
    }
  }
  return found;
}

}  // namespace director::engine
