#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;
using ports::ExitKind;
using std::chrono::milliseconds;

using Launcher = ProcessTest;

TEST_F(Launcher, PassesOnExitCode) {
  for (const int code : {0, 1, 42, 255}) {
    const auto exit = run(child("exit", {std::to_string(code)}));
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_EQ(exit->kind, ExitKind::Exited);
    EXPECT_EQ(exit->exit_code, code);
  }
}

TEST_F(Launcher, PassesOnSignal) {
  for (const int signal : {SIGKILL, SIGTERM, SIGSEGV, SIGPIPE}) {
    const auto exit = run(child("signal", {std::to_string(signal)}));
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_EQ(exit->kind, ExitKind::Signaled);
    EXPECT_EQ(exit->signal, signal);
  }
}

TEST_F(Launcher, WhoeverWatchesIsToldWhatACommandAndItsChildrenUse) {
  const ports::CancelToken cancel;
  ports::CommandHold hold([&cancel](const ports::CommandLook& look) {
    if (look.cpu >= milliseconds(150) && look.memory_bytes > 0) {
      cancel.cancel();
    }
  });
  hold.watch(true);
  ports::Command command = child("");
  // The one that worked is gone by then.
  command.argv = {"/bin/sh", "-c", "perl -e '1 while (times)[0] < 0.2'; sleep 1000"};
  command.hold = &hold;
  const auto exit = run(command, cancel);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Cancelled);
  EXPECT_EQ(hold.look().memory_bytes, -1) << "it is over";
}

TEST_F(Launcher, WhomNobodyWatchesIsLeftAlone) {
  int looks = 0;
  ports::CommandHold hold([&looks](const ports::CommandLook&) { ++looks; });
  ports::Command command = child("exit", {"0"});
  command.hold = &hold;
  ASSERT_TRUE(run(command));
  hold.watch(true);
  hold.watch(false);
  ASSERT_TRUE(run(command));
  EXPECT_EQ(looks, 0);
}

TEST_F(Launcher, WhoReadsOnlyCannotWriteItsFolderWhereItIsConfined) {
  ports::Command command = child("");
  command.argv = {"/bin/sh", "-c", ": >written"};
  command.reads_only = true;
  const auto exit = run(command);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->exit_code == 0, !sandbox);
  EXPECT_EQ(fs::exists(folder + "/written"), !sandbox);
}

TEST_F(Launcher, MissingProgramIsNotFound) {
  ports::Command command = child("exit");
  const std::vector<std::string> names{"no-such-program-anywhere", "/no/such/program", "./no-such"};
  for (const std::string& name : names) {
    command.argv = {name};
    const auto exit = run(command);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code(), Errc::NotFound);
    EXPECT_NE(exit.error().message().find(name), std::string::npos) << exit.error().message();
  }
}

TEST_F(Launcher, MissingFolderIsNotFound) {
  ports::Command command = child("exit", {"0"});
  command.cwd = folder + "/gone";
  const auto exit = run(command);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::NotFound);
  EXPECT_NE(exit.error().message().find("gone"), std::string::npos) << exit.error().message();
}

TEST_F(Launcher, RelativeFolderAndNulAreInvalid) {
  ports::Command relative = child("exit", {"0"});
  relative.cwd = ".";
  ports::Command nul = child("exit", {std::string("a\0b", 3)});
  ports::Command nothing = child("exit");
  nothing.argv.clear();
  for (const ports::Command& command : {relative, nul, nothing}) {
    const auto exit = run(command);
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code(), Errc::Invalid);
  }
}

TEST_F(Launcher, NotExecutableIsIo) {
  std::ofstream(folder + "/script") << "#!/bin/sh\n";
  ports::Command command = child("exit");
  command.argv = {"./script"};
  const auto exit = run(command);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::Io);
}

TEST_F(Launcher, InterpreterThatIsMissingIsNotFound) {
  std::ofstream(folder + "/script") << "#!/no/such/interpreter\n";
  fs::permissions(folder + "/script", fs::perms::owner_all);
  ports::Command command = child("exit");
  command.argv = {"./script"};
  const auto exit = run(command);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::NotFound);
}

