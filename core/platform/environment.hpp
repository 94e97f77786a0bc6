/// Which environment a command gets, and where its program is found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::platform {

/// The policy. Today every purpose inherits this program's environment less DIRECTOR_*, which is
/// ours alone; a purpose that must not see the user's secrets gets its own rule here.
class Environment {
 public:
  /// `inherited`: "NAME=value" each.
  explicit Environment(std::vector<std::string> inherited) : inherited_(std::move(inherited)) {}
  [[nodiscard]] static Environment of_this_process();

  /// What the command starts with: inherited, less env_unset, plus env_set, with PWD = cwd. Each
  /// name once.
  [[nodiscard]] std::vector<std::string> for_command(const ports::Command& command) const;

 private:
  std::vector<std::string> inherited_;
};

/// The value of a variable in "NAME=value" lines; empty if it is not there.
[[nodiscard]] std::string_view variable(const std::vector<std::string>& environment,
                                        std::string_view name);

/// The file that `name` starts in that environment: itself if it has a slash, else looked up in
/// PATH, whose relative entries are taken from `cwd`. Errors: NotFound; Io if it is there but not
/// executable.
[[nodiscard]] Result<std::string> find_program(const std::string& name,
                                               const std::vector<std::string>& environment,
                                               const std::string& cwd);

}  // namespace director::platform
