/// A folder for one command's temporary files, where commands have no /tmp of their own.
#pragma once

#include <string>
#include <utility>

#include "director/result.hpp"

namespace director::platform {

/// Gone with the object, whatever its command did to the permissions in there.
class PrivateFolder {
 public:
  /// Makes `parent`, too, where it is missing. Errors: Io.
  [[nodiscard]] static Result<PrivateFolder> make(const std::string& parent);
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Removes those in `parent` whose process is gone.
  static void sweep(const std::string& parent);

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace director::platform
