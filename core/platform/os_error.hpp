/// errno as a Result's error.
#pragma once

#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::platform {

/// "no such file or directory": what an errno value says, in lower case.
[[nodiscard]] std::string os_reason(int error_number);

/// `<what>: <reason>`. ENOENT and ENOTDIR are NotFound, EEXIST is Conflict, the rest Io.
[[nodiscard]] Error os_error(std::string_view what, int error_number);

/// The same for starting a process: says what to do where descriptors or processes ran out.
[[nodiscard]] Error start_error(std::string_view what, int error_number);

}  // namespace director::platform
