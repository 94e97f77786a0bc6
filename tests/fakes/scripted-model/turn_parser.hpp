/// The part of the scenario parser that reads turns. Includes RapidJSON: for .cpp files only.
#pragma once

#include <string>

#include "json.hpp"
#include "scenario.hpp"

namespace director::scripted_model {

/// `place` is where `value` stands in the scenario, for messages.
[[nodiscard]] Result<Turn> parse_turn(const Json& value, const std::string& place,
                                      const FileReader& read_file);

/// The value of an `error` key.
[[nodiscard]] Result<Failure> parse_failure(const Json& value, const std::string& place);

}  // namespace director::scripted_model
