/// What is asked of the job as a whole, once its nodes have come to an end.
#pragma once

#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "core/run/events.hpp"
#include "director/result.hpp"

namespace director::engine {

struct LandedNode {
  const plan::Node* node = nullptr;
  Oid commit;
};

/// On a clean checkout of `tip` each: the tests of the nodes in `landed`, each command once and up
/// to `parallel` at a time, but not those that passed on `tip` when it landed; then [gates], one
/// after the other. Blocks. Errors: of the VCS; no gate plugin; Cancelled.
[[nodiscard]] Result<run::RunEvent> run_integration_gates(const Services& services,
                                                          Workspaces& workspaces, const Oid& tip,
                                                          const std::vector<LandedNode>& landed,
                                                          int parallel);

}  // namespace director::engine
