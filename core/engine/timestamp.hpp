/// Times as people and files show them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ports/clock.hpp"

namespace director::engine {

/// "2026-01-31T09:45:00Z".
[[nodiscard]] std::string iso_time(ports::WallTime time);
/// Back from iso_time(); nullopt for anything else.
[[nodiscard]] std::optional<ports::WallTime> parse_iso_time(std::string_view text);
/// "20260131-094500", UTC.
[[nodiscard]] std::string job_stamp(ports::WallTime time);

}  // namespace director::engine
