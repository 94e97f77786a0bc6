/// What a confined command may touch, as the arguments of bubblewrap. Pure: paths are taken as they
/// are given, and have to be absolute, normal and free of symbolic links.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ports/process_launcher.hpp"

namespace director::platform {

/// What holds a command. docs/adr/0011-landlock-and-secrets.md says what each does not.
enum class SandboxBackend : std::uint8_t { Bubblewrap, Landlock };

/// What is the same for all commands of a session. docs/adr/0007-sandbox.md says why.
struct SandboxPolicy {
  SandboxBackend backend = SandboxBackend::Bubblewrap;
  std::string program;  ///< the file of bubblewrap, or of director-supervise, which does Landlock
  /// A command's own folder is writable if it lies below this one.
  std::string workspaces;
  std::vector<std::string> writable;  ///< for every confined command
  std::vector<std::string> protect;   ///< read-only even where one of `writable` holds it
  std::string temp;                   ///< in its place each command has a fresh folder of its own
  std::string temps;  ///< where those of Landlock are made, which has no other, and layers
  std::vector<std::string> empty;  ///< folders whose content is hidden
  std::vector<std::string> blank;  ///< files whose content is hidden, sockets that are shut
  /// Files that hold nothing but can be opened, where that can be; else as those of `blank`.
  std::vector<std::string> bare;
  /// What is not there yet and is to be hidden as soon as it is, by the name that it will have.
  std::vector<std::string> awaited;
  /// Folders where daemons listen: in bubblewrap, hidden as those of `empty`.
  std::vector<std::string> daemons;
  /// Sockets where daemons listen beside other things: in bubblewrap, hidden as those of `blank`.
  std::vector<std::string> sockets;
  /// What answers which names there are, of hosts and users: shown to what has network.
  std::vector<std::string> names;
  struct Link {
    std::string path;
    std::string target;
  };
  /// Symbolic links directly in there, which stay: on some systems programs are found by them.
  std::vector<Link> links;
  /// Folders where what agents say stands: hidden as those of `empty` from all but agents.
  std::vector<std::string> of_agents;
  /// Needed even where `temp` or one of `empty` holds it. Below `temp` it is shown with the whole
  /// of the folder there that it lies in, since tools find their parts beside themselves.
  std::vector<std::string> visible;
  /// Commands that are ports::Command::scratch get a layer over their folder; of bubblewrap's.
  bool layers = false;
  bool agent_network = true;
  bool setup_network = true;
  bool gate_network = false;  ///< of those whose command does not have it by itself
};

/// Whether a confined command may use the network.
[[nodiscard]] bool has_network(const SandboxPolicy& policy, const ports::Command& command);

/// Whether such commands are confined at all. A plugin's own housekeeping is not: moving the user's
/// refs is what it is for.
[[nodiscard]] bool is_confined(ports::Purpose purpose);

/// Whether it lies in one of these hidden folders and nothing around it is shown again.
[[nodiscard]] bool is_covered(const std::string& path, const std::vector<std::string>& folders,
                              const SandboxPolicy& policy);

/// What starts the rest of its arguments confined: ports::Command::within. `folder` is the real
/// path of the command's cwd, and `command.writable` holds real paths.
[[nodiscard]] std::vector<std::string> bubblewrap_arguments(const SandboxPolicy& all,
                                                            const ports::Command& command,
                                                            const std::string& folder);

}  // namespace director::platform
