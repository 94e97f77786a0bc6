/// One small call of each configured model, without a job.
#pragma once

#include <functional>

#include "cli/findings.hpp"
#include "core/engine/services.hpp"
#include "director/result.hpp"

namespace director::cli {

/// Asks each distinct tier for one word, through the same path as a job's calls: same prompts,
/// runner, prices and ceiling. `services` are those of the repository; the books are kept in a
/// folder of their own under the cache, which is gone afterwards, and no sink hears of it. Hands
/// over a finding a tier, and one with the cost. Errors: Io; Cancelled.
[[nodiscard]] Status try_models(engine::Services services,
                                const std::function<void(Finding)>& report);

}  // namespace director::cli
