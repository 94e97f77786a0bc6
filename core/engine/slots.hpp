/// Slots: warm folders with a checkout, reused from node to node.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "core/ports/cancel.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// A slot that is somebody's until the pointer is dropped.
using SlotLease = std::shared_ptr<const director::slot>;

/// Hands out slots of one sort; never the same to two at once, and never one sort's to the other.
/// Safe from any thread.
class SlotPool {
 public:
  /// `sort`: "agent" or "verify".
  SlotPool(std::filesystem::path cache, std::string sort)
      : state_(std::make_shared<State>(std::move(cache), std::move(sort))) {}

  [[nodiscard]] SlotLease lease();

 private:
  struct State {
    State(std::filesystem::path cache_dir, std::string sort_name)
        : cache(std::move(cache_dir)), sort(std::move(sort_name)) {}
    std::filesystem::path cache;
    std::string sort;
    std::mutex mutex;
    std::vector<std::unique_ptr<director::slot>> idle;
    int made = 0;
  };
  std::shared_ptr<State> state_;
};

/// Brings slots to where work or gates need them: files of a commit, then `[workspace] setup` where
/// it is due. Safe from any thread.
class Workspaces {
 public:
  explicit Workspaces(const Services& services)
      : services_(services),
        agent_(services.folders.cache / "slots", "agent"),
        verify_(services.folders.cache / "slots", "verify") {}

  [[nodiscard]] SlotLease lease_agent() { return agent_.lease(); }
  [[nodiscard]] SlotLease lease_verify() { return verify_.lease(); }

  /// `tree` empty: the commit's own. Errors: of the VCS; External if the setup command fails.
  [[nodiscard]] Status prepare(const director::slot& slot, const Oid& commit, const Oid& tree,
                               const ports::CancelToken& cancel);

 private:
  [[nodiscard]] Status set_up(director::vcs& vcs, const director::slot& slot, const Oid& tree,
                              const ports::CancelToken& cancel);

  const Services& services_;
  SlotPool agent_;
  SlotPool verify_;
};

}  // namespace director::engine
