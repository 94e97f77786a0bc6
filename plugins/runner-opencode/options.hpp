/// The table [plugin.runner-opencode].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "call_limits.hpp"
#include "director/result.hpp"

namespace runner_opencode {

struct Options {
  std::string command;
  bool over_server = true;      ///< transport = "server"; else "run"
  bool server_for_all = false;  ///< isolation = "job"; else "slot"
  std::int64_t start_ms = 0;    ///< how long a call may take to its first event; 0: as any silence
  CallLimits limits;            ///< over a server; silence_ms 0: as the call says
  std::int64_t server_start_ms = 0;
  std::int64_t server_memory_bytes = 0;  ///< of more, it is renewed before the next call; 0: never
  std::vector<std::string> pass_env;
  std::vector<std::string> extra_env;
};

inline constexpr const char* kConfigSchema = R"({
    "type": "object",
    "properties": {
      "transport": {"type": "string", "enum": ["server", "run"], "default": "server"},
      "isolation": {"type": "string", "enum": ["slot", "job"], "default": "slot"},
      "command": {"type": "string", "default": "opencode"},
      "start_secs": {"type": "integer", "minimum": 0, "default": 180},
      "server_start_secs": {"type": "integer", "minimum": 1, "default": 90},
      "busy_secs": {"type": "integer", "minimum": 0, "default": 60},
      "silence_secs": {"type": "integer", "minimum": 0, "default": 0},
      "tool_secs": {"type": "integer", "minimum": 0, "default": 1200},
      "server_memory_mb": {"type": "integer", "minimum": 0, "default": 1500},
      "pass_env": {"type": "array", "items": {"type": "string"}},
      "extra_env": {"type": "array", "items": {"type": "string"}}
    }
  })";

/// Errors: Invalid, if it is not what the schema says.
[[nodiscard]] director::Result<Options> read_options(const std::string& config_json);

}  // namespace runner_opencode
