#include "scan.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace director::vcs_git {
namespace {

// A descriptor is held open for each level that leads to a folder still to be looked at.
constexpr int kMaxFolderDepth = 200;

using Names = std::vector<std::pair<std::string, unsigned char>>;

/// What a folder holds. Those that were entered come before the entry of their place.
struct Folder {
  std::string path;
  int depth = 0;
  std::vector<Found> found;
  std::vector<std::pair<std::size_t, std::unique_ptr<Folder>>> entered;
};

/// A folder that is still to be looked at, by its name in one that is open.
struct Task {
  Folder* folder = nullptr;
  std::shared_ptr<const UniqueFd> parent;
  std::string name;
  FileStat stat;
};

// With '/' after a folder's name, so that whole paths come out sorted.
void sort_like_paths(Names& names) {
  for (auto& [name, type] : names) {
    if (type == DT_DIR) {
      name += '/';
    }
  }
  std::sort(names.begin(), names.end());
  for (auto& [name, type] : names) {
    if (type == DT_DIR) {
      name.pop_back();
    }
  }
}

void gather(Folder& folder, std::vector<Found>& all) {
  std::size_t at = 0;
  const auto gather_until = [&](std::size_t end) {
    for (; at < end; ++at) {
      all.push_back(std::move(folder.found[at]));
    }
  };
  for (const auto& [place, inner] : folder.entered) {
    gather_until(place);
    gather(*inner, all);
  }
  gather_until(folder.found.size());
}

/// Looks on several threads where there is much to look at: it is the kernel's time that counts,
/// and the kernel looks for each of them at once.
class Scanner {
 public:
  Scanner(int root, ScanRules& rules, std::uint32_t directory_mode)
      : root_(root), rules_(rules), directory_mode_(directory_mode) {}

  Result<std::vector<Found>> run() {
    Folder top;
    DIRECTOR_CHECK(directory(root_, nullptr, top));
    work();
    for (std::thread& helper : helpers_) {
      helper.join();
    }
    if (failed_) {
      return *failed_;
    }
    std::vector<Found> all;
    all.reserve(looked_at_);
    gather(top, all);
    const auto by_path = [](const Found& a, const Found& b) { return a.path < b.path; };
    if (!std::is_sorted(all.begin(), all.end(), by_path)) {
      std::sort(all.begin(), all.end(), by_path);
    }
    return all;
  }

 private:
  // Starting a thread takes as long as a look at some fifty files.
  static constexpr std::size_t kMuch = 1000;
  static constexpr unsigned kMostThreads = 4;

