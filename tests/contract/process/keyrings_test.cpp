/// Keyrings of the kernel are of no namespace: what one command leaves there, another would find.
#include "tests/contract/process/keyrings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using Keyrings = ProcessTest;

TEST_F(Keyrings, AreShutForWhatIsConfinedAndForNobodyElse) {
  std::vector<std::string> expected = ask_keyrings();
  const std::string refused = " " + std::to_string(ENOSYS);
  if (expected.front().ends_with(refused)) {
    GTEST_SKIP() << "this machine has no keyrings";
  }
  if (sandbox) {
    for (std::string& line : expected) {
      line = line.substr(0, line.find(' ')) + refused;
    }
  }
  const auto exit = run(child("keyrings"));
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_EQ(texts(lines), expected);
}

}  // namespace
}  // namespace director::process_test
