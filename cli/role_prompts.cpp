#include "cli/role_prompts.hpp"

#include <string>
#include <utility>

#include "core/engine/prompts.hpp"
#include "core/platform/paths.hpp"

namespace director::cli {

std::filesystem::path own_agents(const std::filesystem::path& repository) {
  return repository / ".opencode" / "agents";
}

Result<engine::RolePrompts> read_prompts(ports::FileStore& files,
                                         const std::filesystem::path& repository) {
  DIRECTOR_TRY(const platform::Installation installation, platform::find_installation());
  engine::RolePrompts prompts;
  for (const char* agent : kAgents) {
    const std::string name = std::string(agent) + ".md";
    Result<std::string> text = files.read(own_agents(repository) / name);
    if (!text) {
      text = files.read(installation.agents / name);
    }
    if (!text) {
      return std::move(text).error().context("cannot find the prompt of agent '" +
                                             std::string(agent) + "'");
    }
    prompts[agent] = engine::without_front_matter(*text);
  }
  return prompts;
}

}  // namespace director::cli
