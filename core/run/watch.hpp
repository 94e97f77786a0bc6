/// Watch-it-fail: did the agent see its tests fail before it edited anything? Pure, advisory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace director::run {

/// One tool call of a transcript, in order.
struct ToolUse {
  std::string name;
  std::string input;   ///< JSON, as the tool got it
  int exit_code = -1;  ///< of a command, else -1
};

struct Watch {
  std::string verdict = "unknown";  ///< observed, not_observed, unknown
  bool ran_before_edit = false;     ///< the test command ran before the first edit
  bool observed_failure = false;    ///< and it failed
};

/// `test_cmd`: the node's. A shell call counts as a test run if its command contains the test
/// command or names one of `tests`.
[[nodiscard]] Watch watch_it_fail(const std::vector<ToolUse>& calls, std::string_view test_cmd,
                                  const std::vector<std::string>& tests);

}  // namespace director::run
