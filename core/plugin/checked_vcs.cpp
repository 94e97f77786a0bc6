#include "core/plugin/checked_vcs.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/base/nesting.hpp"
#include "core/base/text.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/slot_files.hpp"
#include "core/ports/ref_value.hpp"

namespace director::plugin {
namespace {

/// Of one list of changes, so many are looked at: whoever errs does so before.
constexpr std::size_t kMostLooks = 1000;

std::set<std::string> paths_of(const std::vector<change>& changes) {
  std::set<std::string> paths;
  for (const change& one : changes) {
    paths.insert(one.path);
  }
  return paths;
}

std::string in_quotes(const std::string& path) { return "'" + text::printable(path) + "'"; }

class CheckedVcs final : public director::vcs {
 public:
  CheckedVcs(std::string id, std::shared_ptr<director::vcs> plugin, VcsWatch& watch)
      : id_(std::move(id)), plugin_(std::move(plugin)), watch_(watch) {}

  [[nodiscard]] Result<commit_info> resolve(std::string_view revision) override {
    return plugin_->resolve(revision);
  }
  [[nodiscard]] Result<std::vector<ref>> list_refs(std::string_view prefix) override {
    return plugin_->list_refs(prefix);
  }
  [[nodiscard]] Status update_ref(std::string_view name, std::string_view expected,
                                  std::string_view desired) override;
  [[nodiscard]] Result<std::vector<commit_info>> history(std::string_view tip,
                                                         std::string_view base) override {
    Result<std::vector<commit_info>> commits = plugin_->history(tip, base);
    if (commits && !commits->empty() && commits->front().oid != tip) {
      DIRECTOR_TRY(const commit_info named, plugin_->resolve(tip));
      if (named.oid != commits->front().oid) {
        return plugin_bug(id_, "tells a history that does not begin at its tip");
      }
    }
    return commits;
  }
  [[nodiscard]] Result<checkout_state> user_checkout() override { return plugin_->user_checkout(); }
  [[nodiscard]] Result<std::string> commit(std::string_view tree, std::string_view parent,
                                           std::string_view message) override {
    return plugin_->commit(tree, parent, message);
  }
  [[nodiscard]] Result<std::string> read_file(std::string_view tree,
                                              std::string_view path) override {
    return plugin_->read_file(tree, path);
  }
  [[nodiscard]] Result<merge_result> merge(std::string_view base_tree, std::string_view our_tree,
                                           std::string_view their_tree) override;
  [[nodiscard]] Result<std::vector<change>> changes(std::string_view old_tree,
                                                    std::string_view new_tree) override {
    return plugin_->changes(old_tree, new_tree);
  }
  [[nodiscard]] Result<std::string> diff(std::string_view old_tree,
                                         std::string_view new_tree) override {
    return plugin_->diff(old_tree, new_tree);
  }
  [[nodiscard]] Status checkout(const slot& where, std::string_view commit, std::string_view tree,
                                const std::vector<std::string>& keep) override {
    return bring(&director::vcs::checkout, where, commit, tree, keep);
  }
  [[nodiscard]] Status checkout_untouched(const slot& where, std::string_view commit,
                                          std::string_view tree,
                                          const std::vector<std::string>& keep) override {
    return bring(&director::vcs::checkout_untouched, where, commit, tree, keep);
  }
  [[nodiscard]] Result<snapshot_result> snapshot(const slot& where, std::string_view base_tree,
                                                 const std::vector<std::string>& ignore) override;

 private:
  using Checkout = Status (director::vcs::*)(const slot& where, std::string_view commit,
                                             std::string_view tree,
                                             const std::vector<std::string>& keep);
  [[nodiscard]] Status bring(Checkout by, const slot& where, std::string_view commit,
                             std::string_view tree, const std::vector<std::string>& keep);
  /// A path whose new side is not what stands in the slot, those of `is_spared` aside; none: empty.
  [[nodiscard]] Result<std::string> first_missed(
      const slot& where, const std::string& tree, const std::vector<change>& changes,
      const std::function<bool(const std::string& path)>& is_spared) const;
  /// Whether a snapshot lists all that it changes.
  [[nodiscard]] Status check_list(const snapshot_result& made, std::string_view base_tree) const;
  /// As first_missed(), where the slot is to be the tree and nothing else.
  [[nodiscard]] Result<std::string> first_changed(const slot& where, const std::string& tree,
                                                  const std::vector<std::string>& keep) const;

