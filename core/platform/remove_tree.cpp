#include "core/platform/remove_tree.hpp"

#include <sys/stat.h>

namespace director::platform {
namespace {

namespace fs = std::filesystem;

/// Each folder is opened to its owner before it is entered.
void open_folders(const fs::path& folder) {
  std::error_code error;
  if (fs::symlink_status(folder, error).type() != fs::file_type::directory) {
    return;
  }
  ::chmod(folder.c_str(), S_IRWXU);
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() == fs::file_type::directory) {
      ::chmod(entry->path().c_str(), S_IRWXU);
    }
  }
}

}  // namespace

std::error_code remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error == std::errc::permission_denied) {
    open_folders(path);
    fs::remove_all(path, error);
  }
  return error;
}

}  // namespace director::platform