  /// Until no folder is left.
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return failed_ || !tasks_.empty() || busy_ == 0; });
      if (failed_ || tasks_.empty()) {
        return;
      }
      const Task task = std::move(tasks_.back());
      tasks_.pop_back();
      ++busy_;
      call_for_help();
      lock.unlock();
      const Status looked = look(task);
      lock.lock();
      --busy_;
      if (!looked && !failed_) {
        failed_ = looked.error();
      }
      changed_.notify_all();
    }
  }

  void call_for_help() {
    const unsigned most = std::min(kMostThreads, std::thread::hardware_concurrency());
    if (looked_at_ < kMuch || tasks_.empty() || no_help_ || helpers_.size() + 1 >= most) {
      return;
    }
    try {
      helpers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      no_help_ = true;  // the machine has no thread left
    }
  }

  Status look(const Task& task) {
    try {
      return enter(task);
    } catch (const std::exception& error) {  // it may be a helper that it ends
      return Error(Errc::Internal,
                   "cannot look at " + printable(task.folder->path) + ": " + error.what());
    }
  }

  Status enter(const Task& task) {
    int code = 0;
    const auto fd =
        std::make_shared<const UniqueFd>(open_directory(parent_of(task), task.name.c_str(), &code));
    if (*fd) {
      return directory(fd->get(), fd, *task.folder);
    }
    if (code == ENOENT) {
      return ok();
    }
    if (code == EMFILE || code == ENFILE || code == ENOMEM) {
      return io_error("open folder", task.folder->path, code);
    }
    // Unreadable, or something else by now: there is something, and what it is cannot be told.
    task.folder->found.push_back({task.folder->path, FoundKind::Other, task.stat});
    return ok();
  }

  // `shared` holds `fd`, or is null for the root.
  Status directory(int fd, const std::shared_ptr<const UniqueFd>& shared, Folder& folder) {
    struct stat seen {};
    if (::fstat(fd, &seen) != 0) {
      return io_error("look at", folder.path, errno);
    }
    if (directory_mode_ != 0 && (seen.st_mode & 07777U) != directory_mode_ &&
        ::fchmod(fd, directory_mode_) != 0) {
      return io_error("set the mode of", folder.path, errno);
    }
    if (directory_mode_ == 0 && (seen.st_mode & 07777U) != 0755) {
      const std::lock_guard lock(rules_mutex_);
      rules_.keeps_odd_mode();
    }
    DIRECTOR_TRY(Names names, list_directory(fd));
    const auto is_git = [](const auto& entry) { return entry.first == ".git"; };
    if (folder.depth == 0) {
      std::erase_if(names, is_git);
    } else if (std::any_of(names.begin(), names.end(), is_git) && is_nested_repository(folder)) {
      folder.found.push_back({folder.path, FoundKind::Other, to_file_stat(seen)});
      return ok();
    }
    sort_like_paths(names);
    const std::string prefix = folder.path.empty() ? "" : folder.path + "/";
    std::vector<Task> inner;
    for (const auto& [name, type] : names) {
      DIRECTOR_CHECK(entry(fd, name, prefix + name, folder, inner));
    }
    for (Task& task : inner) {
      task.parent = shared;
    }
    const std::lock_guard lock(mutex_);
    looked_at_ += names.size();
    // The last comes out first.
    tasks_.insert(tasks_.end(), std::make_move_iterator(inner.rbegin()),
                  std::make_move_iterator(inner.rend()));
    changed_.notify_all();
    return ok();
  }

  Status entry(int parent, const std::string& name, const std::string& path, Folder& folder,
               std::vector<Task>& inner) {
    struct stat seen {};
    if (::fstatat(parent, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? ok() : Status(io_error("look at", path, errno));
    }
    const FileStat stat = to_file_stat(seen);
    const bool named_well = is_entry_name(name);
    FoundKind kind = FoundKind::Other;
    if (named_well && S_ISDIR(seen.st_mode)) {
      switch (rule_for(path)) {
        case Visit::Skip:
          return ok();
        case Visit::Report:
          kind = FoundKind::Directory;
          break;
        case Visit::Enter:
          if (folder.depth + 1 < kMaxFolderDepth) {
            auto below = std::make_unique<Folder>(Folder{path, folder.depth + 1, {}, {}});
            inner.push_back({below.get(), nullptr, name, stat});
            folder.entered.emplace_back(folder.found.size(), std::move(below));
            return ok();
          }
          break;
      }
    } else if (named_well && S_ISREG(seen.st_mode)) {
      kind = FoundKind::Regular;
    } else if (named_well && S_ISLNK(seen.st_mode)) {
      kind = FoundKind::Symlink;
    }
    folder.found.push_back({path, kind, stat});
    return ok();
  }

  [[nodiscard]] int parent_of(const Task& task) const {
    return task.parent ? task.parent->get() : root_;
  }
  Visit rule_for(const std::string& path) {
    const std::lock_guard lock(rules_mutex_);
    return rules_.enter(path);
  }
  bool is_nested_repository(const Folder& folder) {
    const std::lock_guard lock(rules_mutex_);
    return rules_.is_nested_repository(folder.path);
  }

  int root_;
  ScanRules& rules_;
  std::mutex rules_mutex_;
  std::uint32_t directory_mode_;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::vector<std::thread> helpers_;
  std::size_t looked_at_ = 0;
  int busy_ = 0;
  bool no_help_ = false;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::vector<Found>> scan(int root, ScanRules& rules, std::uint32_t directory_mode) {
  return Scanner(root, rules, directory_mode).run();
}

}  // namespace director::vcs_git
