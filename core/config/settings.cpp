#include "core/config/settings.hpp"

#include <algorithm>

namespace director::config {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::Planner:
      return "planner";
    case Role::TestAuthor:
      return "test_author";
    case Role::Executor:
      return "executor";
    case Role::Explorer:
      return "explorer";
    case Role::Reviewer:
      return "reviewer";
    case Role::Escalation:
      return "escalation";
  }
  return "planner";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : kRoles) {
    if (text == to_string(role)) {
      return role;
    }
  }
  return std::nullopt;
}

bool is_plugin_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::optional<Tier> parse_tier(std::string_view text) {
  const bool has_blank = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  const std::size_t slash = text.find('/');
  if (has_blank || slash == std::string_view::npos) {
    return std::nullopt;
  }
  Tier tier{std::string(text), {}, std::string(text)};
  const std::size_t colon = text.substr(0, slash).find(':');
  if (colon != std::string_view::npos) {
    tier.runner = text.substr(0, colon);
    tier.model = text.substr(colon + 1);
    if (!is_plugin_id(tier.runner)) {
      return std::nullopt;
    }
  }
  if (tier.model.front() == '/' || tier.model.back() == '/') {
    return std::nullopt;
  }
  return tier;
}

}  // namespace director::config
