/// The runner that drives OpenCode, one `opencode run` a call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "director/runner.hpp"
#include "environment.hpp"
#include "user_config.hpp"

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
      "pass_env": {"type": "array", "items": {"type": "string"}},
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
  struct Options {
    std::string command;
    std::int64_t start_ms = 0;  ///< how long a call may take to its first event; 0: any time
    std::vector<std::string> pass_env;
    std::vector<std::string> extra_env;
  };
  OpencodeRunner(Options options, std::string repo_dir, Home home)
      : options_(std::move(options)), repo_dir_(std::move(repo_dir)), home_(std::move(home)) {}
  [[nodiscard]] static director::Result<Options> read_options(const std::string& config_json);

  [[nodiscard]] director::exec_request command(std::vector<std::string> arguments, std::string cwd,
                                               const UserFolders& user, const CallConfig& config,
                                               const std::optional<ModelName>& model) const;
  [[nodiscard]] director::Status first_start(const director::exec_request& like,
                                             director::host& services) const;
  [[nodiscard]] director::Status converse(const director::exec_request& request,
                                          const director::run_request& asked,
                                          const director::agent_events& events,
                                          director::host& services) const;

  Options options_;
  std::string repo_dir_;
  Home home_;
};

}  // namespace runner_opencode
