/// A pool whose workers all get the same instance: for fakes that are safe from any thread.
#pragma once

#include <memory>

#include "core/ports/pool.hpp"
#include "tests/fakes/fault.hpp"

namespace director::testing {

template <typename Backend>
class SharedPool final : public ports::Pool<Backend> {
 public:
  /// `instance` outlives the pool.
  explicit SharedPool(Backend& instance) : instance_(instance) {}

  Fault* fault = nullptr;

  [[nodiscard]] Result<std::shared_ptr<Backend>> lease() override {
    return with_fault(fault, "lease", [this]() -> Result<std::shared_ptr<Backend>> {
      return std::shared_ptr<Backend>(&instance_, [](Backend*) {});
    });
  }

 private:
  Backend& instance_;
};

}  // namespace director::testing
