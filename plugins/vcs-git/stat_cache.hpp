/// What a slot held when it was last looked at: the files of one tree, and which blob each file's
/// stat data stood for. It claims nothing about the slot of today, so a crash at any instant leaves
/// it true: a file that changed since has other stat data.
///
/// File `<meta_dir>/stat-cache`, private to one machine: a fixed header with a checksum over the
/// rest, then for each path a fixed record and the path's bytes, sorted. A file that cannot be read
/// is the same as none, and costs a rehash.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "object_store.hpp"
#include "slot_fs.hpp"
#include "types.hpp"

namespace director::vcs_git {

struct CachedFile {
  std::string_view path;  ///< lives as long as the cache
  TreeEntry tree;         ///< in the cache's tree; mode 0: not there
  FileStat stat;
  Oid blob;            ///< what the file with that stat holds
  bool known = false;  ///< stat and blob say something
};

class StatCache {
 public:
  StatCache() = default;
  StatCache(const StatCache&) = delete;
  StatCache& operator=(const StatCache&) = delete;

  /// Empty if there is no file, or none that can be believed.
  [[nodiscard]] static std::unique_ptr<StatCache> load(const std::string& path);
  [[nodiscard]] Status save(const std::string& path) const;

  /// Makes `tree` the tree that the entries are of, at the cost of what differs.
  [[nodiscard]] Status retarget(const ObjectStore& store, const Oid& tree);

  [[nodiscard]] const Oid& tree() const { return tree_; }
  /// Sorted by path's bytes; every entry is in the tree or known.
  [[nodiscard]] std::vector<CachedFile>& files() { return files_; }
  [[nodiscard]] const std::vector<CachedFile>& files() const { return files_; }

  /// The entry of `path`, or null.
  [[nodiscard]] const CachedFile* find(std::string_view path) const;
  /// True if the tree has something beneath the folder `path`. Not for two threads at once.
  [[nodiscard]] bool holds(std::string_view path) const;

  /// Notes what an untracked file holds; it joins `files()` by the next call of tidy().
  void add_untracked(std::string_view path, const FileStat& stat, const Oid& blob);
  /// Drops entries that are neither in the tree nor known, and takes in the untracked ones.
  void tidy();
  /// Believes nothing of files stamped at `now` or later: they can still change under these stamps.
  void doubt_from(std::int64_t now);
  /// About what it holds in memory.
  [[nodiscard]] std::size_t bytes() const {
    return names_.size() + files_.size() * sizeof(CachedFile) + added_bytes_ +
           next_in_tree_.size() * sizeof(std::size_t);
  }

 private:
  std::string_view keep(std::string_view path);
  [[nodiscard]] std::size_t next_in_tree(std::size_t index) const;
  bool parse(std::string_view bytes);

  Oid tree_;
  std::string names_;  // of what was loaded
  std::vector<std::unique_ptr<std::string>> added_;
  std::size_t added_bytes_ = 0;
  std::vector<CachedFile> files_;
  std::vector<CachedFile> untracked_;              // apart, so that files_ stays sorted
  mutable std::vector<std::size_t> next_in_tree_;  // for each of files_; empty until it is needed
};

}  // namespace director::vcs_git
