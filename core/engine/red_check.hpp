/// Whether a node's tests are red for the right reason, before anybody works on the node.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"

namespace director::engine {

enum class RedKind : std::uint8_t {
  Red,        ///< they fail, each time, because the behaviour is missing
  Passes,     ///< they pass although nothing is implemented
  Flaky,      ///< they fail and pass by turns
  CannotRun,  ///< they fail, or are not run, because of themselves: no command, no runner, a typo
};

struct RedCheck {
  RedKind kind = RedKind::Red;
  std::string why;  ///< for the author and for people; empty when Red
};

/// Runs the node's command on clean checkouts of `commit`, at least twice: red once may be chance.
/// Errors: Cancelled; of the VCS or the gate plugin. Blocks.
[[nodiscard]] Result<RedCheck> check_red(const Services& services, Workspaces& workspaces,
                                         const plan::Node& node, const Oid& commit);

}  // namespace director::engine
