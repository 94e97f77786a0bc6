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
  Oid passed_on;  ///< the commit as which its tests passed and it landed; empty: nobody saw that
};

/// Whether the tests of the nodes in `landed` are on `tip` as they were frozen. Then on a clean
/// checkout of it each: those tests, each command once and up to `parallel` at a time, but not
/// those that passed on `tip` when it landed; then [gates], one after the other. Blocks. Errors: of
/// the VCS; no gate plugin; Cancelled.
[[nodiscard]] Result<run::RunEvent> run_integration_gates(const Services& services,
                                                          Workspaces& workspaces, const Oid& tip,
                                                          const std::vector<LandedNode>& landed,
                                                          int parallel);

}  // namespace director::engine
