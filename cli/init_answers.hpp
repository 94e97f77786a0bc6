/// What `director init` needs to know, from flags or from a dialogue, and the file it makes of it.
/// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/settings.hpp"
#include "director/result.hpp"

namespace director::cli {

struct InitAnswers {
  std::map<config::Role, std::string> tiers;  ///< role -> "provider/model"
  std::vector<config::Gate> gates;            ///< in order; names are unique
};

/// "executor=local/coder". Errors: Invalid, saying what is expected.
[[nodiscard]] Result<std::pair<config::Role, std::string>> parse_role_and_model(
    std::string_view text);
/// "test=make test". Errors: Invalid.
[[nodiscard]] Result<config::Gate> parse_named_gate(std::string_view text);

/// Why this model cannot play this role beside those that are chosen; nullopt: it can.
[[nodiscard]] std::optional<std::string> model_problem(const InitAnswers& answers,
                                                       config::Role role, std::string_view model);
/// Errors: Invalid if a role has no model, or one that does not fit; naming all of them.
[[nodiscard]] Status check_answers(const InitAnswers& answers);

/// The example configuration with these tiers and gates in the place of its own; its comments
/// stay. The answers are complete. Errors: Internal if the example is not of the shape that this
/// knows; Invalid if the result would not load.
[[nodiscard]] Result<std::string> make_configuration(std::string_view example,
                                                     const InitAnswers& answers);

}  // namespace director::cli
