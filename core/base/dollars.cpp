#include "core/base/dollars.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace director {

std::string dollars(double usd) {
  constexpr std::size_t kLongest = 320;  // the largest double has 309 digits
  std::array<char, kLongest> digits{};
  const int size = std::snprintf(digits.data(), digits.size(), "$%.4f", usd);
  return {digits.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), digits.size() - 1)};
}

}  // namespace director
