/// The test binary as the command that a test runs.
#pragma once

#include <string>
#include <vector>

namespace director::process_test {

/// Acts as `mode` ("--child=<mode>") and returns the exit status. The modes stand in child.cpp.
int act_as_child(const std::string& mode, const std::vector<std::string>& args);

}  // namespace director::process_test
