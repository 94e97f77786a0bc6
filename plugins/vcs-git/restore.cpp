#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "scan.hpp"
#include "slot.hpp"

namespace director::vcs_git {
namespace {

class RestoreRules final : public ScanRules {
 public:
  RestoreRules(const StatCache& cache, const std::vector<std::string>& keep) : cache_(cache) {
    for (std::string path : keep) {
      while (path.ends_with('/')) {
        path.pop_back();
      }
      // Only a folder that the tree knows nothing of can be left alone.
      if (!path.empty() && !cache_.holds(path) && !tracked(path)) {
        keep_.push_back(std::move(path));
      }
    }
  }

  Visit enter(const std::string& path) override {
    if (std::find(keep_.begin(), keep_.end(), path) != keep_.end()) {
      return Visit::Skip;
    }
    const bool leads_to_kept = std::any_of(
        keep_.begin(), keep_.end(), [&](const std::string& k) { return is_within(k, path); });
    if (leads_to_kept && !tracked(path) && !cache_.holds(path)) {
      passages_.push_back(path);
    }
    return (leads_to_kept && !tracked(path)) || cache_.holds(path) ? Visit::Enter : Visit::Report;
  }
  bool is_nested_repository(const std::string&) override { return false; }

  /// Untracked folders that were entered on the way to a kept one, outermost first.
  [[nodiscard]] const std::vector<std::string>& passages() const { return passages_; }

 private:
  [[nodiscard]] bool tracked(std::string_view path) const {
    const CachedFile* file = cache_.find(path);
    return file != nullptr && file->tree.exists();
  }

  const StatCache& cache_;
  std::vector<std::string> keep_;
  std::vector<std::string> passages_;
};

// The mode that a restored entry has on disk, type included.
std::uint32_t disk_mode(std::uint32_t tree_mode) {
  switch (tree_mode) {
    case kModeExecutable:
      return S_IFREG | 0755U;
    case kModeSymlink:
      return S_IFLNK | 0777U;
    case kModeSubmodule:
      return S_IFDIR | 0755U;
    default:
      return S_IFREG | 0644U;
  }
}

class Restorer {
 public:
  Restorer(const ObjectStore& store, int root, StatCache& cache)
      : store_(store), root_(root), cache_(cache), folders_(root) {}

  // Removes what does not belong, and leaves in `missing_` what is to be written.
  Status compare(const std::vector<Found>& found) {
    auto at = found.begin();
    for (CachedFile& file : cache_.files()) {
      for (; at != found.end() && at->path < file.path; ++at) {
        DIRECTOR_CHECK(remove(at->path));
      }
      const Found* here = at != found.end() && at->path == file.path ? &*at++ : nullptr;
      if (!file.tree.exists()) {
        file.known = false;
        DIRECTOR_CHECK(here == nullptr ? ok() : remove(here->path));
      } else if (here == nullptr || !is_intact(file, *here)) {
        missing_.push_back(&file);
      }
    }
    for (; at != found.end(); ++at) {
      DIRECTOR_CHECK(remove(at->path));
    }
    return ok();
  }

  Status write_missing() {
    for (CachedFile* file : missing_) {
      DIRECTOR_CHECK(write(*file).context("cannot restore " + printable(file->path)));
    }
    return ok();
  }

  [[nodiscard]] std::size_t written() const { return missing_.size(); }

  Status remove_empty(const std::vector<std::string>& passages) {
    for (auto path = passages.rbegin(); path != passages.rend(); ++path) {
      const int parent = folders_.find_parent(*path);
      if (parent >= 0 && ::unlinkat(parent, name_of(*path).c_str(), AT_REMOVEDIR) != 0 &&
          errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT) {
        return io_error("remove", *path, errno);
      }
    }
    return ok();
  }

