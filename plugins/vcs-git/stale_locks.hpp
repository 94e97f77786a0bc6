/// Lock files and refs that a process left behind when it was killed.
#pragma once

#include <string>

namespace director::vcs_git {

/// Removes what a killed director can have left among its own refs: locks below
/// refs/heads/director/ and refs/director/ that nobody has touched for a minute, and files below
/// refs/director/ that hold no ref. `git_dir` ends with '/'. What cannot be removed stays: whoever
/// meets it says so.
void mend_own_refs(const std::string& git_dir);

/// Whether packed-refs.lock is a dead libgit2's. git keeps its lock empty and closed, libgit2 fills
/// it and holds it open; so a full one that is old and that no process has open is nobody's.
[[nodiscard]] bool is_abandoned_packed_lock(const std::string& path);

}  // namespace director::vcs_git
