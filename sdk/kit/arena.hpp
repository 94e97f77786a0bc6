/// Memory for what is handed to a plugin, in which every overreach is a crash.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "director/plugin.h"

namespace director::kit {

/// Each thing ends where a page ends that nobody may touch, so that reading on (a field that
/// struct_size does not cover, the NUL that a string does not have) is a crash. One thread.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&& other) noexcept : blocks_(std::exchange(other.blocks_, {})) {}
  Arena& operator=(Arena&&) = delete;
  ~Arena();

  [[nodiscard]] director_string text(std::string_view bytes);
  template <typename Raw>
  [[nodiscard]] Raw* put(const Raw& raw) {
    return static_cast<Raw*>(copy(&raw, sizeof(Raw)));
  }
  template <typename Item>
  [[nodiscard]] const Item* array(const std::vector<Item>& items) {
    // Also of pointers.
    // NOLINTNEXTLINE(bugprone-sizeof-expression)
    return static_cast<const Item*>(copy(items.data(), items.size() * sizeof(Item)));
  }

  /// From now on a crash for whoever touches anything in here: what was borrowed for a call.
  void revoke();

 private:
  struct Block {
    void* start;
    std::size_t size;  ///< without the page that nobody may touch
  };
  void* copy(const void* bytes, std::size_t size);

  std::vector<Block> blocks_;
};

}  // namespace director::kit
