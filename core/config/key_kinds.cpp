#include "core/config/key_kinds.hpp"

#include <charconv>
#include <cmath>

namespace director::config {
namespace {

std::string short_number(double number) {
  char digits[400];  // the longest double has 309 digits before its point
  char* end = std::to_chars(digits, digits + sizeof(digits), number, std::chars_format::fixed).ptr;
  return std::string(digits, end);
}

}  // namespace

Problem read_number(const Entry& entry, double least, double most, double& number) {
  if (const auto* integer = std::get_if<std::int64_t>(&entry.value)) {
    number = static_cast<double>(*integer);
  } else if (const auto* real = std::get_if<double>(&entry.value)) {
    number = *real;
  } else {
    return wrong_type("a number", entry);
  }
  if (!(number >= least && number <= most)) {
    return "expected " + short_number(least) + " to " + short_number(most) + ", found " +
           (std::isfinite(number) ? short_number(number) : "none of the numbers between");
  }
  return std::nullopt;
}

}  // namespace director::config
