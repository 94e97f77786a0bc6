/// Which environment a command gets, and where its program is found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/redactor.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::platform {

/// The policy. A plugin's own housekeeping inherits this program's environment less DIRECTOR_*,
/// which is ours alone. Agents, gates and the preparation of workspaces run what a model wrote and
/// must not see the user's secrets: they inherit what harmless_variables() names and what the user
/// adds; where they have the network, network_variables(), too. What an agent tool needs besides,
/// such as the key of its provider, its runner sets.
class Environment {
 public:
  /// `inherited`: "NAME=value" each. `added`: names that those inherit, too; a trailing '*' matches
  /// a prefix.
  explicit Environment(std::vector<std::string> inherited, std::vector<std::string> added = {})
      : inherited_(std::move(inherited)), added_(std::move(added)) {}
  [[nodiscard]] static Environment of_this_process(std::vector<std::string> added = {});

  /// What the command starts with: inherited, less env_unset, plus env_set, with PWD = cwd. Each
  /// name once.
  [[nodiscard]] std::vector<std::string> for_command(const ports::Command& command) const;

 private:
  [[nodiscard]] bool inherits(ports::Purpose purpose, const std::string& name) const;

  std::vector<std::string> inherited_;
  std::vector<std::string> added_;
};

/// Names, or prefixes with '*', of variables that open no door: the user and the locale, where
/// programs, compilers and language tools are found.
[[nodiscard]] const std::vector<std::string>& harmless_variables();

/// The same, of how the network is reached: proxies and certificates.
[[nodiscard]] const std::vector<std::string>& network_variables();

/// Whether one of `patterns` is the variable's name, or with '*' at its end a prefix of it.
[[nodiscard]] bool matches_any(std::string_view name, const std::vector<std::string>& patterns);

/// The value of a variable in "NAME=value" lines; empty if it is not there.
[[nodiscard]] std::string_view variable(const std::vector<std::string>& environment,
                                        std::string_view name);

/// The secrets in "NAME=value" lines: variables that are known by their names, and those named by
/// `more` (a trailing '*' matches a prefix). A path that exists is none.
[[nodiscard]] std::vector<Secret> secrets_of(const std::vector<std::string>& environment,
                                             const std::vector<std::string>& more);
/// The same of this process.
[[nodiscard]] std::vector<Secret> secrets_of_this_process(const std::vector<std::string>& more);

/// The file that `name` starts in that environment: itself if it has a slash, else looked up in
/// PATH, whose relative entries are taken from `cwd`. Errors: NotFound; Io if it is there but not
/// executable.
[[nodiscard]] Result<std::string> find_program(const std::string& name,
                                               const std::vector<std::string>& environment,
                                               const std::string& cwd);

}  // namespace director::platform
