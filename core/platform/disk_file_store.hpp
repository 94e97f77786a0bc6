/// Files on this machine's disks.
#pragma once

#include "core/ports/file_store.hpp"

namespace director::platform {

/// As the port says; a journal is never written through a symbolic link. Messages name the path and
/// the system's reason.
class DiskFileStore final : public ports::FileStore {
 public:
  [[nodiscard]] Result<std::string> read(const std::filesystem::path& path) override;
  [[nodiscard]] Status write(const std::filesystem::path& path, std::string_view bytes) override;
  [[nodiscard]] Result<std::unique_ptr<ports::AppendFile>> open_append(
      const std::filesystem::path& path, std::uint64_t keep_bytes) override;
  [[nodiscard]] Status move(const std::filesystem::path& from,
                            const std::filesystem::path& to) override;
  [[nodiscard]] Status remove(const std::filesystem::path& path) override;
};

/// Removes what processes that are gone left of their DiskFileStore::write() in this very folder.
/// Call it before this process writes there.
void remove_cut_off_writes(const std::filesystem::path& folder);

}  // namespace director::platform
