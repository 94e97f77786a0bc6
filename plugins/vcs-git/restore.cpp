#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "restore_rules.hpp"
#include "scan.hpp"
#include "slot.hpp"
#include "tree_ignore.hpp"

namespace director::vcs_git {
namespace {

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
  Restorer(const ObjectStore& store, int root, StatCache& cache, const RestoreRules& rules)
      : store_(store), root_(root), cache_(cache), rules_(rules), folders_(root) {}

  // Removes what does not belong, and leaves in `missing_` what is to be written.
  Status compare(const std::vector<Found>& found) {
    auto at = found.begin();
    for (CachedFile& file : cache_.files()) {
      for (; at != found.end() && at->path < file.path; ++at) {
        DIRECTOR_CHECK(remove_unless_kept(at->path));
      }
      const Found* here = at != found.end() && at->path == file.path ? &*at++ : nullptr;
      if (file.tree.exists()) {
        if (here == nullptr || !is_intact(file, *here)) {
          missing_.push_back(&file);
        }
        continue;
      }
      file.known = false;
      if (!rules_.kept_around(file.path).empty()) {
        DIRECTOR_CHECK(remove_in_kept(file.path));
      } else if (here != nullptr) {
        DIRECTOR_CHECK(remove(here->path));
      }
    }
    for (; at != found.end(); ++at) {
      DIRECTOR_CHECK(remove_unless_kept(at->path));
    }
    return ok();
  }

  // The same for what is known to be there. False: not all of it is; then a look is needed.
  Result<bool> compare_known(Strays& strays) {
    for (Stray& one : strays.all) {
      if (is_in_the_way(one)) {
        return false;
      }
      if (stays(one)) {
        kept_.push_back(std::move(one));
      } else if (!is_wanted(one)) {
        DIRECTOR_CHECK(remove(one.path));
      }
    }
    for (CachedFile& file : cache_.files()) {
      if (file.tree.exists()) {
        if (!is_intact(file, {{}, FoundKind::Regular, file.stat})) {
          missing_.push_back(&file);
        }
        continue;
      }
      file.known = false;
      if (!rules_.kept_around(file.path).empty()) {
        DIRECTOR_CHECK(remove_in_kept(file.path));
        continue;
      }
      const std::string_view outermost = outermost_without_files(file.path);
      if (has_something_at(outermost)) {
        continue;
      }
      if (rules_.holds_kept(outermost)) {
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

  // Whether the tree and the last one differ in a kept folder, where a later process would not know
  // what is the last one's.
  [[nodiscard]] bool changed_kept() const {
    return forgot_ || std::any_of(missing_.begin(), missing_.end(), [this](auto* file) {
             return !rules_.kept_around(file->path).empty();
           });
  }

  // Those of the folders that are empty, and those that something was removed from.
  Status remove_empty(std::vector<std::string> folders) {
    folders.insert(folders.end(), emptied_.begin(), emptied_.end());
    for (auto path = folders.rbegin(); path != folders.rend(); ++path) {
      const int parent = folders_.find_parent(*path);
      if (parent >= 0 && ::unlinkat(parent, name_of(*path).c_str(), AT_REMOVEDIR) != 0 &&
          errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT && errno != ENOTDIR) {
        return io_error("remove", *path, errno);
      }
    }
    return ok();
  }

  /// What stays although the tree does not have it, beside the folders that the rules know of.
  std::vector<Stray> take_kept() { return std::move(kept_); }

 private:
  // The very file that we wrote or hashed, with its own mode, and with no other name that somebody
  // could change it by.
  static bool is_intact(const CachedFile& file, const Found& here) {
    return file.known && file.tree.mode != kModeSubmodule && file.stat == here.stat &&
           file.blob == file.tree.oid && here.stat.mode == disk_mode(file.tree.mode) &&
           here.stat.links == 1;
  }

  // Something to be kept is in it, the tree has files where nobody knows what is there, or it has
  // to be looked at what of it is kept.
  [[nodiscard]] bool is_in_the_way(const Stray& one) const {
    if (one.kind == Stray::Kind::Skipped && cache_.holds(one.path)) {
      return true;
    }
    if (one.kind == Stray::Kind::Entry || rules_.kept_around(one.path).empty()) {
      return rules_.holds_kept(one.path);
    }
    return !has_something_at(one.path) &&
           (one.kind == Stray::Kind::Skipped ? !rules_.keeps_whole(one.path)
                                             : !rules_.keeps(one.path, true));
  }

  [[nodiscard]] bool stays(const Stray& one) const {
    return !has_something_at(one.path) && rules_.keeps(one.path, one.kind != Stray::Kind::Entry);
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

  Status remove_unless_kept(const std::string& path) {
    if (rules_.keeps(path, false)) {
      kept_.push_back({path, Stray::Kind::Entry});
      return ok();
    }
    return remove(path);
  }

  // What the last tree had in a kept folder, or a snapshot took for a candidate, and the folders
  // that held nothing else.
  Status remove_in_kept(std::string_view path) {
    forgot_ = true;
    const std::size_t outermost = emptied_.size();
    for (std::string_view folder = folder_of(path); folder.size() > rules_.kept_around(path).size();
         folder = folder_of(folder)) {
      emptied_.insert(emptied_.begin() + static_cast<std::ptrdiff_t>(outermost),
                      std::string(folder));
    }
    return remove(path);
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
  const RestoreRules& rules_;
  Folders folders_;
  std::vector<CachedFile*> missing_;
  std::vector<Stray> kept_;
  std::vector<std::string> emptied_;  // of each path the outermost first
  bool forgot_ = false;               // something that the last tree had in a kept folder
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
  TreeIgnore ignore(store, cache, {});
  RestoreRules rules(cache, ignore.rules(), keep);
  DIRECTOR_TRY(const std::vector<Found> found, scan(slot.root.get(), rules, 0755));
  Restorer restorer(store, slot.root.get(), cache, rules);
  DIRECTOR_CHECK(restorer.compare(found));
  DIRECTOR_CHECK(ignore.readable());
  DIRECTOR_CHECK(restorer.write_missing());
  DIRECTOR_CHECK(restorer.remove_empty(rules.passages()));
  state.unsaved += restorer.written();
  state.is_due = state.is_due || restorer.changed_kept();
  state.strays = {true, restorer.take_kept()};
  state.strays.all.insert(state.strays.all.end(), rules.kept().begin(), rules.kept().end());
  for (const std::string& path : rules.passages()) {
    state.strays.all.push_back({path, Stray::Kind::Skipped});
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
  TreeIgnore ignore(store, cache, {});
  const RestoreRules rules(cache, ignore.rules(), keep);
  Restorer restorer(store, slot.root.get(), cache, rules);
  DIRECTOR_TRY(const bool is_known, restorer.compare_known(state.strays));
  DIRECTOR_CHECK(ignore.readable());
  if (!is_known) {
    return restore_files(store, slot, tree, keep, state);
  }
  DIRECTOR_CHECK(restorer.write_missing());
  DIRECTOR_CHECK(restorer.remove_empty({}));
  state.strays.all = restorer.take_kept();
  state.unsaved += restorer.written();
  state.is_due = state.is_due || restorer.changed_kept();
  return restorer.written();
}

}  // namespace director::vcs_git
