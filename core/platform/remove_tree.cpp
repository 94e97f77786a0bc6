#include "core/platform/remove_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/platform/open_folder.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/unique_fd.hpp"

namespace director::platform {
namespace {

// Each level holds a descriptor open; deeper folders are moved up and removed afterwards.
constexpr int kOpenAtOnce = 64;  ///< descriptors

Error cannot_remove(const std::string& name, int code) {
  return os_error("cannot remove '" + text::printable(name) + "'", code);
}

/// By way of a path descriptor, since chmod by name follows links.
void make_accessible(int parent, const std::string& name) {
  const UniqueFd handle(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat seen {};
  if (handle && ::fstat(handle.get(), &seen) == 0 && S_ISDIR(seen.st_mode)) {
    ::chmod(("/proc/self/fd/" + std::to_string(handle.get())).c_str(), 0700);
  }
}

UniqueFd open_folder(int parent, const std::string& name) {
  UniqueFd fd(::openat(parent, name.c_str(), kOpenFolder));
  if (!fd && errno == EACCES) {
    make_accessible(parent, name);
    fd = UniqueFd(::openat(parent, name.c_str(), kOpenFolder));
  }
  return fd;
}

class Remover {
 public:
  Remover(int top, dev_t device) : top_(top), device_(device) {}

  Status remove(const std::string& name) {
    Status done = remove_at(top_, name, 0);
    while (!moved_.empty()) {
      const std::string next = std::move(moved_.back());
      moved_.pop_back();
      if (Status more = remove_at(top_, next, 0); !more) {
        done = std::move(more);
      }
    }
    return done;
  }

 private:
  Status remove_at(int parent, const std::string& name, int depth) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
      return ok();
    }
    if (errno != EISDIR && errno != EPERM && errno != EACCES) {
      return cannot_remove(name, errno);
    }
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
      return ok();
    }
    if (depth >= kOpenAtOnce) {
      return move_up(parent, name);
    }
    const UniqueFd folder = open_folder(parent, name);
    if (!folder) {
      return cannot_remove(name, errno);
    }
    DIRECTOR_CHECK(empty(folder.get(), name, depth));
    return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT
               ? ok()
               : Status(cannot_remove(name, errno));
  }

  Status empty(int folder, const std::string& name, int depth) {
    struct stat seen {};
    if (::fstat(folder, &seen) != 0) {
      return cannot_remove(name, errno);
    }
    if (seen.st_dev != device_) {
      return Error(Errc::Io, "cannot remove '" + text::printable(name) +
                                 "': another file system is mounted there; unmount it");
    }
    ::fchmod(folder, 0700);
    const DirStream dir(::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0)));
    if (!dir) {
      return cannot_remove(name, errno);
    }
    std::vector<std::string> names;
    while (const struct dirent* entry = ::readdir(dir.get())) {
      const std::string one = entry->d_name;
      if (one != "." && one != "..") {
        names.push_back(one);
      }
    }
    Status done = ok();
    for (const std::string& one : names) {
      if (Status removed = remove_at(folder, one, depth + 1); !removed) {
        done = std::move(removed);
      }
    }
    return done;
  }

  Status move_up(int parent, const std::string& name) {
    for (;; ++serial_) {
      std::string target = ".removed-deep-" + std::to_string(serial_);
      struct stat seen {};
      if (::fstatat(top_, target.c_str(), &seen, AT_SYMLINK_NOFOLLOW) == 0) {
        continue;
      }
      make_accessible(parent, name);  // moving a folder writes its own ".."
      if (::renameat(parent, name.c_str(), top_, target.c_str()) != 0) {
        return cannot_remove(name, errno);
      }
      moved_.push_back(std::move(target));
      return ok();
    }
  }

  int top_;
  dev_t device_;
  unsigned serial_ = 0;
  std::vector<std::string> moved_;
};

}  // namespace

Status remove_tree(int parent, const std::string& name) {
  struct stat top {};
  if (::fstat(parent, &top) != 0) {
    return cannot_remove(name, errno);
  }
  return Remover(parent, top.st_dev).remove(name);
}

Status remove_tree(const std::filesystem::path& path) {
  const std::filesystem::path whole = path.has_filename() ? path : path.parent_path();
  const UniqueFd parent(
      ::open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!parent) {
    return errno == ENOENT ? ok() : Status(cannot_remove(path.string(), errno));
  }
  return remove_tree(parent.get(), whole.filename().string());
}

}  // namespace director::platform
