/// A version control plugin held to its word, as far as that can be seen from outside at little
/// cost.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/ports/backends.hpp"
#include "core/ports/pool.hpp"

namespace director::plugin {

/// The tree that was last seen in each slot, by its folder. Safe from any thread.
class SlotTrees {
 public:
  /// What was kept is forgotten.
  [[nodiscard]] std::optional<std::string> take(const std::string& dir);
  void keep(const std::string& dir, const std::string& tree);

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> trees_;
};

/// What the instances of one plugin share.
struct VcsWatch {
  SlotTrees slots;
  std::mutex refs;  ///< of whoever writes one
};

/// Whatever `plugin` says that does not hold is Internal, named as a bug of the plugin `id`:
///   - a checkout: a slot that is new to `watch` is the tree; later, what differs from the tree
///     that was in it is as in the tree;
///   - a snapshot: its list is complete, and what it lists is what stands in the slot;
///   - a ref: where it was put;
///   - a merge: has what only one side changed;
///   - a history: begins at its tip.
/// Refs are written one at a time, and only where they are seen to be what is expected: within this
/// process that is a compare-and-swap whatever the plugin makes of it.
/// `watch`: of all instances of the plugin; outlives them.
[[nodiscard]] std::unique_ptr<director::vcs> hold_to_its_word(std::string id,
                                                              std::shared_ptr<director::vcs> plugin,
                                                              VcsWatch& watch);

/// Hands out the instances of another pool, which outlives it, held to their word.
class CheckedVcsPool final : public ports::Pool<director::vcs> {
 public:
  CheckedVcsPool(std::string id, ports::Pool<director::vcs>& plugins)
      : id_(std::move(id)), plugins_(plugins) {}

  [[nodiscard]] Result<std::shared_ptr<director::vcs>> lease() override;

 private:
  std::string id_;
  ports::Pool<director::vcs>& plugins_;
  VcsWatch watch_;
};

}  // namespace director::plugin
