/// The cache folders of all repositories of the user, and which of them belong to none any more.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/ports/clock.hpp"
#include "director/result.hpp"

namespace director::platform {

/// A cache whose repository is not where it was.
struct GoneRepository {
  std::filesystem::path cache;
  std::string repository;     ///< where it was
  ports::WallTime last_used;  ///< of the cache
  /// What a person may still want of it: slots whose work was kept nowhere, tests that were edited.
  std::vector<std::filesystem::path> work;
};

/// Writes down whose cache it is, and that it is in use today. Errors: Io.
[[nodiscard]] Status note_repository(const std::filesystem::path& cache,
                                     const std::filesystem::path& repository);

/// Those below `root` that are noted and whose repository does not exist, by their names. A folder
/// that cannot be looked at is not gone.
[[nodiscard]] std::vector<GoneRepository> gone_repositories(const std::filesystem::path& root);

/// Removes all of it but what a person may still want. Errors: Io; the rest is gone then.
[[nodiscard]] Status remove_cache_of(const GoneRepository& gone);

}  // namespace director::platform
