/// A gate that runs a shell command: exit status 0 is a pass.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "director/gate.hpp"

namespace gate_shell {

class ShellGate final : public director::gate {
 public:
  static constexpr const char* summary = "runs a shell command; exit status 0 passes";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {
      "shell": {"type": "string", "default": "/bin/sh"},
      "output_bytes": {"type": "integer", "minimum": 1024, "default": 65536}
    }
  })";

  /// Errors: Invalid, if the configuration is not what the schema says.
  [[nodiscard]] static director::Result<std::unique_ptr<ShellGate>> create(
      const director::instance_info& info, director::host& services);

  ShellGate(std::string shell, std::size_t output_bytes)
      : shell_(std::move(shell)), output_bytes_(output_bytes) {}

  [[nodiscard]] director::verdict check(const director::gate_request& request,
                                        director::host& services) override;

 private:
  std::string shell_;
  std::size_t output_bytes_;
};

}  // namespace gate_shell
