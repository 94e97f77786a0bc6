/// The process that one check has to itself.
#pragma once

#include <string>

#include "core/plugin/discovery.hpp"
#include "director/result.hpp"
#include "sdk/kit/outcome.hpp"

namespace director::kit {

/// Where a check's process leaves what it found, in its work folder: JSON with "verdict" and "why".
inline constexpr const char* kOutcomeFile = "outcome.json";
/// Where it notes what it is about to do.
inline constexpr const char* kStepFile = "step";

struct ChildRequest {
  std::string rule;
  std::string library;
  std::string work;    ///< an empty folder of this check alone
  std::string config;  ///< the file for read_options(); may be empty
  plugin::Form form = plugin::Form::Library;
};

/// Makes the check, writes the outcome, and ends the process without the library's own destructors.
[[noreturn]] void run_child(const ChildRequest& request);

/// What a child wrote. Errors: NotFound if it wrote nothing; Invalid.
[[nodiscard]] Result<Outcome> read_outcome(const std::string& work);

}  // namespace director::kit
