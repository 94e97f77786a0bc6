/// A host whose exec service really runs commands: enough of one to drive a plugin against a real
/// program, without the kernel.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "director/host.hpp"

namespace director::testing {

/// May be used by several threads at once.
class ExecHost {
 public:
  ExecHost() : raw_{sizeof(director_host), 1, 0, 0, "0.0.0-exec", this, &ExecHost::find} {}
  ExecHost(const ExecHost&) = delete;
  ExecHost& operator=(const ExecHost&) = delete;

  [[nodiscard]] host services() { return host(&raw_); }
  [[nodiscard]] std::vector<std::string> logged() const;
  /// The arguments of every command, joined by spaces.
  [[nodiscard]] std::vector<std::string> executed() const;

 private:
  static const void* find(const director_host* raw, const char* id);
  static void log(const director_host* raw, director_log_level level, director_string text);
  static director_status exec(const director_host* raw, const director_exec_request* request,
                              const director_exec_sink* sink, director_exec_result* result,
                              director_error* error);

  director_host raw_;
  mutable std::mutex mutex_;
  std::vector<std::string> logged_;
  std::vector<std::string> executed_;
};

}  // namespace director::testing
