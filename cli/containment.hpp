/// How the commands of agents and gates are kept together and within limits on this machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/findings.hpp"
#include "core/config/settings.hpp"
#include "core/platform/cgroups.hpp"

namespace director::cli {

struct Containment {
  std::unique_ptr<platform::Cgroups> groups;  ///< nullptr: there are none
  std::string why_not;                        ///< then, for people
  /// Limits of the configuration that are not enforced and why, one each.
  std::vector<std::string> not_enforced;
};

/// Makes a control group for this director where that is possible.
[[nodiscard]] Containment contain(const config::Limits& limits);

/// What is in force of [limits].
[[nodiscard]] Finding containment_finding(const Containment& containment);

}  // namespace director::cli
