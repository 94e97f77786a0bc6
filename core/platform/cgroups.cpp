#include "core/platform/cgroups.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "core/platform/cgroup_files.hpp"
#include "core/platform/os_error.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHomePrefix = "director-";

/// A folder of ours with its lock; nullopt: somebody cleared it away before it was locked.
std::optional<UniqueFd> lock_folder(const fs::path& folder) {
  UniqueFd lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::error_code error;
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || !fs::exists(folder, error)) {
    return std::nullopt;
  }
  return lock;
}

/// What directors that died left behind; that of a living one is locked.
void clear_leftovers(const fs::path& own) {
  std::error_code error;
  std::vector<fs::path> found;
  for (auto entry = fs::directory_iterator(own, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kHomePrefix)) {
      found.push_back(entry->path());
    }
  }
  for (const fs::path& folder : found) {
    if (const std::optional<UniqueFd> lock = lock_folder(folder)) {
      (void)write_control(folder / "cgroup.kill", "1");
      remove_group(folder);
    }
  }
}

Error not_allowed(const fs::path& own, int error) {
  return Error(Errc::External, "cannot make control groups in '" + own.string() +
                                   "': " + os_reason(error) +
                                   "; start director in a delegated one, for instance with "
                                   "`systemd-run --user --scope -p Delegate=yes`");
}

/// A limit, the controller that enforces it, and the file of a group that says so.
struct Wanted {
  std::string_view key;
  std::string_view controller;
  bool asked = false;
};

}  // namespace

Result<std::unique_ptr<Cgroups>> Cgroups::open(const fs::path& own, const ResourceLimits& limits) {
  clear_leftovers(own);
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    const fs::path home =
        own / (std::string(kHomePrefix) + std::to_string(::getpid()) + "-" + std::to_string(i));
    if (::mkdir(home.c_str(), 0755) != 0) {
      if (errno == EEXIST) {
        continue;
      }
      return not_allowed(own, errno);
    }
    std::optional<UniqueFd> lock = lock_folder(home);
    if (!lock) {
      continue;
    }
    std::unique_ptr<Cgroups> made(new Cgroups(own, home, *std::move(lock)));
    if (::access((home / "cgroup.kill").c_str(), W_OK) != 0 ||
        ::access((own / "cgroup.procs").c_str(), W_OK) != 0) {
      return not_allowed(own, errno == ENOENT ? ENOSYS : errno);
    }
    made->enable(limits);
    return made;
  }
  return Error(Errc::External, "cannot make control groups in '" + own.string() +
                                   "': the folder is being cleared all the time");
}

Status Cgroups::hand_out(const std::string& controllers) {
  // Processes and controllers do not share a group; only the machine's root, which has no type,
  // may.
  std::error_code error;
  if (fs::exists(own_ / "cgroup.type", error)) {
    const fs::path self = home_ / "self";
    if (::mkdir(self.c_str(), 0755) != 0) {
      return os_error("cannot make '" + self.string() + "'", errno);
    }
    DIRECTOR_CHECK(write_control(self / "cgroup.procs", "0"));
    moved_ = true;
    if (!read_words(own_ / "cgroup.procs").empty()) {
      moved_ = !write_control(own_ / "cgroup.procs", "0");
      return Error(Errc::Conflict, "other processes are in '" + own_.string() + "'");
    }
  }
  DIRECTOR_CHECK(write_control(own_ / "cgroup.subtree_control", controllers));
  handed_out_ = controllers;
  return write_control(home_ / "cgroup.subtree_control", controllers);
}

