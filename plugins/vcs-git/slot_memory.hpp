/// What this process remembers of slots between calls, so that a call neither reads nor writes what
/// the last one knew. The files of StatCache are for the next process, and may be older.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stat_cache.hpp"

namespace director::vcs_git {

/// The private clone as it was written last. No `files`: nothing is known of it.
struct CloneStamp {
  Oid head;
  Oid tree;            ///< that the index is of
  std::string source;  ///< what it says of the user's repository
  std::vector<std::pair<std::string, FileStat>> files;
};

/// Something in a slot that no tree put there.
struct Stray {
  enum class Kind {
    Entry,    ///< whatever it is, all of it
    Entered,  ///< a folder; what is in it are strays of their own
    Skipped   ///< a folder, and nobody knows what is in it
  };
  std::string path;
  Kind kind = Kind::Entry;
};

/// All of them, as the last look saw them.
struct Strays {
  bool known = false;
  std::vector<Stray> all;
};

struct SlotState {
  std::unique_ptr<StatCache> files;  ///< never null in a state that was taken
  Strays strays;
  FileStat top;  ///< of the slot's folder itself, when it was left
  CloneStamp clone;
  std::size_t unsaved = 0;  ///< how many files were read or written since the file was
  bool is_due = false;      ///< the file, as it is, would leave something behind
  bool from_memory = false;
};

/// Safe from any thread.
class SlotMemory {
 public:
  /// The one of all instances in this process; it goes with the last of them.
  [[nodiscard]] static std::shared_ptr<SlotMemory> shared();

  /// What is known of the slot whose cache file is `path`, which is then not in here: whoever fails
  /// half-way drops it, and the next call starts from the file.
  [[nodiscard]] SlotState take(const std::string& path);
  /// `root` is the slot's open folder. Nothing that could still change without its stamps showing
  /// it is believed later. Errors: Io where the file is due and cannot be written.
  [[nodiscard]] Status give(const std::string& path, int root, SlotState state);

 private:
  [[nodiscard]] bool stamps_are_fine(const std::string& path, int root);

  std::mutex mutex_;
  std::map<std::string, SlotState> slots_;
  std::map<std::uint64_t, bool> fine_stamps_;  // by device
  std::size_t bytes_ = 0;
};

}  // namespace director::vcs_git
