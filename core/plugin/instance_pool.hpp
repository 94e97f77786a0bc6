/// Instances that are never entered concurrently: one per worker.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/ports/pool.hpp"
#include "director/result.hpp"

namespace director::plugin {

/// Keeps what was returned for the next worker and makes another when all are out.
template <typename T>
class InstancePool final : public ports::Pool<T> {
 public:
  using Make = std::function<Result<std::unique_ptr<T>>()>;

  explicit InstancePool(Make make) : make_(std::move(make)) {}

  /// Errors: those of making an instance.
  [[nodiscard]] Result<std::shared_ptr<T>> lease() override {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<T> instance = std::move(idle_.back());
        idle_.pop_back();
        return lend(std::move(instance));
      }
    }
    DIRECTOR_TRY(std::unique_ptr<T> made, make_());
    return lend(std::move(made));
  }

 private:
  std::shared_ptr<T> lend(std::unique_ptr<T> instance) {
    return {instance.release(), [this](T* back) {
              const std::lock_guard lock(mutex_);
              idle_.emplace_back(back);
            }};
  }

  Make make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace director::plugin
