/// The first start on a fresh data folder creates its database, and two of them at once break each
/// other.
#pragma once

#include <functional>
#include <string>

#include "director/host.hpp"
#include "environment.hpp"

namespace runner_opencode {

/// Lets `start` run once for each version of the program `command` on this state folder of `home`,
/// with nothing else of this kind beside it, here or in another process. `start` blocks and returns
/// whether it worked; only then it is not repeated. `is_unwanted` is asked while another one runs.
/// Errors: Io; Cancelled; those of `start`.
[[nodiscard]] director::Status start_alone(const Home& home, const std::string& state_dir,
                                           const std::string& command,
                                           const std::function<bool()>& is_unwanted,
                                           const std::function<director::Status()>& start);

}  // namespace runner_opencode
