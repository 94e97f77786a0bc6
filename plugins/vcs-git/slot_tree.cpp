#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "slot_fs.hpp"

namespace director::vcs_git {
namespace {

// Each level holds a descriptor open; deeper folders are moved up and removed afterwards.
constexpr int kRemoveDepth = 64;

class TreeRemover {
 public:
  explicit TreeRemover(int top) : top_(top) {}

  Status remove(int parent, const std::string& name) {
    DIRECTOR_CHECK(remove_at(parent, name, 0));
    while (!moved_.empty()) {
      const std::string next = std::move(moved_.back());
      moved_.pop_back();
      DIRECTOR_CHECK(remove_at(top_, next, 0));
    }
    return ok();
  }

 private:
  Status remove_at(int parent, const std::string& name, int depth) {
    // Twice: a folder that needed permissions, or got another entry meanwhile.
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
        return ok();
      }
      if (errno != EISDIR && errno != EPERM && errno != EACCES) {
        return io_error("remove", name, errno);
      }
      if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
        return ok();
      }
      if (depth >= kRemoveDepth) {
        return move_up(parent, name);
      }
      int code = 0;
      const UniqueFd folder = open_directory(parent, name.c_str(), &code);
      if (!folder) {
        if (code == ENOENT || code == ENOTDIR || code == ELOOP) {
          continue;
        }
        return io_error("remove", name, code);
      }
      DIRECTOR_CHECK(empty(folder.get(), depth));
    }
    return Error(Errc::Io, "cannot remove " + printable(name) + ": it comes back or is protected");
  }

  Status empty(int folder, int depth) {
    struct stat seen {};
    if (::fstat(folder, &seen) == 0 && (seen.st_mode & 0700U) != 0700U) {
      ::fchmod(folder, 0700);
    }
    DIRECTOR_TRY(const auto names, list_directory(folder));
    for (const auto& [name, type] : names) {
      DIRECTOR_CHECK(remove_at(folder, name, depth + 1));
    }
    return ok();
  }

  Status move_up(int parent, const std::string& name) {
    for (;; ++serial_) {
      std::string target = ".director-removed-" + std::to_string(serial_);
      struct stat seen {};
      if (::fstatat(top_, target.c_str(), &seen, AT_SYMLINK_NOFOLLOW) == 0) {
        continue;
      }
      if (::renameat(parent, name.c_str(), top_, target.c_str()) != 0) {
        return errno == ENOENT ? ok() : Status(io_error("remove", name, errno));
      }
      moved_.push_back(std::move(target));
      return ok();
    }
  }

  int top_;
  unsigned serial_ = 0;
  std::vector<std::string> moved_;
};

}  // namespace

Status remove_tree(int top, int parent, const std::string& name) {
  return TreeRemover(top).remove(parent, name);
}

// Closes what is open beyond the part of `folder` that is already entered; the names still to
// enter.
std::vector<std::string_view> Folders::rewind(std::string_view folder) {
  std::vector<std::string_view> names;
  while (!folder.empty()) {
    const std::size_t slash = folder.find('/');
    names.push_back(folder.substr(0, slash));
    folder = slash == std::string_view::npos ? std::string_view() : folder.substr(slash + 1);
  }
  std::size_t common = 0;
  while (common < names.size() && common < stack_.size() && stack_[common].first == names[common]) {
    ++common;
  }
  stack_.resize(common);
  names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(common));
  return names;
}

int Folders::find_parent(std::string_view path) {
  for (const std::string_view part : rewind(folder_of(path))) {
    std::string name(part);
    int code = 0;
    UniqueFd next = open_directory(current(), name.c_str(), &code);
    if (!next) {
      return -1;
    }
    stack_.emplace_back(std::move(name), std::move(next));
  }
  return current();
}

Result<int> Folders::make_parent(std::string_view path) {
  for (const std::string_view part : rewind(folder_of(path))) {
    std::string name(part);
    int code = 0;
    UniqueFd next = open_directory(current(), name.c_str(), &code);
    if (!next) {
      if (code != ENOENT) {
        DIRECTOR_CHECK(remove_tree(root_, current(), name));
      }
      if (::mkdirat(current(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return io_error("create folder", path, errno);
      }
      next = open_directory(current(), name.c_str(), &code);
      if (!next) {
        return io_error("open folder", path, code);
      }
      if (::fchmod(next.get(), 0755) != 0) {
        return io_error("set the mode of folder", path, errno);
      }
    }
    stack_.emplace_back(std::move(name), std::move(next));
  }
  return current();
}

}  // namespace director::vcs_git
