#include "core/platform/listening_sockets.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "core/base/nesting.hpp"
#include "core/base/text.hpp"
#include "core/platform/sandboxed_launcher.hpp"

namespace director::platform {
namespace {

namespace fs = std::filesystem;

/// The flag of who listens, __SO_ACCEPTCON.
constexpr std::string_view kListens = "00010000";

/// The field that a line begins with; `rest` goes on behind it and the spaces that follow it.
std::string_view take_field(std::string_view& rest) {
  const std::string_view field = rest.substr(0, rest.find(' '));
  rest.remove_prefix(field.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
  return field;
}

/// Whether no command sees it anyway, or all are to.
bool is_left_alone(const SandboxPolicy& policy, const std::string& real) {
  return lies_within_any(real, policy.writable) || lies_within_any(real, policy.names) ||
         lies_within(real, policy.workspaces) || is_covered(real, policy.empty, policy) ||
         is_covered(real, policy.daemons, policy) || is_out_of_sight(policy, real);
}

/// Whether all that is in there is sockets, so that those to come are best hidden with it.
bool holds_nothing_else(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    if (!fs::is_socket(entry->symlink_status(unknown))) {
      return false;
    }
  }
  return !error;
}

}  // namespace

std::vector<std::string> listening_sockets(std::string_view table) {
  std::vector<std::string> found;
  for (std::string_view line : text::split_lines(table)) {
    constexpr int kBeforeFlags = 3;  // its address, users and protocol
    constexpr int kBeforeName = 3;   // its type, state and number
    for (int i = 0; i < kBeforeFlags; ++i) {
      take_field(line);
    }
    const std::string_view flags = take_field(line);
    for (int i = 0; i < kBeforeName; ++i) {
      take_field(line);
    }
    if (flags == kListens && line.starts_with('/')) {
      found.emplace_back(line);
    }
  }
  return found;
}

void hide_listeners(SandboxPolicy& policy, std::string_view table) {
  for (const std::string& name : listening_sockets(table)) {
    std::error_code error;
    const std::optional<std::string> real = hideable(policy, name);
    if (!real || is_left_alone(policy, *real) || !fs::is_socket(*real, error)) {
      continue;
    }
    const std::string folder = fs::path(*real).parent_path().string();
    const bool is_theirs = hideable(policy, folder) && !holds_any(folder, policy.visible) &&
                           !holds_any(folder, policy.writable) && holds_nothing_else(folder);
    std::vector<std::string>& hidden = is_theirs ? policy.daemons : policy.sockets;
    if (std::find(hidden.begin(), hidden.end(), is_theirs ? folder : *real) == hidden.end()) {
      hidden.push_back(is_theirs ? folder : *real);
    }
  }
}

std::string table_of_sockets() {
  std::ifstream in("/proc/net/unix", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace director::platform
