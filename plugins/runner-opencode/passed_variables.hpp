/// Which of the user's variables a call gets beside those that the host lets agents have: what the
/// provider of its model is reached with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_config.hpp"

namespace runner_opencode {

/// The default of plugin.runner-opencode.pass_env.
[[nodiscard]] const std::vector<std::string>& default_pass_env();

/// A variable's name in which at most one '*' stands for any characters, and which is not only
/// that.
[[nodiscard]] bool is_name_pattern(std::string_view text);

/// Whether `pattern`, a name with at most one '*' in it, matches.
[[nodiscard]] bool matches_name(std::string_view name, std::string_view pattern);

/// "NAME=value" of those in `environment` that match `pass_env`, that are named after the provider
/// of `model` or known to be its own, or that `config` refers to as "{env:NAME}". Without a model
/// those of every provider that is known. OPENCODE's own are not among them, but its key.
[[nodiscard]] std::vector<std::string> passed_variables(const std::vector<std::string>& environment,
                                                        const std::vector<std::string>& pass_env,
                                                        const std::optional<ModelName>& model,
                                                        std::string_view config);

/// Of this process.
[[nodiscard]] std::vector<std::string> own_environment();

}  // namespace runner_opencode