  std::string id_;
  std::shared_ptr<director::vcs> plugin_;
  VcsWatch& watch_;
};

Status CheckedVcs::update_ref(std::string_view name, std::string_view expected,
                              std::string_view desired) {
  const std::lock_guard lock(watch_.refs);
  // A ref that cannot be looked at is the plugin's to speak of.
  const auto look = [&] {
    const Result<commit_info> now = plugin_->resolve(name);
    const bool is_absent = !now && now.error().code() == Errc::NotFound;
    return now ? std::optional(now->oid) : is_absent ? std::optional(std::string()) : std::nullopt;
  };
  std::optional<std::string> before = look();
  if (before && before->empty() && !expected.empty()) {
    // A ref whose commit was collected as garbage has to be put right all the same.
    DIRECTOR_TRY(before, ports::ref_value(*plugin_, name));
  }
  const bool may_write =
      name.starts_with("refs/heads/director/") || name.starts_with("refs/director/");
  if (may_write && before && *before != expected) {
    return Error(Errc::Conflict, "cannot update ref '" + std::string(name) + "': it is '" +
                                     *before + "', not '" + std::string(expected) + "'");
  }
  DIRECTOR_CHECK(plugin_->update_ref(name, expected, desired));
  // Where it is elsewhere, another process has moved it since.
  if (const auto after = look(); after && *after == expected && expected != desired) {
    return plugin_bug(
        id_, "says that it wrote the ref '" + std::string(name) + "', which is as it was before");
  }
  return ok();
}

Result<merge_result> CheckedVcs::merge(std::string_view base_tree, std::string_view our_tree,
                                       std::string_view their_tree) {
  DIRECTOR_TRY(merge_result result, plugin_->merge(base_tree, our_tree, their_tree));
  if (!result.merged) {
    return result;
  }
  for (const auto& [mine, others] :
       {std::pair(our_tree, their_tree), std::pair(their_tree, our_tree)}) {
    DIRECTOR_TRY(const std::vector<change> wanted, plugin_->changes(base_tree, mine));
    DIRECTOR_TRY(const std::vector<change> elsewhere, plugin_->changes(base_tree, others));
    DIRECTOR_TRY(const std::vector<change> left, plugin_->changes(mine, result.tree));
    const std::set<std::string> shared = paths_of(elsewhere);
    const std::set<std::string> lost = paths_of(left);
    for (const change& one : wanted) {
      if (!shared.contains(one.path) && lost.contains(one.path)) {
        return plugin_bug(id_, "merged two trees without the change of " + in_quotes(one.path) +
                                   ", which one side alone has");
      }
    }
  }
  return result;
}

Status CheckedVcs::bring(Checkout by, const slot& where, std::string_view commit,
                         std::string_view tree, const std::vector<std::string>& keep) {
  const std::optional<std::string> known = watch_.slots.take(where.dir);
  DIRECTOR_CHECK((*plugin_.*by)(where, commit, tree, keep));
  std::string wanted(tree);
  if (wanted.empty()) {
    DIRECTOR_TRY(const commit_info info, plugin_->resolve(commit));
    wanted = info.tree;
  }
  std::string missed;
  const Result<std::vector<change>> differ =
      known ? plugin_->changes(*known, wanted) : Error(Errc::NotFound, "a new slot");
  if (differ) {
    DIRECTOR_TRY(missed, first_missed(where, wanted, *differ, [&](const std::string& path) {
                   return lies_within_any(path, keep);
                 }));
  } else {
    DIRECTOR_TRY(missed, first_changed(where, wanted, keep));
  }
  if (!missed.empty()) {
    return plugin_bug(
        id_, "checked out something else than it was asked for: " + in_quotes(missed) + " differs");
  }
  watch_.slots.keep(where.dir, wanted);
  return ok();
}

Result<snapshot_result> CheckedVcs::snapshot(const slot& where, std::string_view base_tree,
                                             const std::vector<std::string>& ignore) {
  (void)watch_.slots.take(where.dir);
  std::string missed;
  // A write that was under way when the snapshot began bears a time before it.
  constexpr int kLooks = 3;
  for (int look = 0; look < kLooks; ++look) {
    const FileTime begun = file_time_now();
    DIRECTOR_TRY(snapshot_result made, plugin_->snapshot(where, base_tree, ignore));
    DIRECTOR_CHECK(check_list(made, base_tree));
    // A process that was left behind may still be writing.
    DIRECTOR_TRY(missed, first_missed(where, made.tree, made.changes, [&](const std::string& path) {
                   return changed_since(where.dir, path, begun);
                 }));
    if (missed.empty()) {
      watch_.slots.keep(where.dir, made.tree);
      return made;
    }
  }
  return plugin_bug(id_, "took a snapshot that is not what stands in the slot: " +
                             in_quotes(missed) + " differs");
}

Status CheckedVcs::check_list(const snapshot_result& made, std::string_view base_tree) const {
  DIRECTOR_TRY(const std::vector<change> in_tree, plugin_->changes(base_tree, made.tree));
  const std::set<std::string> told = paths_of(made.changes);
  for (const change& one : in_tree) {
    if (!told.contains(one.path)) {
      return plugin_bug(
          id_, "took a snapshot that does not list " + in_quotes(one.path) + ", which it changes");
    }
  }
  return ok();
}

Result<std::string> CheckedVcs::first_missed(
    const slot& where, const std::string& tree, const std::vector<change>& changes,
    const std::function<bool(const std::string& path)>& is_spared) const {
  std::size_t looks = 0;
  for (const change& one : changes) {
    if (++looks > kMostLooks) {
      break;
    }
    const auto bytes = [&] { return plugin_->read_file(tree, one.path); };
    // In this order: what is spared may have begun to be so while it was looked at.
    const Result<bool> stands = stands_in(where.dir, one.path, one.new_type, bytes);
    if ((stands && *stands) || is_spared(one.path)) {
      continue;
    }
    return stands ? Result<std::string>(one.path) : Result<std::string>(stands.error());
  }
  return std::string();
}

Result<std::string> CheckedVcs::first_changed(const slot& where, const std::string& tree,
                                              const std::vector<std::string>& keep) const {
  DIRECTOR_TRY(const snapshot_result seen, plugin_->snapshot(where, tree, {}));
  for (const change& one : seen.changes) {
    if (!lies_within_any(one.path, keep)) {
      return one.path;
    }
  }
  return std::string();
}

}  // namespace

std::optional<std::string> SlotTrees::take(const std::string& dir) {
  const std::lock_guard lock(mutex_);
  auto found = trees_.extract(dir);
  return found ? std::optional(std::move(found.mapped())) : std::nullopt;
}

void SlotTrees::keep(const std::string& dir, const std::string& tree) {
  const std::lock_guard lock(mutex_);
  trees_.insert_or_assign(dir, tree);
}

std::unique_ptr<director::vcs> hold_to_its_word(std::string id,
                                                std::shared_ptr<director::vcs> plugin,
                                                VcsWatch& watch) {
  return std::make_unique<CheckedVcs>(std::move(id), std::move(plugin), watch);
}

Result<std::shared_ptr<director::vcs>> CheckedVcsPool::lease() {
  DIRECTOR_TRY(std::shared_ptr<director::vcs> plugin, plugins_.lease());
  return std::shared_ptr<director::vcs>(hold_to_its_word(id_, std::move(plugin), watch_));
}

}  // namespace director::plugin
