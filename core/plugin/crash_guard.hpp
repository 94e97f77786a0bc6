/// Naming the plugin that takes the program down.
#pragma once

#include <string>

namespace director::plugin {

/// Marks this thread as being in a call of a plugin. `id` outlives it.
class InCall {
 public:
  explicit InCall(const std::string& id);
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;
  ~InCall();

 private:
  const char* before_;
};

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
