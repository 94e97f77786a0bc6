/// The folders and variables that OpenCode runs with. Nothing of it lies in the user's repository
/// or in the user's own OpenCode folders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent_file.hpp"
#include "director/result.hpp"
#include "user_config.hpp"

namespace runner_opencode {

/// Everything is under this plugin's folder of the cache. What OpenCode itself writes is in "agent"
/// there, which its agents can write too; its configuration, the prompts with it, is beside that.
class Home {
 public:
  explicit Home(std::string dir) : dir_(std::move(dir)) {}

  [[nodiscard]] const std::string& dir() const { return dir_; }
  /// The part that OpenCode writes.
  [[nodiscard]] std::string agent_dir() const { return dir_ + "/agent"; }
  /// Where OpenCode keeps its database, its logs and the like for all that is of that kind and has
  /// `what` in common, in agent_dir(). OpenCode makes it.
  [[nodiscard]] std::string state_dir(std::string_view kind, std::string_view what) const;
  /// Of a state_dir(), or of agent_dir(), and not where agents write.
  [[nodiscard]] std::string lock_file(const std::string& state_dir) const;
  [[nodiscard]] std::string stamp_file(const std::string& state_dir) const;

  /// Makes the folders and the files that keep OpenCode from installing packages. Cheap when they
  /// are there. Safe from several threads and processes at once. Errors: Io.
  [[nodiscard]] director::Status prepare() const;

  /// Writes the agent where OpenCode finds it. Safe from several threads and processes at once.
  /// Errors: Io.
  [[nodiscard]] director::Status install(const AgentFile& agent) const;

  /// "NAME=value" for the environment of a call. `state_dir`: a state_dir(), or agent_dir().
  [[nodiscard]] std::vector<std::string> variables(const UserFolders& user,
                                                   const CallConfig& config,
                                                   const std::string& state_dir) const;

 private:
  std::string dir_;
};

/// Names to be taken out of an inherited environment first; a trailing '*' matches a prefix.
[[nodiscard]] std::vector<std::string> inherited_to_unset();

}  // namespace runner_opencode
