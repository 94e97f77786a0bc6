#include "core/platform/landlock_rules.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "core/base/nesting.hpp"
#include "core/platform/landlock.hpp"

namespace director::platform {
namespace {

using Paths = std::vector<std::string>;

class Rules {
 public:
  Rules(const std::string& supervisor, const Listing& list)
      : words_{supervisor, landlock::kConfined}, list_(list) {}

  void add(const char* right, const std::string& path) {
    words_.emplace_back(right);
    words_.push_back(path);
  }

  /// All of `path` but what is `shut`.
  void add_around(const char* right, const std::string& path, const Paths& shut) {
    if (lies_within_any(path, shut)) {
      return;
    }
    if (std::none_of(shut.begin(), shut.end(),
                     [&path](const std::string& closed) { return lies_below(closed, path); })) {
      add(right, path);
      return;
    }
    for (const std::string& child : list_(path)) {
      add_around(right, child, shut);
    }
  }

  void close_network() { words_.emplace_back(landlock::kNoNetwork); }

  [[nodiscard]] Paths take() {
    words_.emplace_back(landlock::kRulesEnd);
    return std::move(words_);
  }

 private:
  Paths words_;
  const Listing& list_;
};

Paths inside(const std::string& folder, const Paths& paths) {
  Paths found;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(found),
               [&folder](const std::string& path) { return lies_below(path, folder); });
  return found;
}

/// The rest of /dev reaches disks and other terminals of the user's: who opens one of those reads
/// what is typed there, and types.
void add_devices(Rules& rules) {
  for (const char* device :
       {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}) {
    rules.add(landlock::kDevice, device);
  }
}

}  // namespace

Paths list_folder(const std::string& folder) {
  Paths found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (std::error_code unknown; !entry->is_symlink(unknown)) {
      found.push_back(entry->path().string());
    }
  }
  return found;
}

Paths landlock_arguments(const SandboxPolicy& policy, const ports::Command& command,
                         const std::string& folder, const std::string& temp, const Listing& list) {
  Paths shut = policy.empty;
  shut.insert(shut.end(), policy.blank.begin(), policy.blank.end());
  shut.insert(shut.end(), policy.bare.begin(), policy.bare.end());
  shut.emplace_back("/dev");
  Rules rules(policy.program, list);
  if (!has_network(policy, command)) {
    rules.close_network();
  }
  rules.add(landlock::kList, "/");
  rules.add_around(landlock::kRead, "/", shut);
  add_devices(rules);
  Paths needed = policy.visible;
  needed.push_back(folder);
  if (!command.argv.empty() && command.argv.front().starts_with('/')) {
    needed.push_back(command.argv.front());
  }
  for (const std::string& path : needed) {
    if (lies_within_any(path, shut) && std::find(shut.begin(), shut.end(), path) == shut.end()) {
      rules.add_around(landlock::kRead, path, inside(path, shut));
    }
  }
  Paths kept = shut;
  kept.insert(kept.end(), policy.protect.begin(), policy.protect.end());
  for (const std::string& path : policy.writable) {
    rules.add_around(landlock::kWrite, path,
                     lies_within_any(path, shut) ? inside(path, kept) : kept);
  }
  for (const std::string& path : command.readable) {
    rules.add(landlock::kRead, path);
  }
  for (const std::string& path : command.writable) {
    rules.add(landlock::kWrite, path);
  }
  rules.add(landlock::kWrite, temp);
  if (lies_below(folder, policy.workspaces)) {
    rules.add(command.reads_only ? landlock::kRead : landlock::kWrite, folder);
  }
  return rules.take();
}

std::string landlock_shortfall(int abi) {
  std::string text =
      "/tmp is shared and read-only, modes, owners and times of the user's own files can be "
      "changed, names of hidden files can be seen, no terminal can be made, System V's shared "
      "memory "
      "is shared unless root runs director, and sockets of daemons can be reached, by which tmux "
      "and screen do outside what they are told";
  if (abi < landlock::kScopingAbi) {
    text += ", as can the user's processes by signals and abstract sockets";
  }
  return text;
}

}  // namespace director::platform