 private:
  // The very file that we wrote or hashed, with its own mode, and with no other name that somebody
  // could change it by.
  static bool is_intact(const CachedFile& file, const Found& here) {
    return file.known && file.tree.mode != kModeSubmodule && file.stat == here.stat &&
           file.blob == file.tree.oid && here.stat.mode == disk_mode(file.tree.mode) &&
           here.stat.links == 1;
  }

  Status remove(std::string_view path) {
    const int parent = folders_.find_parent(path);
    return parent < 0 ? ok() : remove_tree(root_, parent, name_of(path));
  }

  Status write(CachedFile& file) {
    DIRECTOR_TRY(const int parent, folders_.make_parent(file.path));
    const std::string name = name_of(file.path);
    file.known = false;
    if (file.tree.mode == kModeSubmodule) {
      DIRECTOR_CHECK(remove_tree(root_, parent, name));
      if (::mkdirat(parent, name.c_str(), 0755) != 0 ||
          ::fchmodat(parent, name.c_str(), 0755, 0) != 0) {
        return io_error("create folder", file.path, errno);
      }
      return ok();
    }
    DIRECTOR_TRY(const std::string bytes, store_.read_blob(file.tree.oid));
    // Never written in place: the file may have another name, outside of the slot.
    if (::unlinkat(parent, name.c_str(), 0) != 0 && errno != ENOENT) {
      DIRECTOR_CHECK(remove_tree(root_, parent, name));
    }
    if (file.tree.mode == kModeSymlink) {
      DIRECTOR_TRY(file.stat, write_new_symlink(root_, parent, name, bytes));
    } else {
      DIRECTOR_TRY(file.stat,
                   write_new_file(root_, parent, name, bytes, disk_mode(file.tree.mode) & 07777U));
    }
    file.blob = file.tree.oid;
    file.known = true;
    return ok();
  }

  const ObjectStore& store_;
  int root_;
  StatCache& cache_;
  Folders folders_;
  std::vector<CachedFile*> missing_;
};

Status make_folder(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) {
    return io_error("create folder", path, code.value());
  }
  return ok();
}

}  // namespace

Result<OpenSlot> open_slot(const slot& where) {
  if (!where.dir.starts_with('/') || !where.meta_dir.starts_with('/')) {
    return Error(Errc::Invalid, "cannot use slot " + printable(where.dir) +
                                    ": its folders must be absolute paths");
  }
  DIRECTOR_CHECK(make_folder(where.meta_dir));
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd root(::open(where.dir.c_str(), kFlags));
  if (!root && (errno == ELOOP || errno == ENOTDIR)) {
    if (::unlink(where.dir.c_str()) != 0) {
      return io_error("remove", where.dir, errno);
    }
  }
  if (!root) {
    DIRECTOR_CHECK(make_folder(where.dir));
    root = UniqueFd(::open(where.dir.c_str(), kFlags));
  }
  if (!root && errno == EACCES && ::chmod(where.dir.c_str(), 0755) == 0) {
    root = UniqueFd(::open(where.dir.c_str(), kFlags));
  }
  if (!root) {
    return io_error("open slot", where.dir, errno);
  }
  return OpenSlot{std::move(root), where.meta_dir + "/stat-cache"};
}

Result<std::size_t> restore_files(const ObjectStore& store, const OpenSlot& slot, const Oid& tree,
                                  const std::vector<std::string>& keep, SlotState& state) {
  StatCache& cache = *state.files;
  DIRECTOR_CHECK(cache.retarget(store, tree));
  RestoreRules rules(cache, keep);
  DIRECTOR_TRY(const std::vector<Found> found, scan(slot.root.get(), rules, 0755));
  Restorer restorer(store, slot.root.get(), cache);
  DIRECTOR_CHECK(restorer.compare(found));
  DIRECTOR_CHECK(restorer.write_missing());
  DIRECTOR_CHECK(restorer.remove_empty(rules.passages()));
  state.unsaved += restorer.written();
  return restorer.written();
}

}  // namespace director::vcs_git
