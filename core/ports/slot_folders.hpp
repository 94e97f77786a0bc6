/// The folders of a repository's slots, as things that take up room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ports/clock.hpp"
#include "director/result.hpp"

namespace director::ports {

/// Agents wrote in these folders: nothing in them can lead a call out of them. Safe from any
/// thread; blocks.
class SlotFolders {
 public:
  virtual ~SlotFolders() = default;
  /// The slots' names, in no order.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;
  /// Whether a folder that was brought to a commit is there still, by its path: in whatever state,
  /// and wherever it lies. Errors: Io, if that cannot be told.
  [[nodiscard]] virtual Result<bool> is_there(const std::string& dir) = 0;
  /// When a slot was last brought to a commit.
  [[nodiscard]] virtual Result<WallTime> last_used(const std::string& name) = 0;
  /// Bytes of its blocks on disk, its meta folder's included. Looks at every file.
  [[nodiscard]] virtual Result<std::uint64_t> size(const std::string& name) = 0;
  /// Removes a slot with its meta folder. Interrupted, it is no slot any more, and mend() removes
  /// the rest.
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  /// Everything that lies in folders of a slot, as a text for restore(). Absent folders are fine.
  [[nodiscard]] virtual Result<std::string> record(const std::string& name,
                                                   const std::vector<std::string>& folders) = 0;
  /// Removes from the same folders what came after the record. False: something of it has changed
  /// or is gone, whatever was done to hide that; the folders are to be made anew then.
  [[nodiscard]] virtual bool restore(const std::string& name,
                                     const std::vector<std::string>& folders,
                                     const std::string& record) = 0;
  /// Finishes removals that were interrupted.
  [[nodiscard]] virtual Status mend() = 0;
};

}  // namespace director::ports
