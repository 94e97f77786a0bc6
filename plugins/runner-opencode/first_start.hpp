/// The first start on a fresh data folder creates its database, and two of them at once break each
/// other.
#pragma once

#include <string>
#include <vector>

#include "director/host.hpp"
#include "environment.hpp"

namespace runner_opencode {

/// Lets `start` run once for each version of the program `command` on this home, with nothing else
/// of this kind beside it, here or in another process. `start` blocks and returns whether it
/// worked; only then it is not repeated. Errors: Io, and those of `start`.
[[nodiscard]] director::Status start_alone(const Home& home, const std::string& command,
                                           const std::function<director::Status()>& start);

}  // namespace runner_opencode
