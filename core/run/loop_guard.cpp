#include "core/run/loop_guard.hpp"

#include <functional>

#include "core/base/text.hpp"

namespace director::run {
namespace {

constexpr std::size_t kShownInput = 200;

std::size_t hash_of(const ToolUse& use) {
  // Lengths keep "a" + "bc" apart from "ab" + "c".
  return std::hash<std::string>()(std::to_string(use.name.size()) + ':' + use.name + use.input +
                                  ':' + std::to_string(use.exit_code));
}

std::string why(const ToolUse& use, std::size_t round, int times) {
  const std::string call =
      "tool '" + use.name + "' with " + text::cut_middle(use.input, kShownInput);
  const std::string what = round == 1 ? "called " + call
                                      : "went round the same " + std::to_string(round) +
                                            " calls, the last of them " + call + ",";
  return "stopped: the agent " + what + ' ' + std::to_string(times) +
         " times in a row and got nowhere (limits.max_repeats); try another way";
}

}  // namespace

std::string LoopGuard::step() {
  ++steps_;
  if (max_steps_ == 0 || steps_ <= max_steps_) {
    return "";
  }
  return "stopped: the agent took more than " + std::to_string(max_steps_) +
         " steps without an end (limits.max_steps); do less at a time, and finish when the tests "
         "pass";
}

std::string LoopGuard::tool(const ToolUse& use) {
  const std::size_t hash = hash_of(use);
  std::string reason;
  for (std::size_t round = 1; round <= kLongestRound; ++round) {
    std::size_t& same = same_since_[round - 1];
    const bool again = calls_ >= round && last_[(calls_ - round) % kLongestRound] == hash;
    same = again ? same + 1 : 0;
    const bool circling =
        max_repeats_ > 0 && same >= round * (static_cast<std::size_t>(max_repeats_) - 1);
    if (again && circling && reason.empty()) {
      reason = why(use, round, max_repeats_);
    }
  }
  last_[calls_ % kLongestRound] = hash;
  ++calls_;
  return reason;
}

}  // namespace director::run
