/// The runner that drives OpenCode, one `opencode run` a call.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "director/runner.hpp"
#include "environment.hpp"

namespace runner_opencode {

class OpencodeRunner final : public director::runner {
 public:
  static constexpr const char* summary = "drives OpenCode (opencode.ai), one process a call";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {
      "transport": {"type": "string", "enum": ["run"], "default": "run"},
      "command": {"type": "string", "default": "opencode"},
      "start_secs": {"type": "integer", "minimum": 0, "default": 180},
      "extra_env": {"type": "array", "items": {"type": "string"}}
    }
  })";

  /// Errors: Invalid, if the configuration is not what the schema says.
  [[nodiscard]] static director::Result<std::unique_ptr<OpencodeRunner>> create(
      const director::instance_info& info, director::host& services);

  [[nodiscard]] director::Status run(const director::run_request& request,
                                     const director::agent_events& events,
                                     director::host& services) override;
  [[nodiscard]] director::Result<std::string> probe(director::host& services) override;

 private:
  OpencodeRunner(std::string command, std::int64_t start_ms, std::vector<std::string> extra_env,
                 std::string repo_dir, Home home)
      : command_(std::move(command)),
        start_ms_(start_ms),
        extra_env_(std::move(extra_env)),
        repo_dir_(std::move(repo_dir)),
        home_(std::move(home)) {}

  [[nodiscard]] director::exec_request command(std::vector<std::string> arguments, std::string cwd,
                                               const UserFolders& user,
                                               const CallConfig& config) const;
  [[nodiscard]] director::Status first_start(const director::exec_request& like,
                                             director::host& services) const;
  [[nodiscard]] director::Status converse(const director::exec_request& request,
                                          const director::run_request& asked,
                                          const director::agent_events& events,
                                          director::host& services) const;

  std::string command_;
  std::int64_t start_ms_;  ///< how long a call may take to its first event; 0: any time
  std::vector<std::string> extra_env_;
  std::string repo_dir_;
  Home home_;
};

}  // namespace runner_opencode
