#include "trees.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "git.hpp"

namespace director::vcs_git {
namespace {

// A tree of a repository is not this deep unless somebody made it so to exhaust our stack.
constexpr int kMaxTreeDepth = 1000;

Error too_deep(std::string_view path) {
  return Error(Errc::Invalid,
               "cannot use tree: folders are nested too deeply at " +
                   printable(path.substr(0, std::min<std::size_t>(path.size(), 80))));
}

// git sorts a folder as if its name ended in '/', which makes the order of whole paths that of
// bytes.
int compare_entries(const NamedEntry& a, const NamedEntry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  if (const int order = std::memcmp(a.name.data(), b.name.data(), common); order != 0) {
    return order;
  }
  const auto next = [common](const NamedEntry& e) -> int {
    if (e.name.size() > common) {
      return static_cast<unsigned char>(e.name[common]);
    }
    return e.entry.is_tree() ? '/' : 0;
  };
  if (const int order = next(a) - next(b); order != 0) {
    return order;
  }
  return a.name.size() < b.name.size() ? -1 : (a.name.size() > b.name.size() ? 1 : 0);
}

class TreeDiff {
 public:
  explicit TreeDiff(const ObjectStore& store) : store_(store) {}

  Status compare(const Oid& before, const Oid& after, const std::string& prefix, int depth) {
    if (before == after) {
      return ok();
    }
    if (depth > kMaxTreeDepth) {
      return too_deep(prefix);
    }
    DIRECTOR_TRY(const std::vector<NamedEntry> old_entries, store_.read_tree(before));
    DIRECTOR_TRY(const std::vector<NamedEntry> new_entries, store_.read_tree(after));
    auto a = old_entries.begin();
    auto b = new_entries.begin();
    while (a != old_entries.end() || b != new_entries.end()) {
      int order = 0;
      if (a == old_entries.end() || b == new_entries.end()) {
        order = a == old_entries.end() ? 1 : -1;
      } else {
        order = compare_entries(*a, *b);
      }
      const std::string& name = order <= 0 ? a->name : b->name;
      const TreeEntry old_entry = order <= 0 ? a++->entry : TreeEntry{};
      const TreeEntry new_entry = order >= 0 ? b++->entry : TreeEntry{};
      DIRECTOR_CHECK(pair(prefix + name, old_entry, new_entry, depth));
    }
    return ok();
  }

  std::vector<PathChange> take() { return std::move(found_); }

 private:
  Status pair(const std::string& path, const TreeEntry& before, const TreeEntry& after, int depth) {
    if (before == after) {
      return ok();
    }
    if (before.is_tree() || after.is_tree()) {
      return compare(before.oid, after.oid, path + "/", depth + 1);
    }
    // Old trees hold modes such as 100664, which read_tree gives as 100644: no difference then.
    found_.push_back({path, before, after});
    return ok();
  }

  const ObjectStore& store_;
  std::vector<PathChange> found_;
};

using ChangeSpan = std::pair<const PathChange*, const PathChange*>;

class TreeEdit {
 public:
  explicit TreeEdit(const ObjectStore& store) : store_(store) {}

  // The tree with `span` applied; the empty oid when nothing is left. `skip` bytes of each path
  // name the folder.
  Result<Oid> edit(const Oid& tree, ChangeSpan span, std::size_t skip, int depth) {
    if (depth > kMaxTreeDepth) {
      return too_deep(span.first->path);
    }
    Tree source;
    if (!tree.empty()) {
      DIRECTOR_TRY(source, open_tree(store_, tree));
    }
    TreeBuilder builder;
    if (const int code = git_treebuilder_new(out(builder), store_.repository(), source.get());
        code < 0) {
      return git_failure(code, "make a tree");
    }
    for (const PathChange* at = span.first; at != span.second;) {
      DIRECTOR_TRY(at, entry(builder.get(), at, span.second, skip, depth));
    }
    if (git_treebuilder_entrycount(builder.get()) == 0) {
      return Oid{};
    }
    git_oid id;
    if (const int code = git_treebuilder_write(&id, builder.get()); code < 0) {
      return git_failure(code, "write a tree");
    }
    return from_raw(id);
  }

 private:
  // Applies the changes of one name of this folder; returns the first change of the next name.
  Result<const PathChange*> entry(git_treebuilder* builder, const PathChange* at,
                                  const PathChange* end, std::size_t skip, int depth) {
    const std::string_view rest = std::string_view(at->path).substr(skip);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) {
      DIRECTOR_CHECK(put(builder, std::string(rest), at->after));
      return at + 1;
    }
    const std::string name(rest.substr(0, slash));
    const std::string prefix = at->path.substr(0, skip + slash + 1);
    const PathChange* next =
        std::find_if(at, end, [&](const PathChange& c) { return !c.path.starts_with(prefix); });
    const git_tree_entry* present = git_treebuilder_get(builder, name.c_str());
    Oid folder;
    bool is_file = false;
    if (present != nullptr) {
      is_file = git_tree_entry_filemode(present) != GIT_FILEMODE_TREE;
      folder = is_file ? Oid{} : from_raw(*git_tree_entry_id(present));
    }
    DIRECTOR_TRY(const Oid edited, edit(folder, {at, next}, prefix.size(), depth + 1));
    if (!edited.empty()) {
      DIRECTOR_CHECK(put(builder, name, {kModeTree, edited}));
    } else if (!is_file) {
      DIRECTOR_CHECK(put(builder, name, {}));
    }
    return next;
  }

  static Status put(git_treebuilder* builder, const std::string& name, const TreeEntry& entry) {
    int code = 0;
    if (entry.exists()) {
      const git_oid id = raw(entry.oid);
      code = git_treebuilder_insert(nullptr, builder, name.c_str(), &id,
                                    static_cast<git_filemode_t>(entry.mode));
    } else if (git_treebuilder_get(builder, name.c_str()) != nullptr) {
      code = git_treebuilder_remove(builder, name.c_str());
    }
    return code < 0 ? Status(git_failure(code, "put " + printable(name) + " into a tree")) : ok();
  }

  const ObjectStore& store_;
};

}  // namespace

Result<std::vector<PathChange>> diff_trees(const ObjectStore& store, const Oid& before,
                                           const Oid& after) {
  TreeDiff diff(store);
  DIRECTOR_CHECK(diff.compare(before, after, "", 0));
  return diff.take();
}

Result<Oid> edit_tree(const ObjectStore& store, const Oid& tree,
                      const std::vector<PathChange>& changes) {
  if (changes.empty()) {
    return tree;
  }
  // Deletions first: a folder that a file replaces is gone before the file arrives, and a file that
  // a folder replaces likewise.
  std::vector<PathChange> removed;
  std::vector<PathChange> written;
  for (const PathChange& change : changes) {
    (change.after.exists() ? written : removed).push_back(change);
  }
  TreeEdit editor(store);
  Oid result = tree;
  for (const std::vector<PathChange>* batch : {&removed, &written}) {
    if (!batch->empty()) {
      DIRECTOR_TRY(result,
                   editor.edit(result, {batch->data(), batch->data() + batch->size()}, 0, 0));
    }
  }
  return result.empty() ? store.write_empty_tree() : Result<Oid>(result);
}

Result<TreeEntry> find_entry(const ObjectStore& store, const Oid& tree, std::string_view path) {
  TreeEntry at{kModeTree, tree};
  while (!path.empty()) {
    if (!at.is_tree()) {
      return TreeEntry{};
    }
    const std::size_t slash = path.find('/');
    DIRECTOR_TRY(at, store.entry_of(at.oid, path.substr(0, slash)));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return at;
}

}  // namespace director::vcs_git
