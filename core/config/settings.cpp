#include "core/config/settings.hpp"

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

}  // namespace director::config
