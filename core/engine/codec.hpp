/// Journal lines: one event as one JSON object. docs/formats/journal.md describes them.
#pragma once

#include <string>
#include <string_view>

#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::engine {

/// The line, without a line feed.
[[nodiscard]] std::string encode(const run::Event& event, run::At at);

struct Entry {
  run::At at;
  run::Event event;
};

/// Errors: Invalid, naming the field. Fields that this version does not know are passed over; a
/// type that it does not know is an error, since the state would not follow from the rest.
[[nodiscard]] Result<Entry> decode(std::string_view line);

/// The name of an event, as in the journal.
[[nodiscard]] std::string_view type_of(const run::Event& event);

}  // namespace director::engine
