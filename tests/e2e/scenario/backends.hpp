/// Which backends a scenario is played on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "director/result.hpp"
#include "tests/e2e/scenario/scenario.hpp"

namespace director::e2e {

/// Ids of plugins. Empty: what the scenario's own data say of the runner, and else the bundled one.
struct Backends {
  std::string runner;
  std::string vcs;
  std::string gate;
  std::string sink;
  std::vector<std::filesystem::path> path;  ///< more folders of plugins
  std::string transport{};                  ///< of runner-opencode; empty: its default
  std::string isolation{};                  ///< likewise

  [[nodiscard]] bool in_memory() const { return !vcs.empty() && vcs != "vcs-git"; }
};

/// Sets what "--transport", "--isolation", "--runner", "--vcs", "--gate" or "--sink" says; the
/// latter four: opencode, scripted, git, memory, shell, jsonl, or any plugin's id. Errors: Invalid
/// for another option.
[[nodiscard]] Status choose(Backends& backends, const std::string& option,
                            const std::string& value);

/// The same backends, with the runner that the scenario's data are for where none is chosen.
/// Errors: Invalid, if the scenario cannot be played on them, with the reason that it gives or the
/// file that it lacks.
[[nodiscard]] Result<Backends> fitted(Backends backends, const Scenario& scenario);

/// What runner-scripted plays in the place of the scripted model: each conversation a call, each
/// turn's text and tool calls a step. Errors: Invalid for what only an endpoint can do.
[[nodiscard]] Result<std::string> script_of_model(const std::filesystem::path& model);

}  // namespace director::e2e
