/// Getting a job ready to run.
#pragma once

#include "core/engine/books.hpp"
#include "core/engine/replay.hpp"
#include "core/engine/services.hpp"
#include "director/result.hpp"

namespace director::engine {

/// Makes sure that `job` has a frozen plan and that plan.json says the same. A plan.json that a
/// person wrote, without a journal, is adopted: validated, its tests compared with the job branch.
/// Errors: NotFound if there is no plan; Conflict if planning is not over, or plan.json was changed
/// after it was frozen; Invalid, every problem at once.
[[nodiscard]] Status make_ready(const Services& services, Books& books, JobWork& job);

}  // namespace director::engine
