/// Control groups (cgroup v2): one for each command, where this process may make them.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/platform/unique_fd.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::platform {

/// Of one command with all that it starts; 0: none.
struct ResourceLimits {
  int memory_mb = 0;
  int processes = 0;
  double cpus = 0;

  [[nodiscard]] bool any() const { return memory_mb > 0 || processes > 0 || cpus > 0; }
};

/// One command's group. Its destructor kills what is in it and removes it.
class CommandCgroup {
 public:
  CommandCgroup(std::filesystem::path folder, UniqueFd procs, ResourceLimits limits)
      : folder_(std::move(folder)), procs_(std::move(procs)), limits_(limits) {}
  CommandCgroup(const CommandCgroup&) = delete;
  CommandCgroup& operator=(const CommandCgroup&) = delete;
  ~CommandCgroup();

  /// Its cgroup.procs, open for writing.
  [[nodiscard]] int procs_fd() const { return procs_.get(); }
  /// SIGKILL to all that is in it; returns before they are gone.
  void kill() const;
  /// Zero where the kernel does not count.
  [[nodiscard]] ports::Usage usage() const;
  /// Which limit was run into, as in ports::Exit.
  [[nodiscard]] std::string limit() const;

 private:
  std::filesystem::path folder_;
  UniqueFd procs_;
  ResourceLimits limits_;
};

/// Groups below this process's own, in a folder of this process that is locked as long as it lives.
///
/// A group that hands out controllers holds no processes itself. So where limits are asked for,
/// this process moves into a group below its own, and back at the end.
class Cgroups {
 public:
  /// `own`: the folder of this process's group. Removes what directors that died left there. A
  /// limit that cannot be enforced is left out and said in missing(). Errors: External, saying why
  /// not: it may not make groups there.
  [[nodiscard]] static Result<std::unique_ptr<Cgroups>> open(const std::filesystem::path& own,
                                                             const ResourceLimits& limits);
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;
  ~Cgroups();

  /// Safe from any thread. Errors: Io.
  [[nodiscard]] Result<std::unique_ptr<CommandCgroup>> make();

  [[nodiscard]] const ResourceLimits& limits() const { return limits_; }
  /// Why a limit is not enforced, a line each.
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  Cgroups(std::filesystem::path own, std::filesystem::path home, UniqueFd lock)
      : own_(std::move(own)), home_(std::move(home)), lock_(std::move(lock)) {}

  void enable(const ResourceLimits& limits);
  [[nodiscard]] Status hand_out(const std::string& controllers);

  std::filesystem::path own_;
  std::filesystem::path home_;
  UniqueFd lock_;
  ResourceLimits limits_;
  std::vector<std::string> missing_;
  std::string handed_out_;  ///< as written to cgroup.subtree_control
  bool moved_ = false;      ///< this process is in the group "self" below home_
  std::atomic<unsigned> made_ = 0;
};

}  // namespace director::platform
