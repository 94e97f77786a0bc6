/// One look at every file of a slot, by our own walk: nothing in the slot decides what is seen but
/// the rules that the caller passes.
#pragma once

#include <string>
#include <vector>

#include "slot_fs.hpp"

namespace director::vcs_git {

enum class FoundKind {
  Regular,
  Symlink,
  Directory,  ///< a folder that was not entered
  Other       ///< FIFO, socket, device; a folder too deep; a name that no tree can hold
};

struct Found {
  std::string path;
  FoundKind kind = FoundKind::Other;
  FileStat stat;
};

enum class Visit {
  Enter,
  Skip,   ///< as if it were not there
  Report  ///< as FoundKind::Directory
};

/// Asked by one thread at a time, not always the same, about a folder before those in it.
class ScanRules {
 public:
  virtual ~ScanRules() = default;
  /// What to do about the folder `path`.
  virtual Visit enter(const std::string& path) = 0;
  /// `path` holds an entry ".git": true to report it as Other instead of what is in it.
  virtual bool is_nested_repository(const std::string& path) = 0;
  /// A folder that is entered keeps its mode, which is not 0755.
  virtual void keeps_odd_mode() {}
};

/// Everything in the open folder `root` but its own ".git", sorted by the bytes of its path. What
/// disappears meanwhile is not there. `directory_mode` unless 0 is given to every folder entered.
/// Errors: Io.
[[nodiscard]] Result<std::vector<Found>> scan(int root, ScanRules& rules,
                                              std::uint32_t directory_mode);

}  // namespace director::vcs_git
