// Which call of a plugin is out of time, by a clock that the test moves.
#include "core/plugin/call_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/abi/support.hpp"
#include "tests/fakes/fake_clock.hpp"

namespace director::abi_test {
namespace {

using plugin::CallWatch;
using plugin::InCall;
using std::chrono::seconds;
using ::testing::HasSubstr;

class CallWatchTest : public PluginTest {
 protected:
  CallWatchTest() : watch_(time_, interrupt_), fakes_(launcher, time_, log, "test") {}

  /// The host of a call that is over in a minute.
  const director_host* limited(ports::CallScope scope = {}) {
    scope.deadline = time_.now() + seconds(60);
    return open(std::move(scope));
  }
  const director_host* open(ports::CallScope scope = {}) {
    opened_ = fakes_.open(std::move(scope));
    return opened_->services().raw();
  }
  /// What there is to say after each second of `more`, until there is something.
  std::optional<CallWatch::Late> after(seconds more) {
    std::optional<CallWatch::Late> late = watch_.look();
    for (seconds passed(0); !late && passed < more; ++passed) {
      time_.advance(seconds(1));
      late = watch_.look();
    }
    return late;
  }

  testing::FakeClock time_;
  ports::CancelToken interrupt_;
  CallWatch watch_;
  plugin::PluginHost fakes_;
  std::unique_ptr<ports::CallHost> opened_;
  const std::string id_ = "slow";
};

TEST_F(CallWatchTest, ACallHasHalfAMinuteBehindItsDeadline) {
  const InCall call(id_, limited());
  EXPECT_FALSE(after(seconds(89)));
  const auto late = after(seconds(2));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->plugin, "slow");
  EXPECT_EQ(late->why, "has not come back for 30 s after its call was over");
  EXPECT_FALSE(late->interrupted);
}

TEST_F(CallWatchTest, ACallThatIsCancelledHasHalfAMinute) {
  ports::CallScope scope;
  const ports::CancelToken cancel;
  scope.cancel = cancel;
  const InCall call(id_, limited(std::move(scope)));
  EXPECT_FALSE(after(seconds(10)));
  cancel.cancel();
  EXPECT_FALSE(after(seconds(29)));
  EXPECT_TRUE(after(seconds(2)));
}

TEST_F(CallWatchTest, WhoInterruptsWaitsForNoCall) {
  ports::CallScope scope;
  scope.cancel = interrupt_;
  const InCall call(id_, open(std::move(scope)), true);
  EXPECT_FALSE(after(seconds(1)));
  interrupt_.cancel();
  EXPECT_FALSE(after(seconds(29)));
  const auto late = after(seconds(2));
  ASSERT_TRUE(late);
  EXPECT_THAT(late->why, HasSubstr("after its call was cancelled"));
  EXPECT_TRUE(late->interrupted);
}

TEST_F(CallWatchTest, WhatIsNotToldOfAnInterruptHasLonger) {
  const InCall call(id_, open(), true);
  interrupt_.cancel();
  EXPECT_FALSE(after(seconds(119)));
  const auto late = after(seconds(2));
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->interrupted);
}

TEST_F(CallWatchTest, WhatHasNoDeadlineHasAPatienceOfItsKind) {
  {
    const InCall ending(id_);
    EXPECT_FALSE(after(seconds(119)));
    const auto late = after(seconds(2));
    ASSERT_TRUE(late);
    EXPECT_THAT(late->why, HasSubstr("for 120 s"));
  }
  const InCall vcs(id_, open(), true);
  EXPECT_FALSE(after(seconds(3599)));
  EXPECT_TRUE(after(seconds(2)));
}

TEST_F(CallWatchTest, CallsOneAfterTheOtherAreNotOne) {
  for (int i = 0; i < 5; ++i) {
    const InCall call(id_);
    EXPECT_FALSE(after(seconds(100)));
  }
}

TEST_F(CallWatchTest, TheOneThatHangsIsNamedAndNotItsNeighbours) {
  const std::string other = "quick";
  const InCall before(other, limited());
  const std::unique_ptr<ports::CallHost> kept = std::move(opened_);
  const InCall call(id_);
  EXPECT_FALSE(after(seconds(60)));
  const auto late = after(seconds(40));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->plugin, "quick") << "whose end was to be first";
}

/// What happens while an agent thinks.
class SlowDesk final : public ports::AgentDesk {
 public:
  explicit SlowDesk(std::function<void()> meanwhile) : meanwhile_(std::move(meanwhile)) {}
  [[nodiscard]] Result<std::string> ask(const std::string&, const std::string&, const std::string&,
                                        const std::string&, const ports::CancelToken&) override {
    meanwhile_();
    return std::string("answer");
  }

 private:
  std::function<void()> meanwhile_;
};

TEST_F(CallWatchTest, TimeInAServiceIsTheHosts) {
  std::optional<CallWatch::Late> during;
  SlowDesk agent([&] { during = after(seconds(500)); });
  ports::CallScope scope;
  scope.desk = &agent;
  const director_host* raw = limited(std::move(scope));
  const InCall call(id_, raw);
  EXPECT_TRUE(director::host(raw).ask("reviewer", "hello", "/"));
  EXPECT_FALSE(during);
  EXPECT_FALSE(after(seconds(29))) << "since it came back";
  EXPECT_TRUE(after(seconds(2)));
}

TEST_F(CallWatchTest, WhatTheHostCallsBackIsThePlugins) {
  const director_host* raw = open();
  const InCall call(id_, raw);
  director::exec_request command;
  command.argv = {"/bin/echo", "a line"};
  command.cwd = "/";
  std::optional<CallWatch::Late> during;
  const auto ended = director::host(raw).exec(command, [&](const director::exec_line&) {
    during = after(seconds(121));
    return true;
  });
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_TRUE(during);
}

}  // namespace
}  // namespace director::abi_test
