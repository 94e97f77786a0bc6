#include "core/run/backoff.hpp"

#include <gmock/gmock.h>

#include <set>

namespace director::run {
namespace {

TEST(Backoff, DoublesFromASecondToAMinuteAndAddsAQuarterAtMost) {
  const std::int64_t expected[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
  for (int failures = 1; failures <= 8; ++failures) {
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      const std::int64_t wait = backoff_ms(failures, 0, seed);
      EXPECT_GE(wait, expected[failures - 1]);
      EXPECT_LT(wait, expected[failures - 1] * 5 / 4);
    }
  }
}

TEST(Backoff, NeighbouringSeedsComeBackAtDifferentTimes) {
  std::set<std::int64_t> waits;
  for (std::uint64_t seed = 100; seed < 132; ++seed) {
    waits.insert(backoff_ms(3, 0, seed));
  }
  EXPECT_GT(waits.size(), 24U);
  EXPECT_EQ(backoff_ms(3, 0, 100), backoff_ms(3, 0, 100)) << "a replay waits as long";
}

TEST(Backoff, HonoursWhatTheEndpointAskedForWithinReason) {
  EXPECT_GE(backoff_ms(1, 123'456, 1), 123'456);
  EXPECT_GE(backoff_ms(7, 10, 1), 60'000);
  EXPECT_LE(backoff_ms(1, INT64_MAX, 1), 15 * 60 * 1000 * 5 / 4);
  EXPECT_GE(backoff_ms(1, -5, 1), 1000);
}

}  // namespace
}  // namespace director::run