TEST_F(Launcher, TooLongArgumentSaysUseStandardInput) {
  const auto exit = run(child("args", {std::string(4 << 20, 'x')}));
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::Invalid);
  EXPECT_NE(exit.error().message().find("standard input"), std::string::npos);
}

TEST_F(Launcher, ArgumentsArriveUnchanged) {
  const auto exit = run(child("args", {"", "a b", "\"q\" 'q' $HOME *", "\xff\xfe", "line"}));
  ASSERT_TRUE(exit);
  EXPECT_EQ(texts(lines), (std::vector<std::string>{"[]", "[a b]", "[\"q\" 'q' $HOME *]",
                                                    "[\xff\xfe]", "[line]"}));
}

TEST_F(Launcher, KeepsStreamsApartAndInOrder) {
  ASSERT_TRUE(run(child("both")));
  std::vector<std::string> out;
  std::vector<std::string> err;
  for (const Line& line : lines) {
    (line.is_stderr ? err : out).push_back(line.text);
  }
  EXPECT_EQ(out, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(err, (std::vector<std::string>{"uno", "due"}));
}

TEST_F(Launcher, DeliversUnterminatedAndEmptyLines) {
  ASSERT_TRUE(run(child("say", {"\n\na\r\nend"})));
  EXPECT_EQ(texts(lines), (std::vector<std::string>{"", "", "a\r", "end"}));
}

TEST_F(Launcher, CutsLinesAtTheLimitAndGoesOn) {
  ports::Command command = child("say", {"12345\n123456\n" + std::string(100000, 'x') + "\nok\n"});
  command.max_line_bytes = 5;
  ASSERT_TRUE(run(command));
  ASSERT_EQ(texts(lines), (std::vector<std::string>{"12345", "12345", "xxxxx", "ok"}));
  EXPECT_FALSE(lines[0].cut);
  EXPECT_TRUE(lines[1].cut);
  EXPECT_TRUE(lines[2].cut);
  EXPECT_FALSE(lines[3].cut);
}

TEST_F(Launcher, GigabyteWithoutLineFeedStaysBounded) {
  ports::Command command = child("bytes", {"x", std::to_string(1ULL << 30)});
  command.max_line_bytes = 1 << 20;
  struct rusage before {};
  ::getrusage(RUSAGE_SELF, &before);
  ASSERT_TRUE(run(command));
  struct rusage after {};
  ::getrusage(RUSAGE_SELF, &after);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].cut);
  EXPECT_EQ(lines[0].text.size(), std::size_t{1} << 20);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10);  // KiB
}

TEST_F(Launcher, BinaryOutputArrivesByteForByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i == '\n' ? 'n' : i);
  }
  ports::Command command = child("cat");
  command.stdin_text = all;
  ASSERT_TRUE(run(command));
  EXPECT_EQ(texts(lines), std::vector<std::string>{all});
}

TEST_F(Launcher, FeedsFiveMegabytesWhileReading) {
  ports::Command command = child("cat");
  std::string text;
  while (text.size() < 5'000'000) {
    text += "line " + std::to_string(text.size()) + "\n";
  }
  command.stdin_text = text;
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  std::string echoed;
  for (const Line& line : lines) {
    echoed += line.text + "\n";
  }
  EXPECT_TRUE(echoed == text);
}

TEST_F(Launcher, ChildThatClosesStandardInputDoesNoHarm) {
  ports::Command command = child("close-stdin");
  command.stdin_text.assign(5'000'000, 'x');
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_EQ(texts(lines), std::vector<std::string>{"closed"});
}

TEST_F(Launcher, StandardInputIsEmptyWithoutText) {
  const auto exit = run(child("cat"));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Launcher, DeadlineEndsIt) {
  ports::Command command = child("hang");
  command.deadline = clock.now() + milliseconds(30);
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
}

