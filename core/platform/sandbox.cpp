#include "core/platform/sandbox.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>

#include "core/base/nesting.hpp"

namespace director::platform {
namespace {

using Paths = std::vector<std::string>;

class Arguments {
 public:
  explicit Arguments(const std::string& program) : all_{program} {}
  void add(std::initializer_list<std::string> words) {
    all_.insert(all_.end(), words.begin(), words.end());
  }
  void show(const std::string& path) { show(path, path); }
  void show(const std::string& source, const std::string& path) {
    add({"--ro-bind", source, path});
  }
  void open(const std::string& path) { add({"--bind", path, path}); }
  [[nodiscard]] Paths take() { return std::move(all_); }

 private:
  Paths all_;
};

bool below_any(const std::string& path, const Paths& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&path](const std::string& folder) { return lies_below(path, folder); });
}

/// Each with the whole of the folder there that it lies in. A workspace is bound by itself later,
/// but what lies beside it has to be there.
void show_below_temp(const SandboxPolicy& policy, Paths needed, const std::string& folder,
                     Arguments& arguments) {
  needed.push_back(folder);
  std::set<std::string> shown;
  for (const std::string& path : needed) {
    if (lies_below(path, policy.temp)) {
      shown.insert(path.substr(0, path.find('/', policy.temp.size() + 1)));
    }
  }
  for (const std::string& path : shown) {
    arguments.show(path);
  }
}

/// The folders on the way from one that the user opens to what is shut in there. Mounted, they can
/// be given no other name, or the next command would find what is shut under that.
std::set<std::string> ways(const SandboxPolicy& policy) {
  std::set<std::string> found;
  for (const Paths* shut : {&policy.protect, &policy.empty, &policy.blank, &policy.bare}) {
    for (const std::string& path : *shut) {
      for (std::string way = path.substr(0, path.rfind('/')); below_any(way, policy.writable);
           way.resize(way.rfind('/'))) {
        found.insert(way);
      }
    }
  }
  return found;
}

Arguments machine_of_its_own(const SandboxPolicy& policy, bool network) {
  Arguments arguments(policy.program);
  // The supervisor is process 1: nothing else in there holds its pipes, and no signal from in there
  // ends or stops it.
  arguments.add({"--die-with-parent", "--new-session", "--unshare-pid", "--as-pid-1",
                 "--unshare-ipc", "--cap-drop", "ALL"});
  if (!network) {
    arguments.add({"--unshare-net"});
  }
  arguments.add({"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"});
  arguments.add({"--tmpfs", policy.temp});
  return arguments;
}

/// With all hidden where daemons listen: neither a network namespace nor a read-only mount stops a
/// connection to a socket there.
SandboxPolicy without_daemons(SandboxPolicy policy, const ports::Command& command) {
  if (has_network(policy, command)) {
    policy.visible.insert(policy.visible.end(), policy.names.begin(), policy.names.end());
  }
  policy.blank.insert(policy.blank.end(), policy.sockets.begin(), policy.sockets.end());
  for (Paths* paths : {&policy.empty, &policy.blank, &policy.bare}) {
    std::erase_if(*paths, [&policy](const std::string& path) {
      return is_covered(path, policy.daemons, policy);
    });
  }
  policy.empty.insert(policy.empty.end(), policy.daemons.begin(), policy.daemons.end());
  return policy;
}

/// Hides what is to be hidden, and shows again what of it is needed or opened by the user, and so
/// on inwards.
void hide(const SandboxPolicy& policy, const Paths& needed, Arguments& arguments) {
  enum class Layer : std::uint8_t { Empty, Blank, Bare, Shown, Open };
  std::map<std::string, Layer> layers;
  for (const std::string& path : policy.empty) {
    layers.emplace(path, Layer::Empty);
  }
  for (const std::string& path : policy.blank) {
    layers.emplace(path, Layer::Blank);
  }
  for (const std::string& path : policy.bare) {
    layers.emplace(path, Layer::Bare);
  }
  const auto uncover = [&](const auto& paths, Layer layer) {
    for (const std::string& path : paths) {
      if (below_any(path, policy.empty)) {
        layers.emplace(path, layer);
      }
    }
  };
  uncover(policy.protect, Layer::Shown);
  uncover(policy.writable, Layer::Open);
  uncover(ways(policy), Layer::Open);
  uncover(needed, Layer::Shown);
  for (const auto& [path, layer] : layers) {
    switch (layer) {
      case Layer::Empty:
        arguments.add({"--tmpfs", path});
        break;
      case Layer::Blank:
        arguments.show("/dev/null", path);
        break;
      case Layer::Bare:
        arguments.add({"--dev-bind", "/dev/null", path});
        break;
      case Layer::Shown:
        arguments.show(path);
        break;
      case Layer::Open:
        arguments.open(path);
        break;
    }
  }
}

}  // namespace

bool is_confined(ports::Purpose purpose) { return purpose != ports::Purpose::Tool; }

bool has_network(const SandboxPolicy& policy, const ports::Command& command) {
  if (command.network) {
    return true;
  }
  switch (command.purpose) {
    case ports::Purpose::Agent:
      return policy.agent_network;
    case ports::Purpose::Gate:
      return policy.gate_network;
    case ports::Purpose::Setup:
      return policy.setup_network;
    case ports::Purpose::Tool:
      return true;
  }
  return false;
}

bool is_covered(const std::string& path, const Paths& folders, const SandboxPolicy& policy) {
  const auto is_shown = [&path](const std::string& folder, const Paths& all) {
    return std::any_of(all.begin(), all.end(), [&](const std::string& shown) {
      return lies_below(shown, folder) && lies_below(path, shown);
    });
  };
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return lies_below(path, folder) && !is_shown(folder, policy.visible) &&
           !is_shown(folder, policy.writable);
  });
}

Paths bubblewrap_arguments(const SandboxPolicy& all, const ports::Command& command,
                           const std::string& folder) {
  const SandboxPolicy policy = without_daemons(all, command);
  Arguments arguments = machine_of_its_own(policy, has_network(policy, command));
  // A later mount covers an earlier one: what is needed, what the user opens, what stays shut all
  // the same, what this command is for.
  Paths needed = policy.visible;
  if (!command.argv.empty() && command.argv.front().starts_with('/')) {
    needed.push_back(command.argv.front());
  }
  const bool is_workspace = lies_below(folder, policy.workspaces);
  if (!is_workspace) {
    needed.push_back(folder);
  }
  show_below_temp(policy, needed, folder, arguments);
  for (const std::string& path : policy.writable) {
    arguments.open(path);
  }
  for (const std::string& path : ways(policy)) {
    arguments.open(path);
  }
  for (const std::string& path : policy.protect) {
    if (below_any(path, policy.writable)) {
      arguments.show(path);
    }
  }
  hide(policy, needed, arguments);
  for (const SandboxPolicy::Link& link : policy.links) {
    arguments.add({"--symlink", link.target, link.path});
  }
  for (const std::string& path : command.readable) {
    arguments.show(path);
  }
  for (const std::string& path : command.writable) {
    arguments.open(path);
  }
  if (is_workspace && !command.reads_only) {
    arguments.open(folder);
  } else if (is_workspace && !lies_within_any(folder, command.writable)) {
    arguments.show(folder);
  }
  for (const std::string& path : policy.empty) {
    arguments.add({"--remount-ro", path});
  }
  arguments.add({"--chdir", command.cwd, "--"});
  return arguments.take();
}

}  // namespace director::platform
