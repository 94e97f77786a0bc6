/// What the test that started this process wants to go wrong in it.
#pragma once

#include <sys/types.h>

#include <string>

namespace director::fault_shim {

/// Groups of calls. One call may be of several.
enum Group : unsigned {
  kJournal = 1U,  ///< writes and flushes of a journal.jsonl
  kDisk = 2U,     ///< changes of files and folders below the watched folder
  kOpen = 4U,     ///< whatever makes a file descriptor
  kFork = 8U,     ///< whatever makes a process
  kLock = 16U,    ///< locks of files
  kAny = 32U,     ///< all of them, wherever the file is
  kTime = 64U     ///< no call: the process dies so many microseconds after its start
};

enum class Strike {
  None,
  Fail,   ///< the call fails with error_number()
  Short,  ///< a write takes half of what it is given
};

/// True in the process that the order is for: not in what it starts.
[[nodiscard]] bool on_duty();
/// Counts a call of these groups and says what becomes of it. Does not return if the process is to
/// die here. `where` is for the test that wants to know.
[[nodiscard]] Strike strike(unsigned groups, const char* what, const std::string& where);
[[nodiscard]] int error_number();
/// Below the folder that is watched.
[[nodiscard]] bool is_watched(const std::string& path);
/// Whether files are followed because the power goes at the end.
[[nodiscard]] bool power_will_go();
[[nodiscard]] unsigned long seed();
/// Kills this process as it is. Does not return.
[[noreturn]] void die();
/// How far the wall clock, which says `now_secs`, is to be off, in seconds. Counts a look at it.
[[nodiscard]] long clock_offset(long now_secs);

}  // namespace director::fault_shim
