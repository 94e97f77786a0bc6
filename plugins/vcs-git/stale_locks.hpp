/// Lock files and refs that a process left behind when it was killed.
#pragma once

#include <string>

namespace director::vcs_git {

/// Removes what a killed director can have left among its own refs: locks below
/// refs/heads/director/ and refs/director/, and files below refs/director/ that hold no ref.
/// `git_dir` ends with '/'. Waits up to two seconds if one of them is so young that somebody may
/// still hold it. What cannot be removed stays: whoever meets it says so.
void mend_own_refs(const std::string& git_dir);

/// Removes the lock of one of director's own refs unless somebody may still hold it. True if it is
/// gone.
[[nodiscard]] bool break_own_lock(const std::string& path);

/// Whether packed-refs.lock is a dead libgit2's. git keeps its lock empty and closed, libgit2 fills
/// it and holds it open; so a full one that is old and that no process has open is nobody's.
[[nodiscard]] bool is_abandoned_packed_lock(const std::string& path);

}  // namespace director::vcs_git
