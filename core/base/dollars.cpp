#include "core/base/dollars.hpp"

#include <array>
#include <charconv>

namespace director {

std::string dollars(double usd) {
  constexpr int kDecimals = 4;
  std::array<char, 400> digits{};  // the largest double has 309 before the point
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), usd,
                                     std::chars_format::fixed, kDecimals);
  return "$" + std::string(digits.data(), written.ptr);
}

}  // namespace director
