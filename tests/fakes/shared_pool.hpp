/// A pool whose workers all get the same instance: for fakes that are safe from any thread.
#pragma once

#include <memory>

#include "core/ports/pool.hpp"

namespace director::testing {

template <typename Backend>
class SharedPool final : public ports::Pool<Backend> {
 public:
  /// `instance` outlives the pool.
  explicit SharedPool(Backend& instance) : instance_(instance) {}

  [[nodiscard]] Result<std::shared_ptr<Backend>> lease() override {
    return std::shared_ptr<Backend>(&instance_, [](Backend*) {});
  }

 private:
  Backend& instance_;
};

}  // namespace director::testing
