/// Agents as OpenCode reads them: Markdown files whose front matter holds the permissions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner_opencode {

struct AgentSettings {
  std::string_view role;
  std::string_view system_prompt;
  bool may_edit = false;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> top_k;
};

struct AgentFile {
  std::string name;  ///< for --agent; the file is <name>.md
  std::string content;
};

/// The last one that matches decides.
struct PermissionRule {
  std::string permission;
  std::string pattern;
  bool allowed = false;
};

/// Pure. What a role may do, as the rules of a session: those of its agent once more, which so hold
/// for its subagents as well.
[[nodiscard]] std::vector<PermissionRule> permission_rules(bool may_edit);

/// The agent that an unknown name falls to. It may do nothing.
inline constexpr std::string_view kLockedAgent = "director-locked";

/// Pure. The name holds a hash of the content, so agents that differ never meet in one file.
[[nodiscard]] AgentFile make_agent(const AgentSettings& settings);
[[nodiscard]] AgentFile make_locked_agent();

}  // namespace runner_opencode
