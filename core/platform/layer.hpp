/// Laying a ports::Layer: an overlay mount that nobody sees but this process and what it starts.
#pragma once

#include <optional>
#include <string>

#include "core/ports/process_launcher.hpp"

namespace director::platform {

/// What the system calls below need, made ready before there is a process for them.
struct LayerMount {
  std::string folder;
  std::string as_root;  ///< the options of the mount, with all that only root may
  std::string as_user;  ///< and in a user namespace
  std::string uid_map;
  std::string gid_map;
};

/// nullopt if a path holds a character that options of mounts have another use for.
[[nodiscard]] std::optional<LayerMount> layer_mount(const ports::Layer& layer);

/// Moves this process, of one thread, to a mount namespace of its own, if it has to be to a user
/// namespace, too, and lays the layer there. Returns 0 or errno. System calls only.
[[nodiscard]] int lay(const LayerMount& mount);

}  // namespace director::platform
