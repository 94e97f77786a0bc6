#include <algorithm>
#include <utility>

#include "git.hpp"
#include "trees.hpp"

namespace director::vcs_git {
namespace {

// True if a path of one side is, lies in, or contains a path of the other. Both are sorted.
bool touch_each_other(const std::vector<PathChange>& a, const std::vector<PathChange>& b) {
  const auto reaches = [](const std::vector<PathChange>& from,
                          const std::vector<PathChange>& into) {
    const auto has = [&into](const std::string& path) {
      const auto at = std::lower_bound(
          into.begin(), into.end(), path,
          [](const PathChange& change, const std::string& wanted) { return change.path < wanted; });
      return at != into.end() && at->path == path;
    };
    return std::any_of(from.begin(), from.end(), [&](const PathChange& change) {
      for (std::size_t slash = change.path.find('/'); slash != std::string::npos;
           slash = change.path.find('/', slash + 1)) {
        if (has(change.path.substr(0, slash))) {
          return true;
        }
      }
      return has(change.path);
    });
  };
  return reaches(a, b) || reaches(b, a);
}

Result<std::vector<std::string>> conflicting_paths(git_index* index) {
  ConflictIterator at;
  if (const int code = git_index_conflict_iterator_new(out(at), index); code < 0) {
    return git_failure(code, "list conflicts");
  }
  std::vector<std::string> paths;
  const git_index_entry* ancestor = nullptr;
  const git_index_entry* our = nullptr;
  const git_index_entry* their = nullptr;
  while (git_index_conflict_next(&ancestor, &our, &their, at.get()) == 0) {
    const git_index_entry* named = our != nullptr ? our : (their != nullptr ? their : ancestor);
    paths.emplace_back(named->path);
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

Result<Merge> merge_contents(const ObjectStore& store, const Oid& base, const Oid& ours,
                             const Oid& theirs) {
  DIRECTOR_TRY(const Tree base_tree, open_tree(store, base));
  DIRECTOR_TRY(const Tree our_tree, open_tree(store, ours));
  DIRECTOR_TRY(const Tree their_tree, open_tree(store, theirs));
  git_merge_options options = GIT_MERGE_OPTIONS_INIT;
  options.flags = 0;  // the default finds renames
  Index index;
  if (const int code = git_merge_trees(out(index), store.repository(), base_tree.get(),
                                       our_tree.get(), their_tree.get(), &options);
      code < 0) {
    return git_failure(code, "merge trees");
  }
  Merge merge;
  if (git_index_has_conflicts(index.get()) != 0) {
    DIRECTOR_TRY(merge.conflicts, conflicting_paths(index.get()));
    return merge;
  }
  git_oid id;
  if (const int code = git_index_write_tree_to(&id, index.get(), store.repository()); code < 0) {
    return git_failure(code, "write the merged tree");
  }
  merge.merged = true;
  merge.tree = from_raw(id);
  return merge;
}

}  // namespace

Result<Merge> merge_trees(const ObjectStore& store, const Oid& base, const Oid& ours,
                          const Oid& theirs) {
  if (base == ours || ours == theirs) {
    return Merge{true, theirs, {}};
  }
  if (base == theirs) {
    return Merge{true, ours, {}};
  }
  DIRECTOR_TRY(const std::vector<PathChange> our_changes, diff_trees(store, base, ours));
  DIRECTOR_TRY(const std::vector<PathChange> their_changes, diff_trees(store, base, theirs));
  if (!touch_each_other(our_changes, their_changes)) {
    DIRECTOR_TRY(const Oid merged, edit_tree(store, ours, their_changes));
    return Merge{true, merged, {}};
  }
  return merge_contents(store, base, ours, theirs);
}

}  // namespace director::vcs_git
