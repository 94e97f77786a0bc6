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
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/platform/unique_fd.hpp"
#include "core/ports/command_hold.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using std::chrono::seconds;

class Hold : public ProcessTest, public testing::WithParamInterface<const char*> {
 protected:
  ~Hold() override {
    cancel_.cancel();
    thread_.join();
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
    changed_.wait(lock, [&] {
      return std::any_of(lines.begin(), lines.end(),
                         [&](const Line& line) { return line.text.starts_with(start); });
    });
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

}  // namespace
}  // namespace director::process_test
