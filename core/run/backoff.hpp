/// How long to wait before an infrastructure failure is tried again.
#pragma once

#include <cstdint>

namespace director::run {

/// Milliseconds before try number `failures` + 1: doubling from a second to a minute, at least what
/// the endpoint asked for (`retry_after_ms`, but never above a quarter of an hour), and up to a
/// quarter more, so that those who failed together do not come back together. `seed` picks how
/// much: the same seed, the same wait.
[[nodiscard]] std::int64_t backoff_ms(int failures, std::int64_t retry_after_ms,
                                      std::uint64_t seed);

}  // namespace director::run
