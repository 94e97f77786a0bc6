#include "core/platform/private_folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/platform/os_error.hpp"
#include "core/platform/process_table.hpp"
#include "core/platform/remove_tree.hpp"

namespace director::platform {

namespace fs = std::filesystem;

Result<PrivateFolder> PrivateFolder::make(const std::string& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  std::string path = parent + "/" + std::to_string(::getpid()) + ".XXXXXX";
  if (error || ::mkdtemp(path.data()) == nullptr) {
    return os_error("cannot create a folder for temporary files in '" + parent + "'",
                    error ? error.value() : errno);
  }
  return PrivateFolder(std::move(path));
}

PrivateFolder::~PrivateFolder() {
  if (!path_.empty()) {
    (void)remove_tree(path_);  // else the next sweep does
  }
}

void PrivateFolder::sweep(const std::string& parent) {
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t owner = 0;
    std::from_chars(name.data(), name.data() + name.size(), owner);
    if (owner <= 0 || is_gone(owner)) {
      (void)remove_tree(entry->path());  // else the next one does
    }
  }
}

}  // namespace director::platform
