/// What the kernel answers to who asks for its keyrings, and for what is of other processes.
#pragma once

#include <string>
#include <vector>

namespace director::process_test {

/// "<call> <errno>", 0 if it was done, for every call and every way to make it.
std::vector<std::string> ask_keyrings();

/// The same for the limits of this process and of its parent.
std::vector<std::string> ask_limits();

/// The same for System V's shared memory of this key.
std::string ask_shared_memory(int key);

}  // namespace director::process_test
