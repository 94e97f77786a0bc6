/// Lines for the log that a person reads on stderr.
#pragma once

#include <cstdint>
#include <string_view>

namespace director::ports {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

/// Safe from any thread.
class Log {
 public:
  virtual ~Log() = default;
  /// `text`: any bytes; the log makes control characters harmless.
  virtual void write(LogLevel level, std::string_view text) = 0;
};

}  // namespace director::ports
