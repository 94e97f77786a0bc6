/// Version control in memory: trees of path -> bytes, and slots that are no folders on a disk.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/sha256.hpp"
#include "director/vcs.hpp"
#include "tests/fakes/fault.hpp"

namespace director::testing {

using FileMap = std::map<std::string, std::string>;

/// What survives a process: objects, refs and slots. Content that starts with "symlink:" is one.
class FakeRepository {
 public:
  struct Commit {
    std::string tree;
    std::string parent;
    std::string message;
  };

  Fault* fault = nullptr;
  std::atomic<bool> refuse_commits = false;  ///< as on a full disk
  /// When it is known where a revision leads, before whoever asked hears of it.
  std::function<void()> on_resolved;

  std::string add_tree(const FileMap& files) {
    const std::lock_guard lock(mutex_);
    return store_tree(files);
  }
  std::string add_commit(const Commit& commit) {
    const std::lock_guard lock(mutex_);
    return store_commit(commit);
  }
  /// A commit of these files on a branch that others share.
  std::string commit_on(const std::string& ref, const FileMap& changed,
                        const std::string& message = "somebody else") {
    const std::lock_guard lock(mutex_);
    const std::string parent = refs_[ref];
    FileMap files = parent.empty() ? FileMap() : trees_.at(commits_.at(parent).tree);
    for (const auto& [path, bytes] : changed) {
      files[path] = bytes;
    }
    return refs_[ref] = store_commit({store_tree(files), parent, message});
  }
  void delete_ref(const std::string& ref) {
    const std::lock_guard lock(mutex_);
    refs_.erase(ref);
  }
  void set_ref(const std::string& ref, const std::string& commit) {
    const std::lock_guard lock(mutex_);
    refs_[ref] = commit;
  }
  /// A branch that the user has checked out moves for nobody else.
  void check_out(const std::string& ref) {
    const std::lock_guard lock(mutex_);
    checked_out_ = ref;
  }
  /// `git gc --prune=now`: what no ref leads to is gone.
  void collect_garbage() {
    const std::lock_guard lock(mutex_);
    std::map<std::string, Commit> commits;
    std::map<std::string, FileMap> trees;
    for (const auto& [name, oid] : refs_) {
      for (std::string at = oid; !at.empty() && !commits.contains(at);) {
        const Commit& commit = commits[at] = commits_.at(at);
        trees[commit.tree] = trees_.at(commit.tree);
        at = commit.parent;
      }
    }
    commits_ = std::move(commits);
    trees_ = std::move(trees);
  }
  /// Names of refs that start so.
  [[nodiscard]] std::vector<std::string> refs(const std::string& prefix) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, oid] : refs_) {
      if (name.starts_with(prefix)) {
        names.push_back(name);
      }
    }
    return names;
  }
  [[nodiscard]] std::string message(const std::string& ref_name) const {
    const std::vector<std::string> all = messages(ref_name);
    return all.empty() ? std::string() : all.front();
  }
  void remove_slot(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    slots_.erase(dir);
  }
  [[nodiscard]] std::vector<std::string> slot_folders() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> dirs;
    for (const auto& [dir, files] : slots_) {
      dirs.push_back(dir);
    }
    return dirs;
  }
  [[nodiscard]] std::string ref(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = refs_.find(name);
    return found == refs_.end() ? std::string() : found->second;
  }
  [[nodiscard]] FileMap files_at(const std::string& ref_name) const {
    const std::lock_guard lock(mutex_);
    const auto found = refs_.find(ref_name);
    return found == refs_.end() ? FileMap() : trees_.at(commits_.at(found->second).tree);
  }
  /// Messages from the tip of a ref to the root, newest first.
  [[nodiscard]] std::vector<std::string> messages(const std::string& ref_name) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    const auto found = refs_.find(ref_name);
    for (std::string at = found == refs_.end() ? "" : found->second; !at.empty();
         at = commits_.at(at).parent) {
      all.push_back(commits_.at(at).message);
    }
    return all;
  }
  /// Files of a slot, as an agent or a gate sees them.
  [[nodiscard]] FileMap slot(const std::string& dir) const {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(dir);
    return found == slots_.end() ? FileMap() : found->second;
  }
  void edit(const std::string& dir, const std::string& path, std::optional<std::string> bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes) {
      slots_[dir][path] = std::move(*bytes);
    } else {
      slots_[dir].erase(path);
    }
  }

  /// Slots of which it was said that nobody had written to them: of which it was so, and of which
  /// it was not.
  [[nodiscard]] std::vector<std::string> spared_slots() const {
    const std::lock_guard lock(mutex_);
    return spared_;
  }
  [[nodiscard]] std::vector<std::string> touched_slots() const {
    const std::lock_guard lock(mutex_);
    return touched_;
  }

 private:
  friend class FakeVcs;

  std::string store_tree(const FileMap& files) {
    std::string all;
    for (const auto& [path, bytes] : files) {
      all += path + '\0' + sha256_hex(bytes) + '\n';
    }
    std::string oid = "t" + sha256_hex(all).substr(0, 16);
    trees_[oid] = files;
    return oid;
  }
  std::string store_commit(const Commit& commit) {
    std::string oid =
        "c" + sha256_hex(commit.tree + '\0' + commit.parent + '\0' + commit.message).substr(0, 16);
    commits_[oid] = commit;
    return oid;
  }

  mutable std::mutex mutex_;
  std::map<std::string, FileMap> trees_;
  std::map<std::string, Commit> commits_;
  std::map<std::string, std::string> refs_;
  std::string checked_out_;
  std::map<std::string, FileMap> slots_;
  std::map<std::string, FileMap> left_;  // as the last call about each left it
  std::vector<std::string> spared_;
  std::vector<std::string> touched_;
};

