/// Loop guard: does a call of an agent still get anywhere? Pure.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "core/run/watch.hpp"

namespace director::run {

/// Watches one call, as its tool reports it. What it returns is why the call has to end, as a
/// sentence for the next attempt's prompt; empty: go on. O(1) in the number of calls.
class LoopGuard {
 public:
  /// A limit of 0 is none.
  LoopGuard(int max_steps, int max_repeats) : max_steps_(max_steps), max_repeats_(max_repeats) {}

  /// A turn of the model has ended, which is when a runner reports its usage.
  [[nodiscard]] std::string step();
  /// A tool has been called. Going round means: up to three calls, with the same input and the same
  /// exit status, over and over with nothing else in between.
  [[nodiscard]] std::string tool(const ToolUse& use);

 private:
  static constexpr std::size_t kLongestRound = 3;

  int max_steps_;
  int max_repeats_;
  int steps_ = 0;
  std::size_t calls_ = 0;
  std::array<std::size_t, kLongestRound> last_{};        ///< hashes; call n is at n % size
  std::array<std::size_t, kLongestRound> same_since_{};  ///< [p-1]: calls equal to the pth before
};

}  // namespace director::run
