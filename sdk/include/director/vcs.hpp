/// Write a version control backend: derive from director::vcs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "director/gate.hpp"
#include "director/instance.hpp"

namespace director {

struct commit_info {
  std::string oid;
  std::string tree;
  std::string message;
};

struct ref {
  std::string name;
  std::string oid;
};

struct checkout_state {
  bool unborn = false;
  bool detached = false;
  bool uncommitted = false;
};

/// A folder with a checkout and, out of an agent's reach, what the backend remembers about it.
struct slot {
  std::string dir;
  std::string meta_dir;
};

struct merge_result {
  bool merged = false;
  std::string tree;                    ///< when merged
  std::vector<std::string> conflicts;  ///< paths, when not
};

struct snapshot_result {
  std::string tree;
  std::vector<change> changes;  ///< against the base tree
};

/// Each function's contract stands with its twin in plugin.h. An instance belongs to one worker.
struct vcs {
  virtual ~vcs() = default;

  [[nodiscard]] virtual Result<commit_info> resolve(std::string_view revision) = 0;
  [[nodiscard]] virtual Result<std::vector<ref>> list_refs(std::string_view prefix) = 0;
  [[nodiscard]] virtual Status update_ref(std::string_view name, std::string_view expected,
                                          std::string_view desired) = 0;
  [[nodiscard]] virtual Result<std::vector<commit_info>> history(std::string_view tip,
                                                                 std::string_view base) = 0;
  [[nodiscard]] virtual Result<checkout_state> user_checkout() = 0;

  [[nodiscard]] virtual Result<std::string> commit(std::string_view tree, std::string_view parent,
                                                   std::string_view message) = 0;
  [[nodiscard]] virtual Result<std::string> read_file(std::string_view tree,
                                                      std::string_view path) = 0;
  [[nodiscard]] virtual Result<merge_result> merge(std::string_view base_tree,
                                                   std::string_view our_tree,
                                                   std::string_view their_tree) = 0;
  [[nodiscard]] virtual Result<std::vector<change>> changes(std::string_view old_tree,
                                                            std::string_view new_tree) = 0;
  [[nodiscard]] virtual Result<std::string> diff(std::string_view old_tree,
                                                 std::string_view new_tree) = 0;

  /// `tree` empty: the commit's own.
  [[nodiscard]] virtual Status checkout(const slot& where, std::string_view commit,
                                        std::string_view tree,
                                        const std::vector<std::string>& keep) = 0;
  [[nodiscard]] virtual Result<snapshot_result> snapshot(
      const slot& where, std::string_view base_tree, const std::vector<std::string>& ignore) = 0;

  /// See director_vcs_untouched. Worth writing where a look at every file costs something.
  [[nodiscard]] virtual Status checkout_untouched(const slot& where, std::string_view commit,
                                                  std::string_view tree,
                                                  const std::vector<std::string>& keep) {
    return checkout(where, commit, tree, keep);
  }
};

}  // namespace director

#include "director/detail/vcs_table.hpp"
