#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "scan.hpp"
#include "slot.hpp"
#include "tree_ignore.hpp"
#include "trees.hpp"

namespace director::vcs_git {
namespace {

// Up to here a file is read whole, which saves writing it when it is the same after all.
constexpr std::uint64_t kWholeFileSize = 16U << 20;
constexpr std::uint64_t kBytesLikeAFile = 16U << 10;
// How often a file that changes while it is read is tried again.
constexpr int kReadAttempts = 5;

class SnapshotRules final : public ScanRules {
 public:
  SnapshotRules(const StatCache& cache, IgnoreRules& ignore) : cache_(cache), ignore_(ignore) {
    strays_.known = true;
  }

  Visit enter(const std::string& path) override {
    if (cache_.holds(path)) {
      return Visit::Enter;
    }
    const CachedFile* file = cache_.find(path);
    if (file != nullptr && file->tree.mode == kModeSubmodule) {
      return Visit::Report;
    }
    const bool skip = ignore_.ignores(path, true);
    strays_.all.push_back({path, skip ? Stray::Kind::Skipped : Stray::Kind::Entered});
    return skip ? Visit::Skip : Visit::Enter;
  }
  // Where the base tree has files, those are looked at all the same; the ".git" is listed by
  // itself.
  bool is_nested_repository(const std::string& path) override { return !cache_.holds(path); }
  void keeps_odd_mode() override { strays_.known = false; }

  Strays take_strays() { return std::move(strays_); }

 private:
  const StatCache& cache_;
  IgnoreRules& ignore_;
  Strays strays_;
};

// What a path of the slot holds: an entry, or nothing that a tree can hold.
struct Content {
  TreeEntry entry;
  bool gone = false;
  bool other = false;
};

class Reader {
 public:
  Reader(const ObjectStore& store, int root) : store_(store), folders_(root) {}

  // `file` is what the cache knows of the path; it learns what is read.
  Result<Content> read(const Found& found, const CachedFile* file, FileStat* stat_read) {
    *stat_read = found.stat;
    if (file != nullptr && file->known && file->stat == found.stat) {
      return Content{{git_mode(found.stat.mode), file->blob}, false, false};
    }
    const int parent = folders_.find_parent(found.path);
    if (parent < 0) {
      return Content{{}, true, false};
    }
    const std::string name = name_of(found.path);
    if (found.kind == FoundKind::Symlink) {
      return read_symlink(parent, name);
    }
    for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
      Result<Content> content = read_regular(parent, name, file, stat_read);
      if (content || content.error().code() != Errc::Conflict) {
        return content;
      }
    }
    return Content{{}, false, true};
  }

  // Whether the folder at a submodule's place holds anything.
  Result<bool> is_empty(const Found& found) {
    const int parent = folders_.find_parent(found.path);
    int code = 0;
    const UniqueFd folder =
        parent < 0 ? UniqueFd() : open_directory(parent, name_of(found.path).c_str(), &code);
    if (!folder) {
      return parent < 0 || code == ENOENT;
    }
    DIRECTOR_TRY(const auto names, list_directory(folder.get()));
    return names.empty();
  }

  /// How many files it read; large ones count as several.
  [[nodiscard]] std::size_t effort() const { return files_ + bytes_ / kBytesLikeAFile; }

 private:
  static std::uint32_t git_mode(std::uint32_t mode) {
    if (S_ISLNK(mode)) {
      return kModeSymlink;
    }
    return (mode & S_IXUSR) != 0 ? kModeExecutable : kModeFile;
  }

  Result<Content> read_symlink(int parent, const std::string& name) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(parent, name.c_str(), target.data(), target.size());
    if (size < 0) {
      return Content{{}, errno == ENOENT, errno != ENOENT};
    }
    target.resize(static_cast<std::size_t>(size));
    DIRECTOR_TRY(const Oid blob, store_.write_blob(target));
    return Content{{kModeSymlink, blob}, false, false};
  }

