/// Asking a runner what its tool is and knows.
#pragma once

#include <string>

#include "core/engine/services.hpp"
#include "core/ports/backends.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/host_services.hpp"
#include "core/ports/pool.hpp"
#include "director/result.hpp"

namespace director::cli {

/// The runner's own answer, JSON as in director/abi/runner.h; no model is called. Blocks for as
/// long as the tool takes to start, two minutes at most.
[[nodiscard]] Result<std::string> probe_runner(
    ports::Pool<director::runner>& pool, const std::string& id, const engine::Folders& folders,
    ports::HostServices& hosts, const ports::Clock& clock, const ports::CancelToken& cancel);

}  // namespace director::cli
