#include "git_vcs.hpp"

#include "empty_objects.hpp"
#include "slot.hpp"
#include "trees.hpp"
#include "user_repository.hpp"

namespace director::vcs_git {

GitVcs::GitVcs(std::unique_ptr<UserRepository> user)
    : user_(std::move(user)), memory_(SlotMemory::shared()) {}
GitVcs::~GitVcs() = default;

Result<std::unique_ptr<GitVcs>> GitVcs::create(const instance_info& info, host&) {
  DIRECTOR_TRY(std::unique_ptr<UserRepository> user,
               UserRepository::open(info.repo_dir, info.cache_dir));
  return std::unique_ptr<GitVcs>(new GitVcs(std::move(user)));
}

Result<commit_info> GitVcs::resolve(std::string_view revision) {
  DIRECTOR_TRY(const Oid commit, user_->resolve(revision));
  return user_->describe(commit);
}

Result<std::vector<ref>> GitVcs::list_refs(std::string_view prefix) {
  return user_->list_refs(prefix);
}

Status GitVcs::update_ref(std::string_view name, std::string_view expected,
                          std::string_view desired) {
  return user_->update_ref(std::string(name), expected, desired);
}

Result<std::vector<commit_info>> GitVcs::history(std::string_view tip, std::string_view base) {
  DIRECTOR_TRY(const Oid from, user_->store().commit(tip));
  Oid to;
  if (!base.empty()) {
    DIRECTOR_TRY(to, user_->store().commit(base));
  }
  return user_->history(from, to);
}

Result<checkout_state> GitVcs::user_checkout() { return user_->user_checkout(); }

Result<std::string> GitVcs::commit(std::string_view tree, std::string_view parent,
                                   std::string_view message) {
  DIRECTOR_TRY(const Oid tree_oid, user_->store().tree(tree));
  Oid parent_oid;
  if (!parent.empty()) {
    DIRECTOR_TRY(parent_oid, user_->store().commit(parent));
  }
  DIRECTOR_TRY(const Oid made, user_->commit(tree_oid, parent_oid, std::string(message)));
  return to_hex(made);
}

Result<std::string> GitVcs::read_file(std::string_view tree, std::string_view path) {
  DIRECTOR_TRY(const Oid oid, user_->store().tree(tree));
  DIRECTOR_TRY(const TreeEntry entry, find_entry(user_->store(), oid, path));
  if (!entry.exists() || entry.is_tree() || entry.mode == kModeSubmodule) {
    return Error(Errc::NotFound, "cannot read file " + printable(path) + ": tree '" +
                                     std::string(tree) + "' has no such file");
  }
  return user_->store().read_blob(entry.oid);
}

Result<merge_result> GitVcs::merge(std::string_view base_tree, std::string_view our_tree,
                                   std::string_view their_tree) {
  const ObjectStore& store = user_->store();
  DIRECTOR_TRY(const Oid base, store.tree(base_tree));
  DIRECTOR_TRY(const Oid ours, store.tree(our_tree));
  DIRECTOR_TRY(const Oid theirs, store.tree(their_tree));
  DIRECTOR_TRY(Merge merged, merge_trees(store, base, ours, theirs));
  return merge_result{merged.merged, merged.merged ? to_hex(merged.tree) : std::string(),
                      std::move(merged.conflicts)};
}

Result<std::vector<change>> GitVcs::changes(std::string_view old_tree, std::string_view new_tree) {
  const ObjectStore& store = user_->store();
  DIRECTOR_TRY(const Oid before, store.tree(old_tree));
  DIRECTOR_TRY(const Oid after, store.tree(new_tree));
  DIRECTOR_TRY(const std::vector<PathChange> found, diff_trees(store, before, after));
  std::vector<change> changes;
  changes.reserve(found.size());
  for (const PathChange& one : found) {
    changes.push_back(to_change(one));
  }
  return changes;
}

Result<std::string> GitVcs::diff(std::string_view old_tree, std::string_view new_tree) {
  const ObjectStore& store = user_->store();
  DIRECTOR_TRY(const Oid before, store.tree(old_tree));
  DIRECTOR_TRY(const Oid after, store.tree(new_tree));
  return diff_text(store, before, after);
}

Status GitVcs::checkout(const slot& where, std::string_view commit, std::string_view tree,
                        const std::vector<std::string>& keep) {
  return bring(where, commit, tree, keep, false);
}

Status GitVcs::checkout_untouched(const slot& where, std::string_view commit, std::string_view tree,
                                  const std::vector<std::string>& keep) {
  return bring(where, commit, tree, keep, true);
}

Status GitVcs::bring(const slot& where, std::string_view commit, std::string_view tree,
                     const std::vector<std::string>& keep, bool untouched) {
  const ObjectStore& store = user_->store();
  DIRECTOR_TRY(const Oid head, store.commit(commit));
  std::string wanted(tree);
  if (wanted.empty()) {
    DIRECTOR_TRY(const commit_info info, user_->describe(head));
    wanted = info.tree;
  }
  DIRECTOR_TRY(const Oid files, store.tree(wanted));
  DIRECTOR_TRY(const OpenSlot slot, open_slot(where));
  SlotState state = memory_->take(slot.cache_path);
  const auto restore = untouched ? &restore_untouched : &restore_files;
  DIRECTOR_TRY(const std::size_t written, restore(store, slot, files, keep, state));
  DIRECTOR_CHECK(write_clone(slot, user_->source(), head, written != 0, state));
  return memory_->give(slot.cache_path, slot.root.get(), std::move(state));
}

Result<snapshot_result> GitVcs::snapshot(const slot& where, std::string_view base_tree,
                                         const std::vector<std::string>& ignore) {
  const ObjectStore& store = user_->store();
  DIRECTOR_TRY(const Oid base, store.tree(base_tree));
  DIRECTOR_TRY(const OpenSlot slot, open_slot(where));
  SlotState state = memory_->take(slot.cache_path);
  Result<Snapshot> taken = take_snapshot(store, slot, base, ignore, state);
  const bool is_whole = taken && store.tree(to_hex(taken->tree));
  if (!is_whole && remove_empty_objects(user_->source().objects_dir) != 0) {
    state = SlotState{};
    state.files = std::make_unique<StatCache>();  // without it every file is written again
    taken = take_snapshot(store, slot, base, ignore, state);
  }
  DIRECTOR_CHECK(taken);
  DIRECTOR_CHECK(memory_->give(slot.cache_path, slot.root.get(), std::move(state)));
  return snapshot_result{to_hex(taken->tree), std::move(taken->changes)};
}

}  // namespace director::vcs_git
