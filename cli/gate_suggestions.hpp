/// Integration gates that fit what is in a repository. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config/settings.hpp"

namespace director::cli {

/// The text of a file at the root of the repository; nullopt: there is none.
using RootFile = std::function<std::optional<std::string>(const std::string& name)>;

/// Names are unique. Each command works in a clean checkout, in this order.
[[nodiscard]] std::vector<config::Gate> suggest_gates(const RootFile& read);

}  // namespace director::cli
