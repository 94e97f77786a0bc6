#include "core/platform/folder_record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "core/platform/open_folder.hpp"
#include "core/platform/os_error.hpp"
#include "core/platform/remove_tree.hpp"

namespace director::platform {
namespace {

constexpr std::string_view kFormat = "folders 1\n";
constexpr char kEnd = '\n';

enum class Step : std::uint8_t { In, Over, Stop };

struct Entry {
  int parent;  ///< an open folder
  std::string name;
  std::string path;
  struct stat info;
};

std::int64_t nanoseconds(const struct timespec& time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return time.tv_sec * kSecond + time.tv_nsec;
}

/// A folder's times and size change with what is put into it, which has an entry of its own.
std::string stamp_of(const struct stat& info) {
  std::string stamp = std::to_string(info.st_dev) + " " + std::to_string(info.st_ino) + " " +
                      std::to_string(info.st_mode) + " " + std::to_string(info.st_uid);
  if (!S_ISDIR(info.st_mode)) {
    stamp += " " + std::to_string(info.st_nlink) + " " + std::to_string(info.st_size) + " " +
             std::to_string(nanoseconds(info.st_mtim)) + " " +
             std::to_string(nanoseconds(info.st_ctim));
  }
  return stamp;
}

/// Looks at everything below a folder, outer things first.
class Walk {
 public:
  using Visit = std::function<Step(const Entry&)>;
  Walk(dev_t device, Visit visit) : device_(device), visit_(std::move(visit)) {}

  /// 0, or errno of what cannot be looked at; ECANCELED: the visitor stopped it.
  int look(int parent, const std::string& name, const std::string& path, int depth) {
    Entry entry{parent, name, path, {}};
    if (::fstatat(parent, name.c_str(), &entry.info, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? 0 : errno;
    }
    switch (visit_(entry)) {
      case Step::Stop:
        return ECANCELED;
      case Step::Over:
        return 0;
      case Step::In:
        break;
    }
    if (!S_ISDIR(entry.info.st_mode)) {
      return 0;
    }
    if (entry.info.st_dev != device_ || depth >= kDeepest) {
      return entry.info.st_dev != device_ ? EXDEV : ELOOP;
    }
    const UniqueFd folder(::openat(parent, name.c_str(), kOpenFolder));
    if (!folder) {
      return errno;
    }
    const Result<std::vector<std::string>> names = names_in(folder.get());
    if (!names) {
      return EIO;
    }
    for (const std::string& one : *names) {
      if (const int error = look(folder.get(), one, path + "/" + one, depth + 1); error != 0) {
        return error;
      }
    }
    return 0;
  }

 private:
  dev_t device_;
  Visit visit_;
};

/// 0 or errno, as of Walk.
int look_at_all(int root, const std::vector<std::string>& paths, const Walk::Visit& visit) {
  struct stat top {};
  if (::fstat(root, &top) != 0) {
    return errno;
  }
  Walk walk(top.st_dev, visit);
  for (const std::string& path : paths) {
    const bool is_inner = std::any_of(paths.begin(), paths.end(), [&path](const std::string& one) {
      return path.size() > one.size() && path.starts_with(one) && path[one.size()] == '/';
    });
    const std::size_t slash = path.rfind('/');
    const UniqueFd parent =
        open_below(root, slash == std::string::npos ? "" : path.substr(0, slash));
    if (is_inner || (!parent && errno == ENOENT)) {
      continue;
    }
    const int error =
        parent ? walk.look(parent.get(), path.substr(slash == std::string::npos ? 0 : slash + 1),
                           path, 0)
               : errno;
    if (error != 0) {
      return error;
    }
  }
  return 0;
}

/// Until a change has a later stamp than that one.
void outwait(std::int64_t stamp) {
  constexpr std::int64_t kTick = 20'000'000;  // of the coarsest clocks that file systems use
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (nanoseconds(now) - stamp < kTick) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kTick));
  }
}

using Stamps = std::unordered_map<std::string_view, std::string_view>;

/// By path, all in `record`; nullopt: it is none, or not whole.
std::optional<Stamps> read(std::string_view record) {
  if (!record.starts_with(kFormat) || record.size() == kFormat.size() || record.back() != kEnd) {
    return std::nullopt;
  }
  record = record.substr(kFormat.size(), record.size() - kFormat.size() - 1);
  Stamps known;
  while (!record.empty()) {
    const std::size_t path = record.find('\0');
    const std::size_t stamp = path == std::string_view::npos ? path : record.find('\0', path + 1);
    if (stamp == std::string_view::npos) {
      return std::nullopt;
    }
    known.emplace(record.substr(0, path), record.substr(path + 1, stamp - path - 1));
    record.remove_prefix(stamp + 1);
  }
  return known;
}

}  // namespace

Result<std::string> record_folders(int root, const std::vector<std::string>& paths) {
  std::string record(kFormat);
  std::int64_t newest = 0;
  const int error = look_at_all(root, paths, [&](const Entry& entry) {
    newest = std::max(newest, nanoseconds(entry.info.st_ctim));
    record.append(entry.path).push_back('\0');
    record.append(stamp_of(entry.info)).push_back('\0');
    return Step::In;
  });
  if (error != 0) {
    return os_error("cannot look at all of a slot's kept folders", error);
  }
  outwait(newest);
  return record + kEnd;
}

bool restore_folders(int root, const std::vector<std::string>& paths, std::string_view record) {
  const std::optional<Stamps> known = read(record);
  if (!known) {
    return false;
  }
  std::size_t left = 0;
  const int error = look_at_all(root, paths, [&](const Entry& entry) {
    const auto found = known->find(entry.path);
    if (found == known->end()) {
      return remove_tree(entry.parent, entry.name) ? Step::Over : Step::Stop;
    }
    ++left;
    return found->second == stamp_of(entry.info) ? Step::In : Step::Stop;
  });
  return error == 0 && left == known->size();
}

}  // namespace director::platform
