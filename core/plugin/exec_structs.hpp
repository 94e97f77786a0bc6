/// What the structs of the exec service say, and the other way round.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/redactor.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/plugin.h"

namespace director::plugin {

[[nodiscard]] std::vector<std::string> own(const director_string* texts, std::size_t count);

/// What a plugin asks for; its time limit ends no later than the command's deadline.
void fill(ports::Command& command, const director_exec_request& request, ports::SteadyTime now);

[[nodiscard]] director_exec_outcome outcome_of(ports::ExitKind kind);

/// Asks the plugin's sink about a line; a sink that throws ends the command.
[[nodiscard]] bool offer(const director_exec_sink* sink, const ports::OutputLine& line) noexcept;

/// Where standard error goes beside a transcript; empty: nowhere.
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& transcript);

/// Secrets that a plugin hands to a command, such as the user's keys for an agent tool.
[[nodiscard]] std::vector<Secret> handed_over(const std::vector<std::string>& variables);

}  // namespace director::plugin
