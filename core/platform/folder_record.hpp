/// What folders held at one time, so that what was put there later is told from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"

namespace director::platform {

/// Every file below `paths`, relative to the open folder `root`, by its name and stamps; a few
/// milliseconds later at the least, so that whatever changes from now on has other stamps. The time
/// of a file's last change cannot be set, but by who sets the machine's clock. Absent paths are
/// fine. Errors: Io where something cannot be looked at or is nested too deeply.
[[nodiscard]] Result<std::string> record_folders(int root, const std::vector<std::string>& paths);

/// Removes from the same folders what the record does not know. False: something that it knows has
/// changed or is gone, or the rest cannot be removed; the folders are to be made anew then.
[[nodiscard]] bool restore_folders(int root, const std::vector<std::string>& paths,
                                   std::string_view record);

}  // namespace director::platform
