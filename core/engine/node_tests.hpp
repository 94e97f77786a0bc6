/// The tests of several nodes on one commit.
#pragma once

#include <vector>

#include "core/base/ids.hpp"
#include "core/engine/gate_check.hpp"
#include "core/engine/services.hpp"
#include "core/engine/slots.hpp"
#include "core/plan/plan.hpp"
#include "director/result.hpp"
#include "director/vcs.hpp"

namespace director::engine {

/// What is tested.
struct Checkout {
  Oid commit;
  Oid landed;  ///< what the commit is built upon, or itself; see Workspaces::prepare_to_gate()
  std::vector<director::change> changes;  ///< of what it is built upon
};

/// Each node's tests once, on a clean checkout of their own, up to `parallel` at a time: in `slot`
/// and, if that is not enough, in other verify slots. As many as nodes, in their order. Blocks.
/// Errors: of the VCS; no gate plugin; Cancelled.
[[nodiscard]] Result<std::vector<GateChecked>> run_tests_of(
    const Services& services, Workspaces& workspaces, const Checkout& checkout,
    const std::vector<const plan::Node*>& nodes, const director::slot& slot, int parallel);

}  // namespace director::engine
