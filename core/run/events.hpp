/// What the journal holds: every fact that a job's state follows from. Pure data.
///
/// Each event names itself (`kType`, as in the journal) and lists its fields once, for reading and
/// for writing. Fields are only ever added, with a default; docs/formats/journal.md describes them.
#pragma once

#include <cstdint>
#include <variant>

#include "core/run/money_events.hpp"
#include "core/run/plan_events.hpp"
#include "core/run/run_events.hpp"

namespace director::run {

/// Where an event stands: its place in the journal and when it happened.
struct At {
  std::uint64_t sequence = 0;
  std::int64_t unix_ms = 0;
};

using Event = std::variant<PlanEvent, RunEvent, MoneyEvent>;

}  // namespace director::run
