/// What all instances of a process that work on one file have in common.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "director/result.hpp"

namespace plugin_support {

/// The T for `path`, made by `make` (a Result<std::shared_ptr<T>>) unless an instance has it. It
/// goes with the last one that has it. Safe from any thread. Errors: those of `make`.
template <typename T, typename Make>
[[nodiscard]] director::Result<std::shared_ptr<T>> shared_by_path(const std::string& path,
                                                                  Make&& make) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<T>> all;
  const std::lock_guard guard(mutex);
  std::weak_ptr<T>& known = all[path];
  if (std::shared_ptr<T> shared = known.lock()) {
    return shared;
  }
  DIRECTOR_TRY(std::shared_ptr<T> made, make());
  known = made;
  return made;
}

}  // namespace plugin_support
