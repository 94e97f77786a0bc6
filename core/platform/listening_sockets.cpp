#include "core/platform/listening_sockets.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
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

/// Whether it is a socket, and has been for some seconds.
bool has_stood(const std::string& path) {
  struct stat found {};
  constexpr std::time_t kSeconds = 10;
  return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) &&
         std::time(nullptr) - found.st_mtime >= kSeconds;
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
  std::map<std::string, std::set<std::string>> by_folder;
  for (const std::string& name : listening_sockets(table)) {
    const std::optional<std::string> real = hideable(policy, name);
    if (real && !is_left_alone(policy, *real) && has_stood(*real)) {
      by_folder[fs::path(*real).parent_path().string()].insert(*real);
    }
  }
  constexpr std::size_t kFew = 8;  // each is a mount for each command
  for (const auto& [folder, sockets] : by_folder) {
    const bool can_go = hideable(policy, folder) && !holds_any(folder, policy.visible) &&
                        !holds_any(folder, policy.writable);
    if (can_go && (sockets.size() > kFew || holds_nothing_else(folder))) {
      policy.daemons.push_back(folder);
    } else {
      policy.sockets.insert(policy.sockets.end(), sockets.begin(), sockets.end());
    }
  }
}

std::string table_of_sockets() {
  std::ifstream in("/proc/net/unix", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace director::platform