void Cgroups::enable(const ResourceLimits& limits) {
  const std::array<Wanted, 3> all{{{"limits.memory_mb", "memory", limits.memory_mb > 0},
                                   {"limits.processes", "pids", limits.processes > 0},
                                   {"limits.cpus", "cpu", limits.cpus > 0}}};
  const std::vector<std::string> there = read_words(own_ / "cgroup.controllers");
  std::string controllers;
  std::string keys;
  for (const Wanted& wanted : all) {
    if (!wanted.asked) {
      continue;
    }
    if (std::find(there.begin(), there.end(), wanted.controller) == there.end()) {
      missing_.push_back(std::string(wanted.key) + ": control group '" + own_.string() +
                         "' has no '" + std::string(wanted.controller) + "' controller");
      continue;
    }
    controllers += (controllers.empty() ? "+" : " +") + std::string(wanted.controller);
    keys += (keys.empty() ? "" : ", ") + std::string(wanted.key);
  }
  if (controllers.empty()) {
    return;
  }
  if (const Status done = hand_out(controllers); !done) {
    missing_.push_back(
        keys + ": " +
        (done.error().code() == Errc::Conflict
             ? "other processes share the control group '" + own_.string() +
                   "'; start director in one of its own, for instance with `systemd-run --user "
                   "--scope -p Delegate=yes`"
             : done.error().message()));
    return;
  }
  const auto has = [&controllers](std::string_view controller) {
    return controllers.find(controller) != std::string::npos;
  };
  limits_.memory_mb = has("+memory") ? limits.memory_mb : 0;
  limits_.processes = has("+pids") ? limits.processes : 0;
  limits_.cpus = has("+cpu") ? limits.cpus : 0;
}

Cgroups::~Cgroups() {
  std::string back = handed_out_;
  std::replace(back.begin(), back.end(), '+', '-');
  if (!back.empty()) {
    (void)write_control(home_ / "cgroup.subtree_control", back);
    (void)write_control(own_ / "cgroup.subtree_control", back);
  }
  // Where another director needs the controllers, this process stays and the next one clears up.
  if (!moved_ || write_control(own_ / "cgroup.procs", "0")) {
    remove_group(home_);
  }
}

Result<std::unique_ptr<CommandCgroup>> Cgroups::make() {
  const fs::path folder = home_ / ("command-" + std::to_string(++made_));
  if (::mkdir(folder.c_str(), 0755) != 0) {
    return os_error("cannot make control group '" + folder.string() + "'", errno);
  }
  const fs::path file = folder / "cgroup.procs";
  UniqueFd procs(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  const int error = errno;
  // From here on its destructor removes it.
  auto made = std::make_unique<CommandCgroup>(folder, std::move(procs), limits_);
  if (made->procs_fd() < 0) {
    return os_error("cannot open '" + file.string() + "'", error);
  }
  if (limits_.memory_mb > 0) {
    const std::string bytes = std::to_string(static_cast<std::uint64_t>(limits_.memory_mb) << 20U);
    DIRECTOR_CHECK(write_control(folder / "memory.max", bytes));
    // Else the disk would be filled first; a kernel without swap accounting has no such file.
    (void)write_control(folder / "memory.swap.max", "0");
  }
  if (limits_.processes > 0) {
    DIRECTOR_CHECK(write_control(folder / "pids.max", std::to_string(limits_.processes)));
  }
  if (limits_.cpus > 0) {
    constexpr double kPeriod = 100'000;  // microseconds
    constexpr double kLeast = 1'000;     // the kernel takes no less
    const double quota = std::max(kLeast, std::round(limits_.cpus * kPeriod));
    DIRECTOR_CHECK(write_control(folder / "cpu.max",
                                 std::to_string(static_cast<std::int64_t>(quota)) + " 100000"));
  }
  return made;
}

CommandCgroup::~CommandCgroup() {
  kill();
  procs_.reset();
  remove_group(folder_);
}

void CommandCgroup::kill() const { (void)write_control(folder_ / "cgroup.kill", "1"); }

ports::Usage CommandCgroup::usage() const {
  ports::Usage usage;
  usage.cpu = std::chrono::microseconds(read_count(folder_ / "cpu.stat", "usage_usec"));
  usage.peak_memory_bytes = static_cast<std::uint64_t>(read_count(folder_ / "memory.peak", ""));
  return usage;
}

std::string CommandCgroup::limit() const {
  if (limits_.memory_mb > 0 && read_count(folder_ / "memory.events", "oom_kill") > 0) {
    return "ended by the memory limit of " + std::to_string(limits_.memory_mb) +
           " MB (limits.memory_mb)";
  }
  if (limits_.processes > 0 && read_count(folder_ / "pids.events", "max") > 0) {
    return "held back by the limit of " + std::to_string(limits_.processes) +
           " processes (limits.processes)";
  }
  return "";
}

}  // namespace director::platform
