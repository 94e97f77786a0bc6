#include "core/platform/sandbox.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>

namespace director::platform {
namespace {

using Paths = std::vector<std::string>;

class Arguments {
 public:
  explicit Arguments(const std::string& program) : all_{program} {}
  void add(std::initializer_list<std::string> words) {
    all_.insert(all_.end(), words.begin(), words.end());
  }
  void show(const std::string& path) { add({"--ro-bind", path, path}); }
  void open(const std::string& path) { add({"--bind", path, path}); }
  [[nodiscard]] Paths take() { return std::move(all_); }

 private:
  Paths all_;
};

bool below_any(const std::string& path, const Paths& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&path](const std::string& folder) { return lies_below(path, folder); });
}

/// What has to be bound again because it is needed and now hidden, outer folders first.
std::set<std::string> hidden_again(const SandboxPolicy& policy, const Paths& needed) {
  std::set<std::string> found;
  for (const std::string& path : needed) {
    if (lies_below(path, policy.temp)) {
      found.insert(path.substr(0, path.find('/', policy.temp.size() + 1)));
    } else if (below_any(path, policy.empty)) {
      found.insert(path);
    }
  }
  return found;
}

}  // namespace

bool is_confined(ports::Purpose purpose) { return purpose != ports::Purpose::Tool; }

bool lies_below(const std::string& path, const std::string& folder) {
  if (folder == "/") {
    return path.size() > 1 && path.front() == '/';
  }
  return path.size() > folder.size() + 1 && path.starts_with(folder) && path[folder.size()] == '/';
}

Paths bubblewrap_arguments(const SandboxPolicy& policy, const ports::Command& command,
                           const std::string& folder) {
  Arguments arguments(policy.bubblewrap);
  // The supervisor is process 1: nothing else in there holds its pipes, and no signal from in there
  // ends or stops it.
  arguments.add({"--die-with-parent", "--new-session", "--unshare-pid", "--as-pid-1",
                 "--unshare-ipc", "--cap-drop", "ALL"});
  if (command.purpose == ports::Purpose::Gate && !policy.gate_network) {
    arguments.add({"--unshare-net"});
  }
  arguments.add({"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"});
  arguments.add({"--tmpfs", policy.temp});
  for (const std::string& path : policy.empty) {
    arguments.add({"--tmpfs", path});
  }
  for (const std::string& path : policy.blank) {
    arguments.add({"--ro-bind", "/dev/null", path});
  }
  Paths needed = policy.visible;
  needed.push_back(folder);
  if (!command.argv.empty() && command.argv.front().starts_with('/')) {
    needed.push_back(command.argv.front());
  }
  for (const std::string& path : hidden_again(policy, needed)) {
    arguments.show(path);
  }
  // A later mount covers an earlier one: what the user adds, then what stays shut all the same,
  // then what this command is for.
  for (const std::string& path : policy.writable) {
    arguments.open(path);
  }
  for (const std::string& path : policy.protect) {
    if (below_any(path, policy.writable)) {
      arguments.show(path);
    }
  }
  for (const std::string& path : command.writable) {
    arguments.open(path);
  }
  if (lies_below(folder, policy.workspaces)) {
    arguments.open(folder);
  }
  arguments.add({"--chdir", command.cwd, "--"});
  return arguments.take();
}

}  // namespace director::platform
