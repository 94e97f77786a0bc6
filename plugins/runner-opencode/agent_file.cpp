#include "agent_file.hpp"

#include <array>
#include <charconv>

#include "text.hpp"

namespace runner_opencode {

namespace {

// The last rule that matches decides, so the denial of everything comes first. Nothing is left to
// ask about: a question nobody answers ends the call. doom_loop guards nothing here (it looks at
// one step only, and refusing it ends the call); limits.max_repeats, the deadline and the budget
// stop a loop.
struct Rule {
  std::string_view permission;
  std::string_view pattern;
  bool allowed;
};
constexpr std::array<Rule, 15> kRules{{{"*", "*", false},
                                       {"read", "*", true},
                                       {"read", "*.env", false},
                                       {"read", "*.env.*", false},
                                       {"read", "*.env.example", true},
                                       {"grep", "*", true},
                                       {"glob", "*", true},
                                       {"list", "*", true},
                                       {"doom_loop", "*", true},
                                       {"external_directory", "*", false},
                                       {"task", "*", false},
                                       {"skill", "*", false},
                                       {"question", "*", false},
                                       {"webfetch", "*", false},
                                       {"websearch", "*", false}}};
constexpr std::array<std::string_view, 3> kOfEditors{"edit", "bash", "todowrite"};

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

std::string quoted(const std::string& name) {
  return name.find('*') == std::string::npos ? name : "\"" + name + "\"";
}

/// As front matter: rules of one permission stand together, below its name.
std::string front_matter(const std::vector<PermissionRule>& rules) {
  std::string text = "permission:\n";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string action = rules[i].allowed ? "allow\n" : "deny\n";
    const bool follows = i > 0 && rules[i - 1].permission == rules[i].permission;
    const bool goes_on = i + 1 < rules.size() && rules[i + 1].permission == rules[i].permission;
    if (!follows && !goes_on && rules[i].pattern == "*") {
      text += "  " + quoted(rules[i].permission) + ": " + action;
      continue;
    }
    if (!follows) {
      text += "  " + quoted(rules[i].permission) + ":\n";
    }
    text += "    " + quoted(rules[i].pattern) + ": " + action;
  }
  return text;
}

}  // namespace

std::vector<PermissionRule> permission_rules(bool may_edit) {
  std::vector<PermissionRule> rules;
  rules.reserve(kRules.size() + kOfEditors.size());
  for (const Rule& rule : kRules) {
    rules.push_back({std::string(rule.permission), std::string(rule.pattern), rule.allowed});
  }
  for (const std::string_view permission : kOfEditors) {
    rules.push_back({std::string(permission), "*", may_edit});
  }
  return rules;
}

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
  content += front_matter(permission_rules(settings.may_edit));
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
