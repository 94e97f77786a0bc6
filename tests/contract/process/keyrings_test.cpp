/// Keyrings of the kernel are of no namespace: what one command leaves there, another would find.
#include "tests/contract/process/keyrings.hpp"

#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

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

using Limits = ProcessTest;

// With no descriptors left, nobody can look for what is to be ended.
TEST_F(Limits, OfOthersAreShutForWhatIsConfinedAndForNobodyElse) {
  std::vector<std::string> expected = ask_limits();
  const std::string refused = " " + std::to_string(EPERM);
  if (sandbox) {
    for (std::string& line : expected) {
      // No call of 32-bit programs, no door of theirs; that of x32 programs is asked first.
      const bool is_missing =
          line.find("i386") != std::string::npos && line.ends_with(" " + std::to_string(ENOSYS));
      if (!is_missing && !line.starts_with("own") && !line.starts_with("look")) {
        line = line.substr(0, line.rfind(' ')) + refused;
      }
    }
  }
  const auto exit = run(child("limits"));
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(texts(lines), expected);
}

using Ipc = ProcessTest;

TEST_F(Ipc, SharedMemoryIsNotSharedWithWhatIsConfined) {
  if (sandbox == platform::SandboxBackend::Landlock && ::geteuid() != 0) {
    GTEST_SKIP() << "Landlock has no namespaces, and others than root can make none";
  }
  const int key = ::getpid();
  const int memory = ::shmget(key, 1, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
  ASSERT_GE(memory, 0);
  const auto exit = run(child("shared-memory", {std::to_string(key)}));
  EXPECT_EQ(::shmctl(memory, IPC_RMID, nullptr), 0);
  ASSERT_TRUE(exit) << exit.error().message();
  const int error = sandbox ? ENOENT : 0;
  EXPECT_EQ(texts(lines), std::vector<std::string>{"shmget " + std::to_string(error)});
}

}  // namespace
}  // namespace director::process_test
