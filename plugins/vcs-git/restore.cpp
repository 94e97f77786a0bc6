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
      kept_.push_back(path);
      return Visit::Skip;
    }
    const bool leads_to_kept = holds_kept(path);
    if (leads_to_kept && !tracked(path) && !cache_.holds(path)) {
      passages_.push_back(path);
    }
    return (leads_to_kept && !tracked(path)) || cache_.holds(path) ? Visit::Enter : Visit::Report;
  }
  bool is_nested_repository(const std::string&) override { return false; }

  /// Untracked folders that were entered on the way to a kept one, outermost first.
  [[nodiscard]] const std::vector<std::string>& passages() const { return passages_; }
  /// Those that are to be kept and are there.
  [[nodiscard]] const std::vector<std::string>& kept() const { return kept_; }

  [[nodiscard]] bool holds_kept(std::string_view path) const {
    return std::any_of(keep_.begin(), keep_.end(),
                       [&](const std::string& kept) { return is_within(kept, path); });
  }
  /// Whether it is a kept folder, or in one.
  [[nodiscard]] bool is_kept(std::string_view path) const {
    return std::any_of(keep_.begin(), keep_.end(), [&](const std::string& kept) {
      return path == kept || is_within(path, kept);
    });
  }

 private:
  [[nodiscard]] bool tracked(std::string_view path) const {
    const CachedFile* file = cache_.find(path);
    return file != nullptr && file->tree.exists();
  }

  const StatCache& cache_;
  std::vector<std::string> keep_;
  std::vector<std::string> passages_;
  std::vector<std::string> kept_;
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

  // The same for what is known to be there. False: not all of it is; then a look is needed.
  Result<bool> compare_known(const RestoreRules& rules, Strays& strays) {
    std::vector<Stray> stay;
    for (Stray& one : strays.all) {
      if (one.kind != Stray::Kind::Entry && rules.is_kept(one.path)) {
        stay.push_back(std::move(one));
      } else if (is_in_the_way(one, rules)) {
        return false;
      } else if (!is_wanted(one)) {
        DIRECTOR_CHECK(remove(one.path));
      }
    }
    strays.all = std::move(stay);
    for (CachedFile& file : cache_.files()) {
      if (file.tree.exists()) {
        if (!is_intact(file, {{}, FoundKind::Regular, file.stat})) {
          missing_.push_back(&file);
        }
        continue;
      }
      file.known = false;
      const std::string_view outermost = outermost_without_files(file.path);
      if (rules.is_kept(file.path) || has_something_at(outermost)) {
        continue;
      }
      if (rules.holds_kept(outermost)) {
        return false;
      }
      DIRECTOR_CHECK(remove(outermost));
    }
    return true;
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

  // Something to be kept is in it, or the tree has files where nobody knows what is there.
  [[nodiscard]] bool is_in_the_way(const Stray& one, const RestoreRules& rules) const {
    return rules.holds_kept(one.path) ||
           (one.kind == Stray::Kind::Skipped && cache_.holds(one.path));
  }

  // The tree has something of that name by now.
  [[nodiscard]] bool is_wanted(const Stray& one) const {
    return one.kind == Stray::Kind::Entered ? has_something_at(one.path) : has_file(one.path);
  }
  [[nodiscard]] bool has_file(std::string_view path) const {
    const CachedFile* file = cache_.find(path);
    return file != nullptr && file->tree.exists();
  }
  [[nodiscard]] bool has_something_at(std::string_view path) const {
    return has_file(path) || cache_.holds(path);
  }

  // `path` itself, or the outermost folder around it that the tree has nothing in.
  [[nodiscard]] std::string_view outermost_without_files(std::string_view path) const {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
      if (const std::string_view folder = path.substr(0, slash); !cache_.holds(folder)) {
        return folder;
      }
    }
    return path;
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
  state.strays = {true, {}};
  for (const std::vector<std::string>* folders : {&rules.passages(), &rules.kept()}) {
    for (const std::string& path : *folders) {
      state.strays.all.push_back({path, Stray::Kind::Skipped});
    }
  }
  return restorer.written();
}

Result<std::size_t> restore_untouched(const ObjectStore& store, const OpenSlot& slot,
                                      const Oid& tree, const std::vector<std::string>& keep,
                                      SlotState& state) {
  struct stat top {};
  // The user may have removed the folder, or emptied it.
  if (!state.from_memory || !state.strays.known || ::fstat(slot.root.get(), &top) != 0 ||
      !(to_file_stat(top) == state.top)) {
    return restore_files(store, slot, tree, keep, state);
  }
  StatCache& cache = *state.files;
  DIRECTOR_CHECK(cache.retarget(store, tree));
  const RestoreRules rules(cache, keep);
  Restorer restorer(store, slot.root.get(), cache);
  DIRECTOR_TRY(const bool is_known, restorer.compare_known(rules, state.strays));
  if (!is_known) {
    return restore_files(store, slot, tree, keep, state);
  }
  DIRECTOR_CHECK(restorer.write_missing());
  state.unsaved += restorer.written();
  return restorer.written();
}

}  // namespace director::vcs_git
