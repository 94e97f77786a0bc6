/// What the kernel answers to who asks for its keyrings.
#pragma once

#include <string>
#include <vector>

namespace director::process_test {

/// "<call> <errno>", 0 if it was done, for every call and every way to make it.
std::vector<std::string> ask_keyrings();

}  // namespace director::process_test
