/// What `director auto` has to do with the job that is there. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.hpp"
#include "core/engine/replay.hpp"
#include "director/result.hpp"

namespace director::cli {

enum class AutoStart : std::uint8_t {
  GoOn,  ///< with the job that is there
  Anew   ///< with a new job; what is there is put aside
};

/// `task` empty: whatever is there. `head`: the repository's commit; the same task at the same
/// commit is the same job, over or not, and is not paid for again. `force`: put what is there
/// aside; needs a task. Errors, each with what to do: NotFound if there is nothing to go on with;
/// Conflict if another task's job is not finished, or the job waits for a person.
[[nodiscard]] Result<AutoStart> how_to_start(const engine::JobState& job, const std::string& task,
                                             const Oid& head, bool force);

}  // namespace director::cli
