/// One director per repository at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/platform/unique_fd.hpp"
#include "director/result.hpp"

namespace director::platform {

/// An exclusive lock. It ends with the object or with the process, however that dies; a
/// file stays.
class RepoLock {
 public:
  /// Does not wait for a holder that lives; up to two seconds for what is left of one that was
  /// killed. Errors: Conflict if another process holds it, naming that process; NotFound if
  /// the file's folder is missing; Io.
  [[nodiscard]] static Result<RepoLock> acquire(const std::filesystem::path& file);

  /// The same on a folder, which cannot be deleted like a file and may be what several worktrees
  /// share. Waits up to two seconds. Where a folder has no lock nothing is held. Errors: Conflict.
  [[nodiscard]] static Result<RepoLock> acquire_folder(const std::filesystem::path& folder);

  /// Which other process holds the lock, as it wrote; nullopt: none. Looks without touching it.
  /// Knows processes of this machine and user only: any other's lock counts as nobody's.
  [[nodiscard]] static std::optional<std::string> holder(const std::filesystem::path& file);

 private:
  explicit RepoLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace director::platform
