#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "core/platform/system_clock.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

using ports::ExitKind;
using std::chrono::milliseconds;

using Silence = ProcessTest;

/// The real clock, but for a jump.
class JumpingClock final : public ports::Clock {
 public:
  [[nodiscard]] ports::SteadyTime now() const override { return real_.now() + ahead_.load(); }
  [[nodiscard]] ports::WallTime wall() const override { return real_.wall(); }
  void jump() { ahead_ = std::chrono::hours(1); }

 private:
  platform::SystemClock real_;
  std::atomic<std::chrono::hours> ahead_{std::chrono::hours(0)};
};

TEST_F(Silence, EndsIt) {
  ports::Command command = child("hang");
  command.stall = milliseconds(30);
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Stalled);
}

TEST_F(Silence, FromTheStartEndsItWhateverStandardErrorSays) {
  ports::Command command = child("");
  command.argv = {"sh", "-c", "while :; do echo starting >&2; sleep 0.01; done"};
  command.start = milliseconds(100);
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Stalled);
}

TEST_F(Silence, LimitOfTheStartIsOverWithTheFirstOutput) {
  JumpingClock jumping;
  platform::LocalLauncher local(jumping, platform::Environment::of_this_process());
  ports::Command command = child("");
  command.argv = {"sh", "-c", "echo up; sleep 0.2; echo done"};
  command.start = std::chrono::minutes(5);
  std::vector<std::string> seen;
  const auto exit = local.run(
      command,
      [&](const ports::OutputLine& line) {
        seen.emplace_back(line.text);
        jumping.jump();  // far beyond the limit, while the command works on
        return true;
      },
      ports::CancelToken());
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->kind, ExitKind::Exited);
  EXPECT_EQ(seen, (std::vector<std::string>{"up", "done"}));
}

}  // namespace
}  // namespace director::process_test