/// Safe from any thread.
class FakeVcs final : public director::vcs {
 public:
  explicit FakeVcs(FakeRepository& repository) : repo_(repository) {}

  [[nodiscard]] Result<commit_info> resolve(std::string_view revision) override {
    Result<commit_info> found_at =
        guarded<Result<commit_info>>("vcs.resolve", [&]() -> Result<commit_info> {
          const auto ref = repo_.refs_.find(std::string(revision));
          const std::string oid = ref == repo_.refs_.end() ? std::string(revision) : ref->second;
          const auto found = repo_.commits_.find(oid);
          if (found == repo_.commits_.end()) {
            return missing("revision", revision);
          }
          return commit_info{oid, found->second.tree, found->second.message};
        });
    if (repo_.on_resolved) {
      repo_.on_resolved();
    }
    return found_at;
  }

  [[nodiscard]] Result<std::vector<director::ref>> list_refs(std::string_view prefix) override {
    return guarded<Result<std::vector<director::ref>>>("vcs.list_refs", [&] {
      std::vector<director::ref> all;
      for (const auto& [name, oid] : repo_.refs_) {
        if (name.starts_with(prefix)) {
          all.push_back({name, oid});
        }
      }
      return Result<std::vector<director::ref>>(all);
    });
  }

  [[nodiscard]] Status update_ref(std::string_view name, std::string_view expected,
                                  std::string_view desired) override {
    return guarded<Status>("vcs.update_ref", [&]() -> Status {
      const auto found = repo_.refs_.find(std::string(name));
      const std::string present = found == repo_.refs_.end() ? std::string() : found->second;
      if (present != expected) {
        return Error(Errc::Conflict, "ref '" + std::string(name) + "' has moved");
      }
      if (name == repo_.checked_out_) {
        return Error(Errc::Conflict, "ref '" + std::string(name) + "' is checked out");
      }
      if (!desired.empty() && !repo_.commits_.contains(std::string(desired))) {
        return missing("commit", desired);
      }
      if (desired.empty()) {
        repo_.refs_.erase(std::string(name));
      } else {
        repo_.refs_[std::string(name)] = std::string(desired);
      }
      return ok();
    });
  }

  [[nodiscard]] Result<std::vector<commit_info>> history(std::string_view tip,
                                                         std::string_view base) override {
    using Commits = Result<std::vector<commit_info>>;
    return guarded<Commits>("vcs.history", [&]() -> Commits {
      std::vector<commit_info> all;
      for (std::string at(tip); at != base;) {
        const auto found = repo_.commits_.find(at);
        if (found == repo_.commits_.end()) {
          return at.empty() ? Error(Errc::Conflict, "'" + std::string(base) + "' is no ancestor")
                            : missing("commit", at);
        }
        all.push_back({at, found->second.tree, found->second.message});
        at = found->second.parent;
      }
      return all;
    });
  }

  [[nodiscard]] Result<checkout_state> user_checkout() override { return checkout_state(); }

  [[nodiscard]] Result<std::string> commit(std::string_view tree, std::string_view parent,
                                           std::string_view message) override {
    return guarded<Result<std::string>>("vcs.commit", [&] {
      if (repo_.refuse_commits) {
        return Result<std::string>(Error(Errc::Io, "no space left on device"));
      }
      return Result<std::string>(
          repo_.store_commit({std::string(tree), std::string(parent), std::string(message)}));
    });
  }

  [[nodiscard]] Result<std::string> read_file(std::string_view tree,
                                              std::string_view path) override {
    return guarded<Result<std::string>>("vcs.read_file", [&]() -> Result<std::string> {
      const FileMap& files = repo_.trees_.at(std::string(tree));
      const auto found = files.find(std::string(path));
      if (found == files.end()) {
        return missing("file", path);
      }
      return found->second;
    });
  }

