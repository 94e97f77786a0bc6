// A stream of events that comes faster than it is worked on.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "event_stream.hpp"
#include "fake_opencode.hpp"

namespace runner_opencode {
namespace {

using std::chrono::milliseconds;
using testing::FakeOpencode;

constexpr milliseconds kPatience{30'000};
/// Together more than the kernel keeps of a connection.
constexpr std::size_t kEvents = 96;
constexpr std::size_t kEventBytes = std::size_t{1} << 20U;

class EventStreamTest : public ::testing::Test {
 protected:
  EventStreamTest() : address_(*read_address(server_.ready_line(), FakeOpencode::kPassword)) {
    for (std::size_t i = 0; i < kEvents; ++i) {
      server_.send(event(i));
    }
  }
  static std::string event(std::size_t number) {
    return std::to_string(number) + std::string(kEventBytes, 'x');
  }

  FakeOpencode server_;
  ServerAddress address_;
};

TEST_F(EventStreamTest, ServerHasToKeepWhatNobodyTakes) {
  EventStream stream(address_, "/event", kPatience, 2 * kEventBytes);
  ASSERT_TRUE(stream.wait_open(kPatience));
  EXPECT_FALSE(server_.wait_written(kEvents, milliseconds(1000)));
  for (std::size_t i = 0; i < kEvents; ++i) {
    ASSERT_TRUE(stream.next(kPatience) == event(i)) << i << " " << stream.over();
  }
  EXPECT_EQ(stream.next(milliseconds(0)), std::nullopt);
}

TEST_F(EventStreamTest, EventAboveTheBoundComesAlone) {
  EventStream stream(address_, "/event", kPatience, 1);
  for (std::size_t i = 0; i < kEvents; ++i) {
    ASSERT_TRUE(stream.next(kPatience) == event(i)) << i << " " << stream.over();
  }
}

TEST_F(EventStreamTest, ClosesWhileItIsFull) {
  EventStream stream(address_, "/event", kPatience, kEventBytes);
  EXPECT_TRUE(stream.next(kPatience) == event(0));
}

}  // namespace
}  // namespace runner_opencode
