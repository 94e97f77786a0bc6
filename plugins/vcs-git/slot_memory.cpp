#include "slot_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace director::vcs_git {
namespace {

// What was learned of files is worth a new cache file beyond this; below, reading or writing them
// again is cheaper.
constexpr std::size_t kWorthSaving = 256;
// Slots of large repositories beyond this live in their files alone.
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::int64_t newest(const FileStat& stat) { return std::max(stat.ctime_ns, stat.mtime_ns); }

// Whether a change of a file whose stamps were looked at always shows in them, however soon it
// comes: Linux 6.13 and later, on the file systems that take part. Two writes within one tick tell.
bool fine_stamps_in(const std::string& probe) {
  constexpr int kTries = 3;
  bool fine = false;
  const UniqueFd fd(::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  for (int i = 0; fd && !fine && i < kTries; ++i) {
    struct stat before {};
    struct stat after {};
    const std::int64_t tick = file_clock_ns();
    const bool looked = ::write(fd.get(), "1", 1) == 1 && ::fstat(fd.get(), &before) == 0 &&
                        ::write(fd.get(), "2", 1) == 1 && ::fstat(fd.get(), &after) == 0;
    fine = looked && file_clock_ns() == tick && newest(to_file_stat(after)) > tick &&
           newest(to_file_stat(before)) < newest(to_file_stat(after));
  }
  ::unlink(probe.c_str());
  return fine;
}

}  // namespace

std::shared_ptr<SlotMemory> SlotMemory::shared() {
  static std::mutex mutex;
  static std::weak_ptr<SlotMemory> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<SlotMemory> memory = known.lock();
  if (memory == nullptr) {
    memory = std::make_shared<SlotMemory>();
    known = memory;
  }
  return memory;
}

SlotState SlotMemory::take(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (auto found = slots_.extract(path)) {
      bytes_ -= found.mapped().files->bytes();
      return std::move(found.mapped());
    }
  }
  SlotState state;
  state.files = StatCache::load(path);
  if (state.files->files().empty()) {
    state.unsaved = kWorthSaving;
  }
  return state;
}

Status SlotMemory::give(const std::string& path, int root, SlotState state) {
  if (!stamps_are_fine(path, root)) {
    const std::int64_t now = file_clock_ns();
    state.files->doubt_from(now);
    const auto is_doubtful = [now](const auto& file) { return newest(file.second) >= now; };
    if (std::any_of(state.clone.files.begin(), state.clone.files.end(), is_doubtful)) {
      state.clone = CloneStamp{};
    }
  }
  state.files->tidy();
  if (state.unsaved >= kWorthSaving || state.is_due) {
    DIRECTOR_CHECK(state.files->save(path));
    state.unsaved = 0;
    state.is_due = false;
  }
  struct stat top {};
  state.top = ::fstat(root, &top) == 0 ? to_file_stat(top) : FileStat{};
  state.from_memory = true;
  const std::size_t size = state.files->bytes();
  {
    const std::lock_guard lock(mutex_);
    // Nobody else uses the slot meanwhile; if somebody did, the first to give it back counts.
    if (bytes_ + size <= kMostBytes && slots_.try_emplace(path, std::move(state)).second) {
      bytes_ += size;
      return ok();
    }
  }
  return state.unsaved == 0 ? ok() : state.files->save(path);
}

bool SlotMemory::stamps_are_fine(const std::string& path, int root) {
  struct stat top {};
  struct stat beside {};
  const std::string folder = path.substr(0, path.rfind('/'));
  if (::fstat(root, &top) != 0 || ::stat(folder.c_str(), &beside) != 0 ||
      top.st_dev != beside.st_dev) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  const auto [known, first] = fine_stamps_.try_emplace(top.st_dev, false);
  if (first) {
    known->second = fine_stamps_in(path + ".probe");
  }
  return known->second;
}

}  // namespace director::vcs_git
