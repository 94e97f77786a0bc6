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
          const std::vector<const plan::Node*>& nodes)
      : services_(services),
        workspaces_(workspaces),
        checkout_(checkout),
        nodes_(nodes),
        outcomes_(nodes.size()) {}

  [[nodiscard]] Result<std::vector<GateChecked>> run(const director::slot& slot, int parallel) {
    const std::size_t count =
        std::min(nodes_.size(), static_cast<std::size_t>(std::max(1, parallel)));
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < count; ++i) {
      others.emplace_back([this] { work(*workspaces_.lease_verify()); });
    }
    work(slot);
    for (std::thread& other : others) {
      other.join();
    }
    std::vector<GateChecked> checked;
    for (std::optional<Result<GateChecked>>& outcome : outcomes_) {
      if (outcome && !*outcome) {
        return outcome->error();
      }
      if (outcome) {
        checked.push_back(**std::move(outcome));
      }
    }
    return checked;
  }

 private:
  void work(const director::slot& slot) {
    for (std::size_t i = next_++; i < nodes_.size() && !stop_; i = next_++) {
      outcomes_[i] = check(*nodes_[i], slot);
      stop_ = stop_ || !*outcomes_[i];
    }
  }

  [[nodiscard]] Result<GateChecked> check(const plan::Node& node, const director::slot& slot) {
    DIRECTOR_CHECK(
        workspaces_.prepare_to_gate(slot, checkout_.commit, checkout_.landed, services_.interrupt));
    return check_tests(services_, node, slot.dir, checkout_.changes);
  }

  const Services& services_;
  Workspaces& workspaces_;
  const Checkout& checkout_;
  const std::vector<const plan::Node*>& nodes_;
  std::vector<std::optional<Result<GateChecked>>> outcomes_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;  ///< one of them could not be asked
};

}  // namespace

Result<std::vector<GateChecked>> run_tests_of(const Services& services, Workspaces& workspaces,
                                              const Checkout& checkout,
                                              const std::vector<const plan::Node*>& nodes,
                                              const director::slot& slot, int parallel) {
  return Workers(services, workspaces, checkout, nodes).run(slot, parallel);
}

}  // namespace director::engine
