/// Comparing, editing and merging trees at the cost of what differs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "object_store.hpp"
#include "types.hpp"

namespace director::vcs_git {

/// Every path whose entry differs, sorted by bytes; equal subtrees are not read. A rename is a
/// deletion and an addition. Errors: as ObjectStore::read_tree.
[[nodiscard]] Result<std::vector<PathChange>> diff_trees(const ObjectStore& store,
                                                         const Oid& before, const Oid& after);

/// `tree` with each change's `after` in place; `changes` sorted by path, none twice, and
/// consistent: where a file takes a folder's place, the folder's files are changes too. Writes only
/// the folders that change. A folder that loses its last entry goes away.
[[nodiscard]] Result<Oid> edit_tree(const ObjectStore& store, const Oid& tree,
                                    const std::vector<PathChange>& changes);

/// The entry at `path`, or one that does not exist.
[[nodiscard]] Result<TreeEntry> find_entry(const ObjectStore& store, const Oid& tree,
                                           std::string_view path);

struct Merge {
  bool merged = false;
  Oid tree;
  std::vector<std::string> conflicts;
};

/// Three-way merge without rename detection.
[[nodiscard]] Result<Merge> merge_trees(const ObjectStore& store, const Oid& base, const Oid& ours,
                                        const Oid& theirs);

/// Unified diff. Binary files are named, not shown, but for those that are nearly text.
[[nodiscard]] Result<std::string> diff_text(const ObjectStore& store, const Oid& before,
                                            const Oid& after);

}  // namespace director::vcs_git
