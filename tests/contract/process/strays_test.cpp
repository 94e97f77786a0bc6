/// Nothing that a command starts outlives it. ProcessTest looks for survivors after each test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>

#include "core/platform/unique_fd.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using platform::UniqueFd;
using ports::ExitKind;
using std::chrono::milliseconds;

class Strays : public ProcessTest {
 protected:
  void expect_clean() const {
    EXPECT_EQ(marked(mark), std::vector<pid_t>{});
    EXPECT_FALSE(has_children());
  }
};

TEST_F(Strays, OwnSessionHoldingThePipesIsKilledAtTheEnd) {
  const auto exit = run(child("setsid"));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(exit->exit_code, 7);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].text.starts_with("stray "));
  expect_clean();
}

TEST_F(Strays, DaemonIsKilledAtTheEnd) {
  const auto exit = run(child("daemon"));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(lines.size(), 1U);
  expect_clean();
}

TEST_F(Strays, NohupInShellIsKilledAtTheEnd) {
  ports::Command command = child("");
  command.argv = {"sh", "-c",
                  "nohup setsid " + own_executable() + " --child=hang >/dev/null 2>&1 & echo up"};
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_EQ(texts(lines), std::vector<std::string>{"up"});
  expect_clean();
}

TEST_F(Strays, KilledOnDeadlineStallStopAndCancel) {
  ports::Command deadline = child("daemon-hang");
  deadline.deadline = clock.now() + milliseconds(300);
  const auto timed_out = run(deadline);
  ASSERT_TRUE(timed_out);
  EXPECT_EQ(timed_out->kind, ExitKind::TimedOut);
  expect_clean();

  ports::Command stall = child("daemon-hang");
  stall.stall = milliseconds(200);
  const auto stalled = run(stall);
  ASSERT_TRUE(stalled);
  EXPECT_EQ(stalled->kind, ExitKind::Stalled);
  expect_clean();

  const ports::CancelToken cancel;
  int seen = 0;
  const auto cancelled = launcher.run(
      child("daemon-hang"),
      [&](const ports::OutputLine&) {
        if (++seen == 3) {
          cancel.cancel();
        }
        return true;
      },
      cancel);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->kind, ExitKind::Cancelled);
  EXPECT_EQ(seen, 3);
  expect_clean();
}

TEST_F(Strays, WritingForEverDoesNotDelayTheEnd) {
  const auto exit =
      launcher.run(child("chatty-stray"), [](const ports::OutputLine&) { return true; }, {});
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  expect_clean();
}

TEST_F(Strays, DeepTreeOfSessionsIsKilled) {
  ports::Command command = child("tree");
  command.deadline = clock.now() + milliseconds(100);
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
  expect_clean();
}

TEST_F(Strays, ForkingOnAndOnIsCaught) {
  const auto exit = run(child("fork-on"));
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  expect_clean();
}

TEST_F(Strays, KillingTheSupervisorSavesNobody) {
  const auto exit = run(child("kill-watcher"));
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Signaled);
  EXPECT_EQ(exit->signal, SIGKILL);
  expect_clean();
}

TEST_F(Strays, StoppingTheSupervisorSavesNobody) {
  ports::Command command = child("stop-watcher");
  command.deadline = clock.now() + milliseconds(300);
  const auto exit = run(command);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
  expect_clean();
}

/// Starts the test binary as a director, without a launcher around it.
pid_t start_director(const std::string& mark, UniqueFd& out) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  out = UniqueFd(pipe[0]);
  const UniqueFd writer(pipe[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), 1);
  std::string program = own_executable();
  std::string mode = "--child=director";
  std::string variable = "MARK=" + mark;
  std::array<char*, 3> argv{program.data(), mode.data(), nullptr};
  std::array<char*, 2> environment{variable.data(), nullptr};
  pid_t pid = -1;
  EXPECT_EQ(
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environment.data()), 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return pid;
}

/// The pids that the director's command tells, one "<who> <pid>" a line.
std::vector<pid_t> read_pids(int fd, std::size_t count) {
  std::string text;
  std::array<char, 256> buffer{};
  while (std::count(text.begin(), text.end(), '\n') < static_cast<std::ptrdiff_t>(count)) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::vector<pid_t> pids;
  std::istringstream in(text);
  std::string who;
  for (pid_t pid = 0; in >> who >> pid;) {
    pids.push_back(pid);
  }
  return pids;
}

TEST_F(Strays, KillingTheDirectorLeavesNoDescendant) {
  UniqueFd out;
  const pid_t director = start_director(mark, out);
  const std::vector<pid_t> pids = read_pids(out.get(), 3);
  ASSERT_EQ(pids.size(), 3U);
  std::vector<UniqueFd> alive;
  for (const pid_t pid : pids) {
    alive.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    ASSERT_TRUE(alive.back()) << pid;
  }
  ASSERT_EQ(::kill(director, SIGKILL), 0);
  ASSERT_EQ(::waitpid(director, nullptr, 0), director);
  for (const UniqueFd& fd : alive) {
    struct pollfd wait {
      fd.get(), POLLIN, 0
    };
    EXPECT_EQ(::poll(&wait, 1, 60'000), 1) << "a process outlived its director";
  }
  // Its supervisor fell to this process, which is a subreaper too.
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

}  // namespace
}  // namespace director::process_test
