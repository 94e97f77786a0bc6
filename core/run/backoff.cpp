#include "core/run/backoff.hpp"

#include <algorithm>

namespace director::run {
namespace {

constexpr std::int64_t kFirstMs = 1000;
constexpr std::int64_t kLongestMs = 60'000;
constexpr std::int64_t kMostAskedMs = std::int64_t{15} * 60 * 1000;
constexpr int kMostDoublings = 6;

/// Neighbouring seeds give numbers far apart (the finaliser of SplitMix64).
std::uint64_t spread(std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15U;
  seed = (seed ^ (seed >> 30U)) * 0xbf58476d1ce4e5b9U;
  seed = (seed ^ (seed >> 27U)) * 0x94d049bb133111ebU;
  return seed ^ (seed >> 31U);
}

}  // namespace

std::int64_t backoff_ms(int failures, std::int64_t retry_after_ms, std::uint64_t seed) {
  const int doublings = std::clamp(failures - 1, 0, kMostDoublings);
  const std::int64_t asked = std::clamp<std::int64_t>(retry_after_ms, 0, kMostAskedMs);
  const std::int64_t wait = std::max(std::min(kLongestMs, kFirstMs << doublings), asked);
  constexpr std::uint64_t kParts = 1024;
  constexpr std::int64_t kQuarter = 4;
  return wait + wait * static_cast<std::int64_t>(spread(seed) % kParts) /
                    static_cast<std::int64_t>(kParts) / kQuarter;
}

}  // namespace director::run