TEST_F(Launcher, DeadlineInThePastStartsNothing) {
  ports::Command command = child("say", {"started"});
  command.deadline = clock.now();
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::TimedOut);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Launcher, IgnoringTermDoesNotHelp) {
  const ports::CancelToken cancel;
  const auto exit = launcher.run(
      child("ignore-term"),
      [&cancel](const ports::OutputLine&) {
        cancel.cancel();
        return true;
      },
      cancel);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Cancelled);
}

TEST_F(Launcher, LinesDuringGraceAreDelivered) {
  const auto long_enough = std::chrono::minutes(5);
  TestLauncher patient(clock, platform::Environment::of_this_process(),
                       platform::Grace{long_enough, long_enough});
  const ports::CancelToken cancel;
  std::vector<std::string> seen;
  const auto exit = patient.run(
      child("obey-term"),
      [&](const ports::OutputLine& line) {
        seen.emplace_back(line.text);
        cancel.cancel();
        return true;
      },
      cancel);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Cancelled);
  EXPECT_EQ(seen, (std::vector<std::string>{"ready", "tidied"}));
}

TEST_F(Launcher, CancelFromAnotherThread) {
  const ports::CancelToken cancel;
  std::latch ready(1);
  std::thread canceller([&] {
    ready.wait();
    cancel.cancel();
  });
  const auto exit = launcher.run(
      child("say-hang"),
      [&](const ports::OutputLine&) {
        ready.count_down();
        return true;
      },
      cancel);
  canceller.join();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Cancelled);
}

TEST_F(Launcher, CancelledBeforehandStartsNothing) {
  const ports::CancelToken cancel;
  cancel.cancel();
  const auto exit = run(child("say", {"started"}), cancel);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Cancelled);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Launcher, HandlerStopsIt) {
  int seen = 0;
  for (const char* mode : {"say-hang", "both"}) {  // while it runs; also when it is ending anyway
    seen = 0;
    const auto exit = launcher.run(child(mode),
                                   [&seen](const ports::OutputLine&) {
                                     ++seen;
                                     return false;
                                   },
                                   {});
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->kind, ExitKind::Stopped);
    EXPECT_EQ(seen, 1);
  }
}

TEST_F(Launcher, InheritsNoDescriptorAndNoSignalState) {
  const int leaky = ::dup(1);  // not close-on-exec
  ASSERT_GE(leaky, 3);
  ASSERT_TRUE(run(child("fds")));
  ::close(leaky);
  auto seen = texts(lines);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::string>{"0", "1", "2"}));

  lines.clear();
  sigset_t some;
  sigset_t before;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &some, &before);
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  ASSERT_TRUE(run(child("signals")));
  std::signal(SIGPIPE, old);
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(::sigismember(&after, SIGUSR1), 1) << "the caller's mask was changed";
  EXPECT_EQ(texts(lines), std::vector<std::string>{"own session"});
}

TEST_F(Launcher, ManyThreadsLeaveNoZombieAndNoDescriptor) {
  const std::size_t before = open_descriptors();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        std::string said;
        ports::Command command = child("cat");
        command.stdin_text = std::to_string(t * 1000 + i);
        const auto exit = launcher.run(command,
                                       [&said](const ports::OutputLine& line) {
                                         said += line.text;
                                         return true;
                                       },
                                       {});
        if (!exit || exit->kind != ExitKind::Exited || said != command.stdin_text) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

TEST_F(Launcher, WithoutItsSupervisorItSaysWhatToDo) {
  fs::create_directories(folder + "/bin");
  fs::copy_file(own_executable(), folder + "/bin/director");
  ports::Command command = child("director");
  command.argv.front() = folder + "/bin/director";
  const auto exit = run(command);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->exit_code, 1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].text.find("'director-supervise' does not start (no such file or directory)"),
            std::string::npos)
      << lines[0].text;
}

TEST_F(Launcher, ThrowingHandlerLeavesNothingBehind) {
  EXPECT_THROW((void)launcher.run(
                   child("daemon-hang"),
                   [](const ports::OutputLine&) -> bool { throw std::string("handler"); }, {}),
               std::string);
  EXPECT_FALSE(has_children());
}

}  // namespace
}  // namespace director::process_test
