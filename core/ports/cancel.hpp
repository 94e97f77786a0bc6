/// Asking work to stop, from any thread.
#pragma once

#include <atomic>
#include <memory>

namespace director::ports {

/// Copies share one flag. A token made with a parent is also cancelled when the parent is.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}

  [[nodiscard]] static CancelToken child_of(const CancelToken& parent) {
    CancelToken token;
    token.state_->parent = parent.state_;
    return token;
  }

  void cancel() const { state_->cancelled.store(true, std::memory_order_release); }

  [[nodiscard]] bool cancelled() const {
    for (const State* state = state_.get(); state != nullptr; state = state->parent.get()) {
      if (state->cancelled.load(std::memory_order_acquire)) {
        return true;
      }
    }
    return false;
  }

 private:
  struct State {
    std::atomic<bool> cancelled = false;
    std::shared_ptr<const State> parent;
  };
  std::shared_ptr<State> state_;
};

}  // namespace director::ports
