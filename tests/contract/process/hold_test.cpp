/// What a command that goes on from call to call has started for one of them goes with that call,
/// however it hides, and nothing else does.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/platform/unique_fd.hpp"
#include "core/ports/command_hold.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Hold : public ProcessTest, public testing::WithParamInterface<const char*> {
 protected:
  ~Hold() override {
    cancel_.cancel();
    if (thread_.joinable()) {  // not of a test that was skipped
      thread_.join();
    }
  }

  /// Starts a command that leaves a stray `when`, and marks it when it is ready.
  void serve(const std::string& when) {
    command_ = child("serve", {when, GetParam()});
    command_.hold = &hold;
    thread_ = std::thread([this] {
      const auto exit = launcher.run(
          command_,
          [this](const ports::OutputLine& line) {
            take(line);
            return true;
          },
          cancel_);
      over = true;
      EXPECT_TRUE(exit && exit->kind == ports::ExitKind::Cancelled);
    });
    wait_for("ready");
    ASSERT_TRUE(hold.wait_marked(kPatience));
  }

  void cue() const { std::ofstream(folder + "/cue") << "\n"; }

  void wait_for(const std::string& start) {
    std::unique_lock lock(mutex_);
    const auto has_come = [&] {
      return std::any_of(lines.begin(), lines.end(),
                         [&](const Line& line) { return line.text.starts_with(start); });
    };
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, has_come)) << "no line '" << start << "'";
  }

  /// Whether the stray lives.
  [[nodiscard]] bool is_held() const {
    const platform::UniqueFd file(::open((folder + "/held").c_str(), O_RDWR | O_CLOEXEC));
    return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
  }

  static constexpr seconds kPatience{60};
  ports::CommandHold hold;
  std::atomic<bool> over = false;

 private:
  void take(const ports::OutputLine& line) {
    if (line.text == "ready") {
      hold.mark();
    }
    const std::lock_guard lock(mutex_);
    lines.push_back({line.is_stderr, line.cut, std::string(line.text)});
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  ports::CancelToken cancel_;
  ports::Command command_;
  std::thread thread_;
};

TEST_P(Hold, WeedsWhatWasStartedSinceTheMark) {
  serve("late");
  cue();
  wait_for("stray");
  ASSERT_TRUE(is_held());
  EXPECT_TRUE(hold.weed(kPatience));
  EXPECT_FALSE(is_held());
  EXPECT_FALSE(over) << "the command itself goes on";
}

TEST_P(Hold, SparesWhatWasThereAtTheMark) {
  serve("early");
  wait_for("stray");
  EXPECT_TRUE(hold.weed(kPatience));
  EXPECT_TRUE(is_held());
  EXPECT_FALSE(over);
}

INSTANTIATE_TEST_SUITE_P(Strays, Hold, testing::Values("setsid", "daemon", "leaderless"),
                         [](const auto& test) { return std::string(test.param); });

using Orphans = ProcessTest;

TEST_F(Orphans, WhoHoldsACommandHearsOfItsEndOnlyWhenTheyAreGone) {
  ports::CommandHold hold;
  ports::Command command = child("leave-orphan");
  command.hold = &hold;
  int told_too_early = 0;
  const auto exit = launcher.run(command,
                                 [&](const ports::OutputLine&) {
                                   while (::access((folder + "/orphaned").c_str(), F_OK) != 0) {
                                     ::usleep(1000);
                                   }
                                   told_too_early += hold.wait_marked(milliseconds(0)) ? 1 : 0;
                                   return true;
                                 },
                                 {});
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ports::ExitKind::Signaled);
  EXPECT_EQ(told_too_early, 0) << "lines that came from an orphan";
  EXPECT_TRUE(hold.weed(milliseconds(0)));
}

TEST_F(Orphans, GoWhenAHandlerThrows) {
  for (const bool at_first : {true, false}) {
    ports::CommandHold hold;
    ports::Command command = child("leave-orphan");
    command.hold = &hold;
    const std::string file = folder + "/orphaned";
    EXPECT_THROW((void)launcher.run(command,
                                    [&](const ports::OutputLine& line) -> bool {
                                      while (::access(file.c_str(), F_OK) != 0) {
                                        ::usleep(1000);
                                      }
                                      if (at_first || line.text != "ready") {
                                        throw std::runtime_error("no more");
                                      }
                                      return true;
                                    },
                                    {}),
                 std::runtime_error);
    EXPECT_EQ(marked(mark), std::vector<pid_t>{});
    EXPECT_FALSE(has_children());
    EXPECT_TRUE(hold.weed(milliseconds(0)));
    ::unlink(file.c_str());
  }
}

TEST_F(Orphans, GoWhereProcHidesThemAndNobodyIsCalledGoneWhoMayBeHidden) {
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  const auto exit = run(child("blind-director"));
  ASSERT_TRUE(exit) << exit.error().message();
  if (texts(lines) == std::vector<std::string>{"cannot be blind"}) {
    GTEST_SKIP() << "this takes root";
  }
  EXPECT_EQ(texts(lines),
            (std::vector<std::string>{"ended", "nothing left", "not clean", "ended"}));
}

TEST(CommandHold, OfACommandThatLeftSomethingBehindIsNeverClean) {
  ports::CommandHold hold;
  hold.lose();
  hold.take(nullptr);
  EXPECT_FALSE(hold.weed(seconds(0)));
}

}  // namespace
}  // namespace director::process_test
