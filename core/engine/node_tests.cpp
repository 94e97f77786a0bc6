#include "core/engine/node_tests.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>

namespace director::engine {

namespace {

class Workers {
 public:
  Workers(const Services& services, Workspaces& workspaces, const Checkout& checkout,
          const std::vector<const plan::Node*>& nodes, const Enough& enough)
      : services_(services),
        workspaces_(workspaces),
        checkout_(checkout),
        nodes_(nodes),
        enough_(enough),
        outcomes_(nodes.size()) {}

  [[nodiscard]] Result<std::vector<std::optional<GateChecked>>> run(
      const std::vector<SlotLease>& slots) {
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(nodes_.size(), slots.size()); ++i) {
      others.emplace_back([this, &slot = *slots[i]] { work(slot); });
    }
    work(*slots.front());
    for (std::thread& other : others) {
      other.join();
    }
    std::vector<std::optional<GateChecked>> checked;
    for (std::optional<Result<GateChecked>>& outcome : outcomes_) {
      if (outcome && !*outcome) {
        return outcome->error();
      }
      checked.push_back(outcome ? std::optional(**std::move(outcome)) : std::nullopt);
    }
    return checked;
  }

 private:
  void work(const director::slot& slot) {
    for (std::size_t i = next_++; i < nodes_.size() && !stop_; i = next_++) {
      const Result<bool> enough = enough_ ? enough_() : Result<bool>(false);
      if (enough && *enough) {
        stop_ = true;
        return;
      }
      outcomes_[i] = enough ? run_tests(services_, workspaces_, checkout_, *nodes_[i], slot)
                            : Result<GateChecked>(enough.error());
      stop_ = stop_ || !*outcomes_[i];
    }
  }

  const Services& services_;
  Workspaces& workspaces_;
  const Checkout& checkout_;
  const std::vector<const plan::Node*>& nodes_;
  const Enough& enough_;
  std::vector<std::optional<Result<GateChecked>>> outcomes_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;  ///< it was enough, or one of them could not be asked
};

}  // namespace

Result<GateChecked> run_tests(const Services& services, Workspaces& workspaces,
                              const Checkout& checkout, const plan::Node& node,
                              const director::slot& slot) {
  DIRECTOR_TRY(
      const std::string failure,
      workspaces.prepare_to_gate(slot, checkout.commit, checkout.landed, services.interrupt));
  if (failure.empty()) {
    return check_tests(services, node, slot.dir, checkout.changes);
  }
  GateChecked checked;
  checked.workdir = slot.dir;
  checked.verdict = director::verdict::fail("the workspace cannot be set up with this change",
                                            services.redactor.mask(failure));
  return checked;
}

Result<std::vector<std::optional<GateChecked>>> run_tests_of(
    const Services& services, Workspaces& workspaces, const Checkout& checkout,
    const std::vector<const plan::Node*>& nodes, const std::vector<SlotLease>& slots,
    const Enough& enough) {
  return Workers(services, workspaces, checkout, nodes, enough).run(slots);
}

}  // namespace director::engine
