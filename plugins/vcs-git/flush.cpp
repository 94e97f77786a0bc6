#include "flush.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>
#include <unordered_map>

#include "git.hpp"
#include "slot_fs.hpp"

namespace director::vcs_git {
namespace {

constexpr std::size_t kMostCommits = 1000;
// A tree of a repository is not this deep unless somebody made it so to exhaust our stack.
constexpr int kMaxDepth = 1000;

class NewObjects {
 public:
  explicit NewObjects(const ObjectStore& store) : store_(store) {}

  Status between(const Oid& from, const Oid& to) {
    std::set<Oid> seen{from};
    std::vector<Oid> open{to};
    while (!open.empty()) {
      const Oid at = open.back();
      open.pop_back();
      if (!seen.insert(at).second) {
        continue;
      }
      if (seen.size() > kMostCommits) {
        return unrelated(from, to);
      }
      DIRECTOR_TRY(const std::vector<Oid> parents, commit(at));
      if (parents.empty()) {
        return unrelated(from, to);
      }
      open.insert(open.end(), parents.begin(), parents.end());
    }
    return ok();
  }

  std::vector<Oid> take() { return {found_.begin(), found_.end()}; }

 private:
  static Error unrelated(const Oid& from, const Oid& to) {
    return Error(Errc::Conflict, "cannot list what '" + to_hex(to) + "' adds to '" + to_hex(from) +
                                     "': the second is no ancestor of the first");
  }

  static Oid tree_of(const git_commit* commit) { return from_raw(*git_commit_tree_id(commit)); }

  Result<Commit> lookup(const Oid& oid) const {
    const git_oid id = raw(oid);
    Commit commit;
    if (const int code = git_commit_lookup(out(commit), store_.repository(), &id); code < 0) {
      return git_failure(code, "read commit '" + to_hex(oid) + "'");
    }
    return commit;
  }

  // Notes the commit and what its tree adds to its first parent's; returns its parents.
  Result<std::vector<Oid>> commit(const Oid& oid) {
    DIRECTOR_TRY(const Commit commit, lookup(oid));
    found_.insert(oid);
    std::vector<Oid> parents;
    for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
      parents.push_back(from_raw(*git_commit_parent_id(commit.get(), i)));
    }
    Oid before;
    if (!parents.empty()) {
      DIRECTOR_TRY(const Commit parent, lookup(parents.front()));
      before = tree_of(parent.get());
    }
    DIRECTOR_CHECK(tree(before, tree_of(commit.get()), 0));
    return parents;
  }

  Status tree(const Oid& before, const Oid& after, int depth) {
    if (before == after || depth > kMaxDepth) {
      return ok();
    }
    found_.insert(after);
    DIRECTOR_TRY(const std::vector<NamedEntry> old_entries, store_.read_tree(before));
    DIRECTOR_TRY(const std::vector<NamedEntry> new_entries, store_.read_tree(after));
    std::unordered_map<std::string_view, TreeEntry> known;
    for (const NamedEntry& entry : old_entries) {
      known.emplace(entry.name, entry.entry);
    }
    for (const auto& [name, entry] : new_entries) {
      const auto found = known.find(name);
      const TreeEntry old_entry = found == known.end() ? TreeEntry{} : found->second;
      if (old_entry.oid == entry.oid) {
        continue;
      }
      if (entry.is_tree()) {
        DIRECTOR_CHECK(tree(old_entry.is_tree() ? old_entry.oid : Oid{}, entry.oid, depth + 1));
      } else if (entry.mode != kModeSubmodule) {
        found_.insert(entry.oid);
      }
    }
    return ok();
  }

  const ObjectStore& store_;
  std::set<Oid> found_;
};

}  // namespace

Result<std::vector<Oid>> objects_between(const ObjectStore& store, const Oid& from, const Oid& to) {
  NewObjects objects(store);
  DIRECTOR_CHECK(objects.between(from, to));
  return objects.take();
}

Status flush_loose(const std::string& objects_dir, const std::vector<Oid>& objects) {
  std::vector<std::pair<std::string, UniqueFd>> files;
  std::set<std::string> folders;
  for (const Oid& oid : objects) {
    const std::string hex = to_hex(oid);
    const std::string folder = objects_dir + "/" + hex.substr(0, 2);
    const std::string path = folder + "/" + hex.substr(2);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno != ENOENT) {
      return io_error("open", path, errno);
    }
    if (!fd) {
      continue;
    }
    // All are on their way to the disk before the first is waited for. Where that is not possible,
    // it costs time only.
    (void)::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    files.emplace_back(path, std::move(fd));
    folders.insert(folder);
  }
  folders.insert(objects_dir);
  for (const std::string& folder : folders) {
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
      return io_error("open", folder, errno);
    }
    files.emplace_back(folder, std::move(fd));
  }
  for (const auto& [path, fd] : files) {
    if (::fsync(fd.get()) != 0) {
      return io_error("flush", path, errno);
    }
  }
  return ok();
}

}  // namespace director::vcs_git
