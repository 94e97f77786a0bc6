/// Other names of what is hidden: a file system, or a part of it, may be mounted more than once,
/// and what a mount covers can be read by all the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/platform/sandbox.hpp"

namespace director::platform {

struct Mount {
  std::string device;  ///< of the file system, "major:minor"
  std::string root;    ///< what of it is mounted
  std::string point;   ///< where
};

/// As /proc/self/mountinfo has them (proc(5)), the later over the earlier. Pure.
[[nodiscard]] std::vector<Mount> mounts_in(std::string_view table);

/// What may be another name of this real path, and of what of it is mounted by itself. Something
/// else may be mounted over it. Pure.
struct OtherNames {
  std::vector<std::string> whole;
  std::vector<std::string> parts;
};
[[nodiscard]] OtherNames other_names(const std::vector<Mount>& mounts, const std::string& path);

/// Hides what is hidden by its other names, too. Looks at the file system.
void hide_other_names(SandboxPolicy& policy, std::string_view table);

/// /proc/self/mountinfo; empty if it cannot be read.
[[nodiscard]] std::string table_of_mounts();

}  // namespace director::platform
