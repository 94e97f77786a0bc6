/// Files of the kernel's own: everything under .director.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::ports {

/// A file that only grows. One thread at a time.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// All of `bytes` or an error; a partial write may stay behind.
  [[nodiscard]] virtual Status append(std::string_view bytes) = 0;
  /// What was appended survives a power loss. Blocks.
  [[nodiscard]] virtual Status sync() = 0;
};

/// Paths are absolute. Safe from any thread; blocks.
class FileStore {
 public:
  virtual ~FileStore() = default;
  /// Errors: NotFound; Io.
  [[nodiscard]] virtual Result<std::string> read(const std::filesystem::path& path) = 0;
  /// Replaces the file as a whole: readers see the old bytes or the new, also after a crash. Makes
  /// missing parent folders.
  [[nodiscard]] virtual Status write(const std::filesystem::path& path, std::string_view bytes) = 0;
  /// Opens for appending after `keep_bytes`, cutting off what comes later; makes the file if
  /// missing.
  [[nodiscard]] virtual Result<std::unique_ptr<AppendFile>> open_append(
      const std::filesystem::path& path, std::uint64_t keep_bytes) = 0;
  /// Moves a file or folder; NotFound if there is none. Makes missing parent folders.
  [[nodiscard]] virtual Status move(const std::filesystem::path& from,
                                    const std::filesystem::path& to) = 0;
  /// Removes a file or a folder with all that is in it; fine if there is none.
  [[nodiscard]] virtual Status remove(const std::filesystem::path& path) = 0;
};

}  // namespace director::ports