  // Conflict: it shrank while it was read.
  Result<Content> read_regular(int parent, const std::string& name, const CachedFile* file,
                               FileStat* stat_read) {
    int code = 0;
    struct stat seen {};
    const UniqueFd fd = open_file(parent, name.c_str(), &code);
    if (!fd) {
      return Content{{}, code == ENOENT, code != ENOENT};
    }
    if (::fstat(fd.get(), &seen) != 0) {
      return io_error("look at", name, errno);
    }
    *stat_read = to_file_stat(seen);
    if (!S_ISREG(seen.st_mode)) {
      return Content{{}, false, true};
    }
    if (stat_read->size > kMaxFileSize || bytes_ + stat_read->size > kMaxReadBytes) {
      DIRECTOR_TRY(const std::uint64_t before, size_in_base(file));
      if (stat_read->size > before) {
        return Content{{}, false, true};
      }
    }
    ++files_;
    bytes_ += stat_read->size;
    DIRECTOR_TRY(const Oid blob, hash(fd.get(), stat_read->size, file));
    struct stat after {};
    if (::fstat(fd.get(), &after) != 0 || !(to_file_stat(after) == *stat_read)) {
      stat_read->inode = 0;  // it changed while it was read: remember nothing about it
    }
    return Content{{git_mode(seen.st_mode), blob}, false, false};
  }

  Result<std::uint64_t> size_in_base(const CachedFile* file) const {
    const bool is_file =
        file != nullptr && (file->tree.mode == kModeFile || file->tree.mode == kModeExecutable);
    return is_file ? store_.blob_size(file->tree.oid) : 0;
  }

  Result<Oid> hash(int fd, std::uint64_t size, const CachedFile* file) {
    if (size > kWholeFileSize) {
      return store_.write_blob_from(fd, size);
    }
    std::string bytes(static_cast<std::size_t>(size), '\0');
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t got = ::read(fd, bytes.data() + done, bytes.size() - done);
      if (got < 0 && errno != EINTR) {
        return io_error("read", "a file of the slot", errno);
      }
      if (got == 0) {
        return Error(Errc::Conflict, "cannot read a file of the slot: it shrank meanwhile");
      }
      done += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    if (file != nullptr && file->tree.exists()) {
      DIRECTOR_TRY(const Oid blob, store_.hash_blob(bytes));
      if (blob == file->tree.oid) {
        return blob;
      }
    }
    return store_.write_blob(bytes);
  }

  const ObjectStore& store_;
  Folders folders_;
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

class Snapshooter {
 public:
  Snapshooter(StatCache& cache, IgnoreRules& ignore, Reader& reader, Strays& strays)
      : cache_(cache), ignore_(ignore), reader_(reader), strays_(strays) {}

  Status compare(const std::vector<Found>& found) {
    auto at = found.begin();
    const std::size_t count = cache_.files().size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view path = cache_.files()[i].path;
      for (; at != found.end() && at->path < path; ++at) {
        DIRECTOR_CHECK(untracked(*at, nullptr));
      }
      const Found* here = at != found.end() && at->path == path ? &*at++ : nullptr;
      CachedFile& file = cache_.files()[i];
      if (file.tree.exists()) {
        DIRECTOR_CHECK(tracked(file, here));
      } else if (here != nullptr) {
        DIRECTOR_CHECK(untracked(*here, &file));
      } else {
        file.known = false;
      }
    }
    for (; at != found.end(); ++at) {
      DIRECTOR_CHECK(untracked(*at, nullptr));
    }
    return ok();
  }

  [[nodiscard]] const std::vector<PathChange>& edits() const { return edits_; }
  std::vector<change> take_changes() { return std::move(changes_); }

 private:
  static bool is_readable(const Found& found) {
    return found.kind == FoundKind::Regular || found.kind == FoundKind::Symlink;
  }

  void report(std::string_view path, const TreeEntry& before, const Content& now) {
    const PathChange edit{std::string(path), before, now.entry};
    change reported = to_change(edit);
    if (now.other) {
      reported.kind = before.exists() ? change_kind::modified : change_kind::added;
      reported.new_type = file_type::other;
    }
    changes_.push_back(std::move(reported));
    if (before.exists() || now.entry.exists()) {
      edits_.push_back(edit);
    }
  }

