/// The runner that drives OpenCode: over its server, or one `opencode run` a call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "director/daemon.hpp"
#include "director/runner.hpp"
#include "environment.hpp"
#include "first_start.hpp"
#include "options.hpp"
#include "server_lease.hpp"
#include "user_config.hpp"

namespace runner_opencode {

class OpencodeRunner final : public director::runner {
 public:
  static constexpr const char* summary =
      "drives OpenCode (opencode.ai) over its server, or one process a call";
  static constexpr const char* config_schema = kConfigSchema;

  /// Errors: Invalid, if the configuration is not what the schema says.
  [[nodiscard]] static director::Result<std::unique_ptr<OpencodeRunner>> create(
      const director::instance_info& info, director::host& services);

  [[nodiscard]] director::Status run(const director::run_request& request,
                                     const director::agent_events& events,
                                     director::host& services) override;
  [[nodiscard]] director::Result<std::string> probe(director::host& services) override;

 private:
  /// A call, with what both transports need of it.
  struct Asked {
    const director::run_request& request;
    ModelName model;
    std::string agent;  ///< its name; its file is installed
    UserFolders user;
    std::vector<ConfigText> files;
    std::string auth;
  };

  OpencodeRunner(Options options, std::string repo_dir, Home home)
      : options_(std::move(options)), repo_dir_(std::move(repo_dir)), home_(std::move(home)) {}

  [[nodiscard]] director::exec_request command(std::vector<std::string> arguments, std::string cwd,
                                               const UserFolders& user, const CallConfig& config,
                                               const std::optional<ModelName>& model,
                                               const std::string& state_dir) const;
  /// Errors: those of lease_server() and FirstStart::wait_for().
  [[nodiscard]] director::Result<LeasedServer> lease(const Asked& asked, const CallConfig& config,
                                                     director::host& services) const;
  [[nodiscard]] director::daemon_request server_for(const Asked& asked, const CallConfig& config,
                                                    const std::string& folder,
                                                    const std::string& state_dir) const;
  /// False: it cannot be had that way, and nothing was asked of the model.
  [[nodiscard]] bool run_over_server(const Asked& asked, const director::agent_events& events,
                                     director::host& services) const;
  /// What a failure before the model was asked means; false: the call may be run alone.
  [[nodiscard]] bool settled_without_server(const director::Error& error,
                                            const director::agent_events& events,
                                            director::host& services) const;
  void say_run_alone(const std::string& why, director::host& services) const;
  [[nodiscard]] director::Status run_alone(const Asked& asked, const CallConfig& config,
                                           const director::agent_events& events,
                                           director::host& services) const;
  [[nodiscard]] director::Status converse(const director::exec_request& request,
                                          const director::run_request& asked, FirstStart& start,
                                          const director::agent_events& events,
                                          director::host& services) const;

  Options options_;
  std::string repo_dir_;
  Home home_;
};

}  // namespace runner_opencode