  [[nodiscard]] Result<merge_result> merge(std::string_view base_tree, std::string_view our_tree,
                                           std::string_view their_tree) override {
    return guarded<Result<merge_result>>("vcs.merge", [&] {
      const FileMap& base = repo_.trees_.at(std::string(base_tree));
      const FileMap& ours = repo_.trees_.at(std::string(our_tree));
      const FileMap& theirs = repo_.trees_.at(std::string(their_tree));
      FileMap merged = ours;
      merge_result result;
      for (const std::string& path : differing(base, theirs)) {
        if (get(ours, path) != get(base, path) && get(ours, path) != get(theirs, path)) {
          result.conflicts.push_back(path);
        } else if (const auto bytes = get(theirs, path)) {
          merged[path] = *bytes;
        } else {
          merged.erase(path);
        }
      }
      result.merged = result.conflicts.empty();
      result.tree = result.merged ? repo_.store_tree(merged) : "";
      return Result<merge_result>(result);
    });
  }

  [[nodiscard]] Result<std::vector<change>> changes(std::string_view old_tree,
                                                    std::string_view new_tree) override {
    return guarded<Result<std::vector<change>>>("vcs.changes", [&] {
      return Result<std::vector<change>>(
          compare(repo_.trees_.at(std::string(old_tree)), repo_.trees_.at(std::string(new_tree))));
    });
  }

  [[nodiscard]] Result<std::string> diff(std::string_view old_tree,
                                         std::string_view new_tree) override {
    return guarded<Result<std::string>>("vcs.diff", [&] {
      std::string text;
      for (const change& one : compare(repo_.trees_.at(std::string(old_tree)),
                                       repo_.trees_.at(std::string(new_tree)))) {
        text += "changed " + one.path + "\n";
      }
      return Result<std::string>(text);
    });
  }

  [[nodiscard]] Status checkout(const director::slot& where, std::string_view commit,
                                std::string_view tree, const std::vector<std::string>&) override {
    return guarded<Status>("vcs.checkout", [&]() -> Status {
      const auto found = repo_.commits_.find(std::string(commit));
      if (found == repo_.commits_.end()) {
        return missing("commit", commit);
      }
      repo_.slots_[where.dir] =
          repo_.trees_.at(tree.empty() ? found->second.tree : std::string(tree));
      repo_.left_[where.dir] = repo_.slots_[where.dir];
      return ok();
    });
  }

  /// Believes nobody, and remembers who was not to be believed.
  [[nodiscard]] Status checkout_untouched(const director::slot& where, std::string_view commit,
                                          std::string_view tree,
                                          const std::vector<std::string>& keep) override {
    {
      const std::lock_guard lock(repo_.mutex_);
      const auto left = repo_.left_.find(where.dir);
      const bool is_so = left != repo_.left_.end() && left->second == repo_.slots_[where.dir];
      (is_so ? repo_.spared_ : repo_.touched_).push_back(where.dir);
    }
    return checkout(where, commit, tree, keep);
  }

  [[nodiscard]] Result<snapshot_result> snapshot(const director::slot& where,
                                                 std::string_view base_tree,
                                                 const std::vector<std::string>&) override {
    return guarded<Result<snapshot_result>>("vcs.snapshot", [&] {
      const FileMap& files = repo_.slots_[where.dir];
      repo_.left_[where.dir] = files;
      return Result<snapshot_result>(
          {repo_.store_tree(files), compare(repo_.trees_.at(std::string(base_tree)), files)});
    });
  }

 private:
  template <typename T, typename Body>
  T guarded(const std::string& what, Body body) {
    return with_fault(repo_.fault, what, [&]() -> T {
      const std::lock_guard lock(repo_.mutex_);
      try {
        return body();
      } catch (const std::out_of_range&) {
        return missing("object that it needs for", what);
      }
    });
  }

  static Error missing(const std::string& what, std::string_view name) {
    return Error(Errc::NotFound, "there is no " + what + " '" + std::string(name) + "'");
  }
  static std::optional<std::string> get(const FileMap& files, const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  }
  static std::set<std::string> differing(const FileMap& before, const FileMap& after) {
    std::set<std::string> paths;
    for (const auto& [path, bytes] : before) {
      if (get(after, path) != bytes) {
        paths.insert(path);
      }
    }
    for (const auto& [path, bytes] : after) {
      if (get(before, path) != bytes) {
        paths.insert(path);
      }
    }
    return paths;
  }
  static file_type type_of(const std::optional<std::string>& bytes) {
    if (!bytes) {
      return file_type::none;
    }
    return bytes->starts_with("symlink:") ? file_type::symlink : file_type::regular;
  }
  static std::vector<change> compare(const FileMap& before, const FileMap& after) {
    std::vector<change> all;
    for (const std::string& path : differing(before, after)) {
      const file_type old_type = type_of(get(before, path));
      const file_type new_type = type_of(get(after, path));
      const change_kind kind = old_type == file_type::none   ? change_kind::added
                               : new_type == file_type::none ? change_kind::deleted
                                                             : change_kind::modified;
      all.push_back({kind, path, old_type, new_type});
    }
    return all;
  }

  FakeRepository& repo_;
};

}  // namespace director::testing
