/// Backends for workers: an instance belongs to one worker at a time.
#pragma once

#include <memory>

#include "director/result.hpp"

namespace director::ports {

/// Safe from any thread.
template <typename Backend>
class Pool {
 public:
  virtual ~Pool() = default;
  /// An idle instance, or a new one. It goes back when the pointer is dropped; the pool outlives
  /// it.
  [[nodiscard]] virtual Result<std::shared_ptr<Backend>> lease() = 0;
};

}  // namespace director::ports
