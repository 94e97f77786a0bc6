/// Slots: warm folders with a checkout, reused from node to node.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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

/// Whose work is in a slot. It stands in the slot's meta folder from before the agent begins until
/// its work is safe; a slot that has it is not used for anything else.
struct SlotNote {
  JobId job;
  NodeId node;
  int attempt = 0;
  Oid base;   ///< commit
  Oid start;  ///< tree that the agent found
};

[[nodiscard]] director::slot slot_named(const Folders& folders, const std::string& name);
/// Not flushed: a power loss takes what the agent wrote as well.
[[nodiscard]] Status occupy_slot(ports::FileStore& files, const director::slot& slot,
                                 const SlotNote& note);
[[nodiscard]] Status free_slot(ports::FileStore& files, const director::slot& slot);
/// nullopt: the slot is free. A note that cannot be read names the job "unknown".
[[nodiscard]] std::optional<SlotNote> slot_note(ports::FileStore& files,
                                                const director::slot& slot);

/// Hands out slots of one sort; never the same to two at once, and never one sort's to the other.
/// Safe from any thread.
class SlotPool {
 public:
  using IsFree = std::function<bool(const director::slot&)>;

  /// `sort`: "agent" or "verify". A slot that is not free is not handed out, be it found or given
  /// back.
  SlotPool(const Folders& folders, std::string sort, IsFree is_free)
      : state_(std::make_shared<State>(folders, std::move(sort), std::move(is_free))) {}

  [[nodiscard]] SlotLease lease();
  /// One that was handed out before and is idle: none is made. Null: there is none.
  [[nodiscard]] SlotLease lease_idle();

 private:
  struct State {
    State(Folders of, std::string sort_name, IsFree free)
        : folders(std::move(of)), sort(std::move(sort_name)), is_free(std::move(free)) {}
    Folders folders;
    std::string sort;
    IsFree is_free;
    std::mutex mutex;
    std::vector<std::unique_ptr<director::slot>> idle;
    int made = 0;
  };
  [[nodiscard]] SlotLease leased(std::unique_ptr<director::slot> slot) const;

  std::shared_ptr<State> state_;
};

/// Brings slots to where work or gates need them: files of a commit, then `[workspace] setup` where
/// it is due. Safe from any thread.
class Workspaces {
 public:
  explicit Workspaces(const Services& services)
      : services_(services),
        agent_(services.folders, "agent", is_free(services)),
        verify_(services.folders, "verify", is_free(services)) {}

  [[nodiscard]] SlotLease lease_agent() { return agent_.lease(); }
  [[nodiscard]] SlotLease lease_verify() { return verify_.lease(); }
  /// Adds to `slots`, up to `most` in all, those that have been used and are idle, so that they are
  /// soon where they are needed: none is made.
  void add_idle_verify(std::vector<SlotLease>& slots, std::size_t most);

  /// For an agent: folders of `keep` are as its predecessors left them. `tree` empty: the commit's
  /// own; else it is work of an agent, which is left to mend what `setup` fails on. Errors: of the
  /// VCS; External if the setup command fails.
  [[nodiscard]] Status prepare(const director::slot& slot, const Oid& commit, const Oid& tree,
                               const ports::CancelToken& cancel);
  /// The same without anything that agents left in folders of `keep`.
  [[nodiscard]] Status prepare_anew(const director::slot& slot, const Oid& commit,
                                    const ports::CancelToken& cancel);
  /// For gates: files of the commit, and of folders of `keep` what `setup` made of a commit that
  /// landed, or of this one if it changes what `setup` is made of. Nothing that gates of another
  /// commit left, or of the same one before. `landed`: what the commit is built upon, or itself.
  /// Returns what `setup` said where it fails on what this commit changed, which is this one's
  /// failure: then there is nothing to gate it with. Else, and of a commit that landed, nothing.
  /// Errors: as of prepare().
  [[nodiscard]] Result<std::string> prepare_to_gate(const director::slot& slot, const Oid& commit,
                                                    const Oid& landed,
                                                    const ports::CancelToken& cancel);
  /// Version control has just looked at all of the slot, and nobody works there any more.
  void looked_at(const director::slot& slot) const;

 private:
  [[nodiscard]] static SlotPool::IsFree is_free(const Services& services) {
    return
        [&files = services.files](const director::slot& slot) { return !slot_note(files, slot); };
  }
  /// `tree` empty: the commit's own.
  [[nodiscard]] Status checkout(const director::slot& slot, const Oid& commit, const Oid& tree,
                                const std::vector<std::string>& keep) const;
  /// What a slot for gates needs before a commit is gated there.
  struct ToGate {
    bool is_set_up = false;  ///< nothing, if what `setup` made is still as it was
    bool by_landed = false;  ///< `setup` on files that landed, not on the commit's own
    std::string setup_tree;  ///< those files
    bool is_newer = false;   ///< than the tree of the stamp, which is alike where it counts
  };
  [[nodiscard]] Result<ToGate> to_gate(const director::slot& slot, const Oid& commit,
                                       const Oid& landed) const;
  [[nodiscard]] Status record_kept(const director::slot& slot, const ToGate& wanted) const;
  [[nodiscard]] Status write_kept_stamp(const director::slot& slot, const ToGate& wanted) const;
  /// What `setup` is, whatever it runs on.
  [[nodiscard]] std::string setup_key() const;
  /// What it said if it failed, else nothing.
  [[nodiscard]] Result<std::string> set_up(const director::slot& slot,
                                           const ports::CancelToken& cancel);

  const Services& services_;
  SlotPool agent_;
  SlotPool verify_;
};

}  // namespace director::engine
