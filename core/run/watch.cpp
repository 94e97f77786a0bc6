#include "core/run/watch.hpp"

#include <algorithm>
#include <array>

namespace director::run {
namespace {

bool is_edit(std::string_view tool) {
  static constexpr std::array<std::string_view, 5> kEdits{"edit", "write", "patch", "apply_patch",
                                                          "multiedit"};
  return std::find(kEdits.begin(), kEdits.end(), tool) != kEdits.end();
}

/// The input is JSON text; a quote in the test command stands there escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace

Watch watch_it_fail(const std::vector<ToolUse>& calls, std::string_view test_cmd,
                    const std::vector<std::string>& tests) {
  Watch watch;
  const std::string command = escaped(test_cmd);
  const auto runs_tests = [&](const ToolUse& call) {
    if (call.name != "bash" && call.name != "shell") {
      return false;
    }
    return call.input.find(command) != std::string::npos ||
           std::any_of(tests.begin(), tests.end(), [&](const std::string& path) {
             return call.input.find(escaped(path)) != std::string::npos;
           });
  };
  for (const ToolUse& call : calls) {
    if (is_edit(call.name)) {
      watch.verdict = watch.ran_before_edit ? "observed" : "not_observed";
      return watch;
    }
    if (runs_tests(call)) {
      watch.ran_before_edit = true;
      watch.observed_failure = watch.observed_failure || call.exit_code > 0;
    }
  }
  return watch;
}

}  // namespace director::run
