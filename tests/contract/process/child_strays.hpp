/// What a command leaves behind, or tries to.
#pragma once

#include <string>
#include <vector>

namespace director::process_test {

[[noreturn]] void live_for_ever();

/// To standard output, at once.
void say(const std::string& text);

/// Closes the streams to whoever started this process.
void release_streams();

/// Forks a process that leaves group and session, tells its pid, and lives for ever.
void leave_stray(bool twice, bool keep_streams);

/// Kills its supervisor, which leaves a stray to the director: there is a file "orphaned" then, and
/// its lines go on and on.
[[noreturn]] void leave_orphan(bool hidden);

/// Leaves a stray before it is ready, or when there is a file "cue". Whoever is left has the file
/// "held" locked. `args`: "early" or "late", and "daemon", "hidden", "leaderless" or another word.
[[noreturn]] void serve(const std::vector<std::string>& args);

/// A generation every few microseconds, each the orphan of the last.
[[noreturn]] void fork_on_and_on();

}  // namespace director::process_test
