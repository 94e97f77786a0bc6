/// The tests of several nodes on one commit.
#pragma once

#include <functional>
#include <optional>
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

/// The node's tests once, on a clean checkout in `slot`. They fail where what is tested breaks
/// `[workspace] setup`. Blocks. Errors: of the VCS; of `setup` on what landed; no gate plugin;
/// Cancelled.
[[nodiscard]] Result<GateChecked> run_tests(const Services& services, Workspaces& workspaces,
                                            const Checkout& checkout, const plan::Node& node,
                                            const director::slot& slot);

/// Asked before each test, from any thread: true if those that are left need not run.
using Enough = std::function<Result<bool>()>;

/// The same for each node, on a clean checkout of their own, in `slots` (at least one), in each one
/// at a time. As many as nodes and in their order; where it was enough before a node's turn came,
/// nothing stands in its place. Blocks. Errors: as of run_tests(); of `enough`.
[[nodiscard]] Result<std::vector<std::optional<GateChecked>>> run_tests_of(
    const Services& services, Workspaces& workspaces, const Checkout& checkout,
    const std::vector<const plan::Node*>& nodes, const std::vector<SlotLease>& slots,
    const Enough& enough = nullptr);

}  // namespace director::engine
