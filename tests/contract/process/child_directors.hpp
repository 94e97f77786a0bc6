/// The test binary as a director that starts commands of its own.
#pragma once

#include <string>
#include <vector>

namespace director::process_test {

/// A director at work: runs "daemon-hang" and passes on what it says.
int act_as_director();

/// A director of a user who may have so many processes, itself included.
int act_as_poor_director(const std::vector<std::string>& args);

/// A director of a user from whom /proc hides what cannot be traced. Tells what is left when a
/// command has ended that killed its supervisor, and whether a stray of one that goes on is said to
/// be gone.
int act_as_blind_director();

}  // namespace director::process_test
