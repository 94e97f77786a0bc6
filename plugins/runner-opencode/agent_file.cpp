#include "agent_file.hpp"

#include <array>
#include <charconv>

#include "text.hpp"

namespace runner_opencode {

namespace {

// The last rule that matches decides, so the denial of everything comes first. Nothing is left to
// ask about: a question nobody answers ends the call. doom_loop guards nothing here (it looks at
// one step only, and refusing it ends the call); the deadline and the budget stop a loop.
constexpr std::string_view kRules = R"(permission:
  "*": deny
  read:
    "*": allow
    "*.env": deny
    "*.env.*": deny
    "*.env.example": allow
  grep: allow
  glob: allow
  list: allow
  doom_loop: allow
  external_directory: deny
  task: deny
  skill: deny
  question: deny
  webfetch: deny
  websearch: deny
)";
constexpr std::string_view kEditRules = "  edit: allow\n  bash: allow\n  todowrite: allow\n";
constexpr std::string_view kReadRules = "  edit: deny\n  bash: deny\n  todowrite: deny\n";

std::string number(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

std::string file_name_part(std::string_view role) {
  std::string out;
  for (const char c : role.substr(0, 40)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    out += plain ? c : '-';
  }
  return out.empty() ? "role" : out;
}

}  // namespace

AgentFile make_agent(const AgentSettings& settings) {
  std::string content = "---\ndescription: A role of director\nmode: primary\n";
  if (settings.temperature.has_value()) {
    content += "temperature: " + number(*settings.temperature) + "\n";
  }
  if (settings.top_p.has_value()) {
    content += "top_p: " + number(*settings.top_p) + "\n";
  }
  if (settings.top_k.has_value()) {
    content += "top_k: " + std::to_string(*settings.top_k) + "\n";
  }
  content += kRules;
  content += settings.may_edit ? kEditRules : kReadRules;
  content += "---\n\n";
  content += settings.system_prompt;
  content += '\n';
  return {"director-" + file_name_part(settings.role) + "-" +
              plugin_support::hex64(plugin_support::hash64(content)),
          content};
}

AgentFile make_locked_agent() {
  return {std::string(kLockedAgent),
          "---\ndescription: May do nothing\nmode: primary\npermission:\n  \"*\": deny\n---\n\n"
          "Answer with one sentence: this agent is not set up.\n"};
}

}  // namespace runner_opencode
