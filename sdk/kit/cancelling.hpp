/// Whether a call ends soon after it was asked to.
#pragma once

#include <functional>

#include "sdk/kit/subject.hpp"

namespace director::kit {

/// `call(token)` makes the call on a thread; `is_waiting()` tells when the plugin waits for the
/// host. Then the token is cancelled, and the call has a second to come back. A busy machine may
/// take that second: only a plugin that is late three times is late. A call that never asks the
/// host anything may end before it is cancelled. A call that is late is left behind, so `call` owns
/// what it uses, and the process is to end without waiting for it.
[[nodiscard]] Status ends_when_cancelled(
    const std::function<std::function<Status()>(const ports::CancelToken&)>& call,
    const std::function<bool()>& is_waiting);

}  // namespace director::kit
