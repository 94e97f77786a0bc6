/// Looking at the processes of this machine from a test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace director::test_support {

/// Living processes that have `MARK=<mark>` in their environment.
[[nodiscard]] std::vector<pid_t> marked(const std::string& mark);

/// Waits until there are none; false if one lives on for a minute.
[[nodiscard]] bool all_end(const std::string& mark);

}  // namespace director::test_support
