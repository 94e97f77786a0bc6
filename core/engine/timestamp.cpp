#include "core/engine/timestamp.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace director::engine {
namespace {

std::string formatted(ports::WallTime time, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), format, &utc);
  return {buffer.data(), size};
}

}  // namespace

std::string iso_time(ports::WallTime time) { return formatted(time, "%Y-%m-%dT%H:%M:%SZ"); }

std::optional<ports::WallTime> parse_iso_time(std::string_view text) {
  std::tm utc{};
  const std::string terminated(text);
  const char* end = strptime(terminated.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  return std::chrono::system_clock::from_time_t(timegm(&utc));
}

std::string job_stamp(ports::WallTime time) { return formatted(time, "%Y%m%d-%H%M%S"); }

}  // namespace director::engine
