/// Descriptors and processes run out: a clear error, and nothing left behind.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/platform/process_table.hpp"
#include "core/platform/spawn.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using ports::ExitKind;

using Exhaustion = ProcessTest;

TEST_F(Exhaustion, NoDescriptorLeftIsIo) {
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const struct rlimit low { open_descriptors() + 3, limit.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto exit = run(child("exit", {"0"}));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::Io);
  EXPECT_NE(exit.error().message().find("too many open files"), std::string::npos)
      << exit.error().message();
  const auto again = run(child("exit", {"0"}));
  EXPECT_TRUE(again);
}

TEST_F(Exhaustion, WhateverNumberOfDescriptorsIsLeftNothingLeaks) {
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  // Once with enough of them: a sanitizer that meets a type for the first time opens a pipe.
  ASSERT_TRUE(run(child("exit", {"0"})));
  const std::size_t before = open_descriptors();
  std::size_t failed = 0;
  bool started = false;
  for (std::size_t more = 0; more <= 24 && !started; ++more) {
    const struct rlimit low { before - 1 + more, limit.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const auto exit = run(child("exit", {"0"}));
    ::setrlimit(RLIMIT_NOFILE, &limit);
    // In a sandbox it may be bubblewrap that finds no descriptor.
    started = exit && exit->kind == ExitKind::Exited && exit->exit_code == 0;
    failed += exit ? 0 : 1;
    EXPECT_TRUE(exit || exit.error().code() == Errc::Io) << exit.error().message();
    EXPECT_EQ(open_descriptors(), before) << more;
    EXPECT_FALSE(has_children()) << more;
  }
  EXPECT_TRUE(started);
  EXPECT_GE(failed, 5U);
}

/// Fewer descriptors than there are, until it is gone.
class FewDescriptors {
 public:
  FewDescriptors() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  void allow(int count) const {
    const struct rlimit low { static_cast<rlim_t>(count), before_.rlim_max };
    ::setrlimit(RLIMIT_NOFILE, &low);
  }

 private:
  struct rlimit before_ {};
};

TEST_F(Exhaustion, ACommandIsEndedInTimeWhereNothingCanBeWaitedFor) {
  const FewDescriptors few;
  // Once with enough of them: a sanitizer that meets a type for the first time opens a pipe.
  for (const int left : {1000, 1}) {
    ports::Command command = child("ignore-term");
    command.deadline = clock.now() + std::chrono::milliseconds(300);
    std::string said;
    const auto exit = launcher.run(command,
                                   [&](const ports::OutputLine& line) {
                                     said += line.text;
                                     few.allow(left);
                                     return true;
                                   },
                                   {});
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_EQ(exit->kind, ExitKind::TimedOut);
    EXPECT_EQ(said, "ready");
  }
}

TEST_F(Exhaustion, WhoCannotLookForProcessesDoesNotSayThereAreNone) {
  const int first = ::dup(0);
  ASSERT_GE(first, 0);
  ::close(first);
  const auto spare_all = [](pid_t) { return true; };
  std::vector<platform::Process> table(1 << 15);
  const auto descendants = [&table] {
    return platform::descendants_of(::getpid(), table.data(), static_cast<int>(table.size()));
  };
  if (::fork() == 0) {
    for (;;) {
      ::pause();
    }
  }
  EXPECT_EQ(platform::kill_children_of(::getpid(), spare_all), 0);
  EXPECT_EQ(descendants(), 1);
  for (const int more : {0, 1}) {  // none for the folder; none for what is in there
    const FewDescriptors few;
    few.allow(first + more);
    EXPECT_EQ(platform::kill_children_of(::getpid(), spare_all), -1) << more;
    EXPECT_EQ(descendants(), -1) << more;
    EXPECT_FALSE(platform::kill_orphans(std::chrono::milliseconds(10))) << more;
  }
  EXPECT_TRUE(platform::kill_orphans(std::chrono::milliseconds(5000)));
}

TEST_F(Exhaustion, NoProcessLeftIsIoAndSaysWhatToDo) {
  if (::getuid() != 0) {
    GTEST_SKIP() << "needs to become a user without processes";
  }
  for (const char* processes : {"1", "2"}) {  // none for the supervisor; none for the command
    lines.clear();
    const auto exit = run(child("poor-director", {processes}));
    ASSERT_TRUE(exit) << exit.error().message();
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines[0].text.find("no further process may be started"), std::string::npos)
        << lines[0].text;
    EXPECT_EQ(lines.back().text, "nothing left");
  }
}

}  // namespace
}  // namespace director::process_test
