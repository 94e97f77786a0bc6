/// One instance of a plugin, and calls into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/plugin/crash_guard.hpp"
#include "core/plugin/library.hpp"
#include "core/ports/host_services.hpp"
#include "director/fence.hpp"
#include "director/instance.hpp"

namespace director::plugin {

/// "plugin 'x' <what>; this is a bug of that plugin"
[[nodiscard]] Error plugin_bug(std::string_view id, std::string_view what);

/// What a plugin says of a failure, with its name: "plugin 'x': <said>".
[[nodiscard]] std::string said_by(std::string_view id, std::string_view said);

/// A failed call as an Error that names the plugin. Without text, or with a status that the ABI
/// does not know, it is the plugin's bug.
[[nodiscard]] Error plugin_failure(std::string_view id, director_status status,
                                   std::string_view said);

/// How every interface table starts.
struct TableHead {
  std::uint32_t struct_size;
  std::uint32_t reserved;
  const director_instances* instances;
};

/// The size of an interface table as the headers have it.
[[nodiscard]] std::size_t published_size(Kind kind);

/// Whether a struct_size covers what version 1.0 published, and is one that a compiler wrote.
[[nodiscard]] constexpr bool is_sane(std::uint32_t struct_size, std::size_t published) {
  constexpr std::uint32_t kAbsurdSize = 4096;
  return struct_size >= published && struct_size <= kAbsurdSize;
}

/// Whether a struct that a plugin filled covers all that version 1.0 of the ABI published.
template <typename Raw>
[[nodiscard]] bool is_whole(const Raw* raw) {
  return raw != nullptr && is_sane(raw->struct_size, sizeof(Raw));
}

/// Checks what comes back through a sink during one call. Sinks are called from C: nothing leaves
/// collect(), and the first thing wrong is kept for the end of the call.
class Collector {
 public:
  /// Runs `body`; an exception of ours becomes a fault.
  template <typename Body>
  void collect(Body&& body) noexcept {
    try {
      const std::lock_guard lock(mutex_);  // a plugin may call from threads of its own
      std::forward<Body>(body)();
    } catch (...) {
      out_of_memory_ = true;
    }
  }
  void fault(std::string_view what) {
    if (fault_.empty()) {
      fault_ = what;
    }
  }
  /// Whether a string makes sense; a fault if not.
  bool check(director_string text) {
    constexpr std::size_t kMaxText = std::size_t{1} << 32;
    if ((text.data == nullptr && text.size != 0) || text.size > kMaxText) {
      fault("sent a string without bytes");
      return false;
    }
    return true;
  }
  [[nodiscard]] Status finish(std::string_view id) const {
    if (out_of_memory_) {
      return Error(Errc::Io, "cannot keep what plugin '" + std::string(id) + "' sent: no memory");
    }
    return fault_.empty() ? ok() : Status(plugin_bug(id, fault_));
  }

 private:
  std::mutex mutex_;
  std::string fault_;
  bool out_of_memory_ = false;
};

/// A handle and its table. [worker]: one thread at a time.
class Instance {
 public:
  /// Errors: those of the plugin's create; Internal for its bugs.
  [[nodiscard]] static Result<Instance> create(const Library& library, Kind kind,
                                               const instance_info& info, director::host& services);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  Instance(Instance&& other) noexcept;
  Instance& operator=(Instance&& other) = delete;
  ~Instance();

  [[nodiscard]] const std::string& id() const { return library_->descriptor().id; }
  template <typename Table>
  [[nodiscard]] const Table& table() const {
    return *static_cast<const Table*>(table_);
  }

  /// A further table of the same plugin, for the same handle; null if it has none that is whole.
  template <typename Table>
  [[nodiscard]] const Table* further_table(const char* id) const {
    const auto* found = static_cast<const Table*>(library_->interface(id));
    return is_whole(found) ? found : nullptr;
  }

  /// Calls `function(handle, args..., error)`. Whatever leaves it but DIRECTOR_OK is an Error.
  template <typename Function, typename... Args>
  [[nodiscard]] Status call(Function function, Args... args) const {
    if constexpr (std::is_pointer_v<Function>) {
      if (function == nullptr) {
        return plugin_bug(id(), "lacks a function of its interface");
      }
    }
    ErrorBuffer error;
    const InCall inside(id(), host_among(args...), is_vcs_);
    try {
      const director_status status = function(handle_, args..., error.raw());
      return status == DIRECTOR_OK ? ok() : Status(plugin_failure(id(), status, error.text()));
    } catch (...) {
      return plugin_bug(id(), "threw an exception at the host");
    }
  }

 private:
  Instance(const Library& library, Kind kind, const void* table,
           const director_instances* instances)
      : library_(&library), is_vcs_(kind == Kind::Vcs), table_(table), instances_(instances) {}

  /// Every function of an interface is handed its host first.
  template <typename... Rest>
  static const director_host* host_among(const director_host* host, const Rest&...) {
    return host;
  }
  template <typename... Args>
  static const director_host* host_among(const Args&...) {
    return nullptr;
  }

  const Library* library_;
  bool is_vcs_;
  const void* table_;
  const director_instances* instances_;
  void* handle_ = nullptr;
  bool made_ = false;
};

}  // namespace director::plugin
