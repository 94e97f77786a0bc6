#include "scan.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace director::vcs_git {
namespace {

// A descriptor is held open for each level, and recursion is bounded.
constexpr int kMaxDepth = 200;

using Names = std::vector<std::pair<std::string, unsigned char>>;

class Scanner {
 public:
  Scanner(ScanRules& rules, std::uint32_t directory_mode)
      : rules_(rules), directory_mode_(directory_mode) {}

  Status directory(int fd, const std::string& path, int depth) {
    struct stat seen {};
    if (::fstat(fd, &seen) != 0) {
      return io_error("look at", path, errno);
    }
    if (directory_mode_ != 0 && (seen.st_mode & 07777U) != directory_mode_ &&
        ::fchmod(fd, directory_mode_) != 0) {
      return io_error("set the mode of", path, errno);
    }
    DIRECTOR_TRY(Names names, list_directory(fd));
    const auto is_git = [](const auto& entry) { return entry.first == ".git"; };
    if (depth == 0) {
      std::erase_if(names, is_git);
    } else if (std::any_of(names.begin(), names.end(), is_git) &&
               rules_.is_nested_repository(path)) {
      found_.push_back({path, FoundKind::Other, to_file_stat(seen)});
      return ok();
    }
    sort_like_paths(names);
    const std::string prefix = path.empty() ? "" : path + "/";
    for (const auto& [name, type] : names) {
      DIRECTOR_CHECK(entry(fd, name, prefix + name, depth));
    }
    return ok();
  }

  std::vector<Found> take() {
    const auto by_path = [](const Found& a, const Found& b) { return a.path < b.path; };
    if (!std::is_sorted(found_.begin(), found_.end(), by_path)) {
      std::sort(found_.begin(), found_.end(), by_path);
    }
    return std::move(found_);
  }

 private:
  // With '/' after a folder's name, so that whole paths come out sorted.
  static void sort_like_paths(Names& names) {
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

  Status entry(int parent, const std::string& name, const std::string& path, int depth) {
    struct stat seen {};
    if (::fstatat(parent, name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? ok() : Status(io_error("look at", path, errno));
    }
    const FileStat stat = to_file_stat(seen);
    const bool named_well = is_entry_name(name);
    if (named_well && S_ISDIR(seen.st_mode)) {
      return folder(parent, name, path, stat, depth);
    }
    FoundKind kind = FoundKind::Other;
    if (named_well && S_ISREG(seen.st_mode)) {
      kind = FoundKind::Regular;
    } else if (named_well && S_ISLNK(seen.st_mode)) {
      kind = FoundKind::Symlink;
    }
    found_.push_back({path, kind, stat});
    return ok();
  }

  Status folder(int parent, const std::string& name, const std::string& path, const FileStat& stat,
                int depth) {
    switch (rules_.enter(path)) {
      case Visit::Skip:
        return ok();
      case Visit::Report:
        found_.push_back({path, FoundKind::Directory, stat});
        return ok();
      case Visit::Enter:
        break;
    }
    if (depth + 1 >= kMaxDepth) {
      found_.push_back({path, FoundKind::Other, stat});
      return ok();
    }
    int code = 0;
    const UniqueFd fd = open_directory(parent, name.c_str(), &code);
    if (fd) {
      return directory(fd.get(), path, depth + 1);
    }
    if (code == ENOENT) {
      return ok();
    }
    if (code == EMFILE || code == ENFILE || code == ENOMEM) {
      return io_error("open folder", path, code);
    }
    // Unreadable, or something else by now: there is something, and what it is cannot be told.
    found_.push_back({path, FoundKind::Other, stat});
    return ok();
  }

  ScanRules& rules_;
  std::uint32_t directory_mode_;
  std::vector<Found> found_;
};

}  // namespace

Result<std::vector<Found>> scan(int root, ScanRules& rules, std::uint32_t directory_mode) {
  Scanner scanner(rules, directory_mode);
  DIRECTOR_CHECK(scanner.directory(root, "", 0));
  return scanner.take();
}

}  // namespace director::vcs_git
