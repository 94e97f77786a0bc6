#include "core/platform/repository_caches.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "core/platform/disk_file_store.hpp"
#include "core/platform/disk_slot_folders.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/remove_tree.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNote = "repository";

/// Whether there is certainly nothing there: neither a folder that may not be entered nor a disk
/// that fails says so.
bool is_gone(const fs::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool has_entries(const fs::path& folder) {
  std::error_code error;
  return !fs::is_empty(folder, error) && !error;
}

/// A slot's note is there from before its agent begins until its work is safe.
std::vector<fs::path> work_in(const fs::path& cache) {
  std::vector<fs::path> found;
  const Result<std::vector<std::string>> slots = DiskSlotFolders(cache / "slots").list();
  for (const std::string& name : slots ? *slots : std::vector<std::string>()) {
    if (!is_gone(cache / "slots" / (name + ".meta") / "in-use.json")) {
      found.push_back(cache / "slots" / name);
    }
  }
  if (has_entries(cache / "gates")) {
    found.push_back(cache / "gates");
  }
  return found;
}

}  // namespace

Status note_repository(const fs::path& cache, const fs::path& repository) {
  DiskFileStore files;
  const fs::path note = cache / kNote;
  if (const Result<std::string> there = files.read(note); there && *there == repository.string()) {
    std::error_code error;  // without a flush: it is done at each start
    fs::last_write_time(note, fs::file_time_type::clock::now(), error);
    if (!error) {
      return ok();
    }
  }
  return files.write(note, repository.string());
}

std::vector<GoneRepository> gone_repositories(const fs::path& root) {
  std::vector<GoneRepository> found;
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat note {};
    const fs::path file = entry->path() / kNote;
    if (::lstat(file.c_str(), &note) != 0 || !S_ISREG(note.st_mode)) {
      continue;
    }
    std::ifstream in(file, std::ios::binary);
    const std::string repository{std::istreambuf_iterator<char>(in), {}};
    // Half a note would name a folder that never was.
    if (!in || entry->path().filename() != cache_name(repository) || !is_gone(repository)) {
      continue;
    }
    found.push_back({entry->path(), repository,
                     ports::WallTime(std::chrono::seconds(note.st_mtim.tv_sec)),
                     work_in(entry->path())});
  }
  std::sort(found.begin(), found.end(),
            [](const GoneRepository& a, const GoneRepository& b) { return a.cache < b.cache; });
  return found;
}

Status remove_cache_of(const GoneRepository& gone) {
  if (gone.work.empty()) {
    return remove_tree(gone.cache);
  }
  DiskSlotFolders slots(gone.cache / "slots");
  DIRECTOR_TRY(const std::vector<std::string> names, slots.list());
  Status done = slots.mend();
  for (const std::string& name : names) {
    const bool is_wanted = std::find(gone.work.begin(), gone.work.end(),
                                     gone.cache / "slots" / name) != gone.work.end();
    if (Status removed = is_wanted ? ok() : slots.remove(name); !removed) {
      done = std::move(removed);
    }
  }
  for (const char* other : {"plugins", "tmp"}) {
    if (Status removed = remove_tree(gone.cache / other); !removed) {
      done = std::move(removed);
    }
  }
  return done;
}

}  // namespace director::platform
