/// A plugin's shared library in this process.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "core/plugin/descriptor.hpp"
#include "director/plugin.h"
#include "director/result.hpp"

namespace director::plugin {

/// Lives until the process ends: a library is never unloaded.
class Library {
 public:
  Library(const director_plugin* raw, Descriptor descriptor, std::filesystem::path path)
      : raw_(raw), descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] const Descriptor& descriptor() const { return descriptor_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The table of an interface; null if the plugin does not have it.
  [[nodiscard]] const void* interface(Kind kind) const;
  /// Of one that is no kind of its own.
  [[nodiscard]] const void* interface(const char* id) const;
  /// Held around every call that the ABI tags [control].
  [[nodiscard]] std::mutex& control() const { return control_; }

 private:
  const director_plugin* raw_;
  Descriptor descriptor_;
  std::filesystem::path path_;
  mutable std::mutex control_;
};

/// Loads a library, runs its initialisers and negotiates. The same file is loaded once. Whether it
/// may be trusted and survives loading is for trust.hpp and probe.hpp to say beforehand. Errors:
/// NotFound; Invalid if it cannot be loaded or exports no entry, with the loader's reason; those of
/// negotiate(). Safe from any thread.
[[nodiscard]] Result<const Library*> open_library(const std::filesystem::path& path);

}  // namespace director::plugin
