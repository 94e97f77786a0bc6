/// A bench as people read it. Pure.
#pragma once

#include <string>

#include "core/engine/bench.hpp"

namespace director::cli {

/// The table of the profiles, then what each saves. Ends with a line feed.
[[nodiscard]] std::string bench_text(const engine::BenchSummary& summary);

}  // namespace director::cli
