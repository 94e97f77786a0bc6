/// Naming the plugin that takes the program down.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

struct director_host;

namespace director::plugin {

struct CallUnderWay {
  std::uint64_t number = 0;  ///< no two calls have the same
  const std::string* plugin = nullptr;
  const director_host* host = nullptr;  ///< of the call; null where it has none
  bool is_vcs = false;
};

/// Marks this thread as being in a call of a plugin. `id` and `host` outlive it.
class InCall {
 public:
  explicit InCall(const std::string& id, const director_host* host = nullptr, bool is_vcs = false);
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;
  ~InCall();

 private:
  const char* before_;
  CallUnderWay call_;
};

/// Those of all threads; none of them ends meanwhile. `look` makes no call of a plugin.
void for_each_call(const std::function<void(const CallUnderWay&)>& look);

/// Ends the program with a line on stderr that names the plugin, and with this status, or the
/// CrashGuard's.
[[noreturn]] void end_for(const std::string& plugin, const std::string& why,
                          std::optional<int> status);

/// While one lives, a signal that ends the program (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) and
/// an exit(), where they come in a call of a plugin, end it with this status and a line on stderr
/// that names the plugin. What the program has on the disk is good for such an end, as it is for a
/// kill. A handler that is there already stays. One at a time; made before threads are.
class CrashGuard {
 public:
  explicit CrashGuard(int status);
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;
  ~CrashGuard();
};

}  // namespace director::plugin