  Status tracked(CachedFile& file, const Found* here) {
    if (file.tree.mode == kModeSubmodule && (here == nullptr || !is_readable(*here))) {
      return submodule(here);
    }
    Content now;
    FileStat stat;
    now.gone = here == nullptr;
    now.other = here != nullptr && !is_readable(*here);
    if (here != nullptr && is_readable(*here)) {
      DIRECTOR_TRY(now, reader_.read(*here, &file, &stat));
    }
    file.known = now.entry.exists() && stat.inode != 0;
    file.stat = stat;
    file.blob = now.entry.oid;
    if (now.entry != file.tree) {
      report(file.path, file.tree, now);
    }
    return ok();
  }

  // The place of a submodule is an empty folder, or none at all; what else is there cannot land.
  Status submodule(const Found* here) {
    if (here == nullptr) {
      return ok();
    }
    if (here->kind == FoundKind::Directory) {
      DIRECTOR_TRY(const bool empty, reader_.is_empty(*here));
      if (empty) {
        return ok();
      }
    }
    changes_.push_back({change_kind::modified, here->path, file_type::submodule, file_type::other});
    return ok();
  }

  Status untracked(const Found& here, CachedFile* file) {
    strays_.all.push_back({here.path, Stray::Kind::Entry});
    if (ignore_.ignores(here.path, here.kind == FoundKind::Directory)) {
      return ok();
    }
    Content now;
    FileStat stat;
    now.other = !is_readable(here);
    if (is_readable(here)) {
      DIRECTOR_TRY(now, reader_.read(here, file, &stat));
      if (now.gone) {
        return ok();
      }
    }
    if (now.entry.exists() && stat.inode != 0) {
      if (file == nullptr) {
        cache_.add_untracked(here.path, stat, now.entry.oid);
      } else {
        file->stat = stat;
        file->blob = now.entry.oid;
        file->known = true;
      }
    }
    report(here.path, {}, now);
    return ok();
  }

  StatCache& cache_;
  IgnoreRules& ignore_;
  Reader& reader_;
  Strays& strays_;
  std::vector<PathChange> edits_;
  std::vector<change> changes_;
};

Result<Snapshot> snapshot_once(const ObjectStore& store, const OpenSlot& slot, const Oid& base,
                               const std::vector<std::string>& ignore, SlotState& state) {
  StatCache* cache = state.files.get();
  DIRECTOR_CHECK(cache->retarget(store, base));
  TreeIgnore tree_ignore(store, *cache, ignore);
  IgnoreRules& rules = tree_ignore.rules();
  SnapshotRules scan_rules(*cache, rules);
  DIRECTOR_TRY(const std::vector<Found> found, scan(slot.root.get(), scan_rules, 0));
  Reader reader(store, slot.root.get());
  Strays strays = scan_rules.take_strays();
  Snapshooter snapshooter(*cache, rules, reader, strays);
  DIRECTOR_CHECK(snapshooter.compare(found));
  DIRECTOR_CHECK(tree_ignore.readable());
  DIRECTOR_TRY(const Oid tree, edit_tree(store, base, snapshooter.edits()));
  state.unsaved += reader.effort();
  state.strays = std::move(strays);
  return Snapshot{tree, snapshooter.take_changes()};
}

}  // namespace

Result<Snapshot> take_snapshot(const ObjectStore& store, const OpenSlot& slot, const Oid& base,
                               const std::vector<std::string>& ignore, SlotState& state) {
  Result<Snapshot> taken = snapshot_once(store, slot, base, ignore, state);
  // The user's `git gc` may have taken a blob that the cache knows and no commit holds. Without the
  // cache every file is read and its blob written again.
  if (!taken && (::unlink(slot.cache_path.c_str()) == 0 || state.from_memory)) {
    state = SlotState{};
    state.files = std::make_unique<StatCache>();
    taken = snapshot_once(store, slot, base, ignore, state);
  }
  return taken;
}

}  // namespace director::vcs_git
