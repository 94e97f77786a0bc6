/// Looking at a library in a child process first, so that one that crashes or hangs on load is
/// named instead of taking a job with it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/plugin/descriptor.hpp"
#include "core/plugin/discovery.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/file_store.hpp"
#include "core/ports/process_launcher.hpp"

namespace director::plugin {

/// The child's part: loads the library and answers on stdout. Returns the exit status.
int answer_probe(const std::filesystem::path& library);

struct ProbeSettings {
  /// The command whose child mode calls answer_probe() with one more argument, the library.
  std::vector<std::string> command;
  std::filesystem::path cache_file;  ///< in a folder of the user's own
  std::chrono::milliseconds timeout{10'000};
};

/// Remembers what it found by the file's path, inode, size and times. A plugin that says something
/// about itself, and a library that crashed or hung, are not looked at again until they change; a
/// library that could not be loaded, and a program that failed in any way, may be mended from
/// outside, and are. One thread.
class Probe {
 public:
  Probe(ports::ProcessLauncher& launcher, const ports::Clock& clock, ports::FileStore& files,
        ProbeSettings settings);

  /// `path` is canonical. Errors: those of open_library() or exec::ask_hello(); External if it
  /// crashed or hung.
  [[nodiscard]] Result<Descriptor> look(const std::filesystem::path& path,
                                        Form form = Form::Library);
  /// Writes what is new to the cache file.
  [[nodiscard]] Status save();

 private:
  struct Known {
    std::string identity;
    Errc code = Errc::Internal;
    std::string refusal;     ///< empty if it was accepted
    std::string descriptor;  ///< JSON
  };

  void read_cache();
  [[nodiscard]] Result<Descriptor> ask(const std::filesystem::path& path);
  [[nodiscard]] static Result<Descriptor> recall(const Known& known);

  ports::ProcessLauncher& launcher_;
  const ports::Clock& clock_;
  ports::FileStore& files_;
  ProbeSettings settings_;
  std::map<std::string, Known> known_;
  bool changed_ = false;
};

}  // namespace director::plugin
