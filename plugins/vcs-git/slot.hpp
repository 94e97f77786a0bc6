/// A slot's folder brought to a tree, and read back as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "object_store.hpp"
#include "slot_fs.hpp"
#include "slot_memory.hpp"
#include "types.hpp"

namespace director::vcs_git {

/// A slot with its folders made and its top open. The top is never a link.
struct OpenSlot {
  UniqueFd root;
  std::string cache_path;
};
[[nodiscard]] Result<OpenSlot> open_slot(const slot& where);

/// What the private clone in a slot needs to know of the user's repository.
struct CloneSource {
  std::string objects_dir;   ///< absolute
  std::string shallow_file;  ///< its commits' missing parents; may not exist
};

/// Makes every file as in `tree`, and removes everything else but ".git" and what RestoreRules
/// keep in the folders of `keep`, which may not be links. Modes are 0644, 0755, and 0755
/// for folders. `state` knows what the slot holds then. Interrupted, it goes on at the next call.
/// Returns how many files it wrote.
[[nodiscard]] Result<std::size_t> restore_files(const ObjectStore& store, const OpenSlot& slot,
                                                const Oid& tree,
                                                const std::vector<std::string>& keep,
                                                SlotState& state);
/// The same where the slot is as `state` says: without a look at it, if all of it is known.
[[nodiscard]] Result<std::size_t> restore_untouched(const ObjectStore& store, const OpenSlot& slot,
                                                    const Oid& tree,
                                                    const std::vector<std::string>& keep,
                                                    SlotState& state);

/// Makes ".git" a clone that borrows `source`'s objects, detached at `head`, with an index of
/// `state`'s files, no remote, no hook: whatever it was. What is proven to be as it was written
/// stays, the index if no file was `rewritten` since.
[[nodiscard]] Status write_clone(const OpenSlot& slot, const CloneSource& source, const Oid& head,
                                 bool rewritten, SlotState& state);

struct Snapshot {
  Oid tree;
  std::vector<change> changes;
};

/// Files beyond this size, and beyond the size that they have in the base tree, are
/// file_type::other: git holds each file in memory whole, most hosts take none that is larger, and
/// a sparse one costs an agent nothing and us hours of reading.
inline constexpr std::uint64_t kMaxFileSize = std::uint64_t{100} << 20;
/// The same for files that would bring what one snapshot reads beyond this.
inline constexpr std::uint64_t kMaxReadBytes = std::uint64_t{256} << 20;

/// The slot's files as a tree, and how they differ from `base`.
[[nodiscard]] Result<Snapshot> take_snapshot(const ObjectStore& store, const OpenSlot& slot,
                                             const Oid& base,
                                             const std::vector<std::string>& ignore,
                                             SlotState& state);

}  // namespace director::vcs_git
