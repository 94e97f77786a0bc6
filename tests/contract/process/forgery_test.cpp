// A command that says in the supervisor's name that it did well. Without a sandbox root may do that
// to anybody, so these run confined, see CMakeLists.txt.
#include <gtest/gtest.h>

#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using ports::ExitKind;

using Forgery = ProcessTest;

TEST_F(Forgery, FailedCommandCannotReportThatItPassed) {
  const auto exit = run(child("forge-report"));
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(exit->exit_code, 1);
  EXPECT_EQ(texts(lines), std::vector<std::string>());
}

}  // namespace
}  // namespace director::process_test
