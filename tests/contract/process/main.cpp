#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/contract/process/child.hpp"
#include "tests/contract/process/system.hpp"

int main(int argc, char** argv) {
  constexpr std::string_view kChild = "--child=";
  if (argc > 1 && std::string_view(argv[1]).starts_with(kChild)) {
    return director::process_test::act_as_child(argv[1] + kChild.size(), {argv + 2, argv + argc});
  }
  testing::InitGoogleTest(&argc, argv);
  using director::platform::SandboxBackend;
  if (argc > 1 && std::string_view(argv[1]) == "--sandboxed") {
    director::process_test::sandbox = SandboxBackend::Bubblewrap;
  } else if (argc > 1 && std::string_view(argv[1]) == "--landlocked") {
    director::process_test::sandbox = SandboxBackend::Landlock;
  }
  return RUN_ALL_TESTS();
}
