/// Which environment a command gets, and where its program is found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::platform {

/// The policy. Every purpose inherits this program's environment less DIRECTOR_*, which is ours
/// alone. A gate runs what an agent wrote and must not see the user's secrets: it inherits only
/// what gate_variables() names and what the user adds.
class Environment {
 public:
  /// `inherited`: "NAME=value" each. `for_gates`: names that gates inherit, too; a trailing '*'
  /// matches a prefix.
  explicit Environment(std::vector<std::string> inherited, std::vector<std::string> for_gates = {})
      : inherited_(std::move(inherited)), for_gates_(std::move(for_gates)) {}
  [[nodiscard]] static Environment of_this_process(std::vector<std::string> for_gates = {});

  /// What the command starts with: inherited, less env_unset, plus env_set, with PWD = cwd. Each
  /// name once.
  [[nodiscard]] std::vector<std::string> for_command(const ports::Command& command) const;

 private:
  [[nodiscard]] bool inherits(ports::Purpose purpose, const std::string& name) const;

  std::vector<std::string> inherited_;
  std::vector<std::string> for_gates_;
};

/// Names, or prefixes with '*', of the variables that a gate inherits: the user and the locale,
/// where programs, compilers and language tools are found, nothing that opens a door.
[[nodiscard]] const std::vector<std::string>& gate_variables();

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
