// A user who collects git's garbage all the time, and keeps nothing that has no name yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

/// Runs a git command in a repository again and again until it is destroyed.
class GitLoop {
 public:
  GitLoop(FaultyJob& job, std::vector<std::string> command)
      : thread_([this, &job, command = std::move(command)] {
          while (!stop_) {
            (void)job.git(command);
            ++rounds_;
          }
        }) {}
  GitLoop(const GitLoop&) = delete;
  GitLoop& operator=(const GitLoop&) = delete;
  ~GitLoop() { stop(); }

  /// How often it has run.
  int stop() {
    stop_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return rounds_;
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

class Collection : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Collection, InALoopTakesNothingThatLandedAndStopsNothingForGood) {
  constexpr int kNodes = 20;
  constexpr int kMostRuns = 10;
  FaultyJob job(kNodes);
  GitLoop loop(job, GetParam());
  e2e::Ran ran = job.go_on({"--parallel", "4"});
  EXPECT_THAT(ran.exit_code, ::testing::AnyOf(0, 1)) << ran.out << ran.err;
  for (const auto& [node, times] : job.landings()) {
    EXPECT_EQ(times, 1) << node;
  }
  EXPECT_GT(loop.stop(), 3) << "there was hardly any collection";
  const e2e::Ran whole = job.git({"rev-list", "--objects", "--quiet", "--branches"});
  EXPECT_EQ(whole.exit_code, 0) << "a hole: " << whole.out << whole.err;
  for (int i = 0; i < kMostRuns && ran.exit_code != 0; ++i) {
    ran = job.go_on({"--parallel", "4", "--retry"});
  }
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  job.expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Git, Collection,
                         ::testing::Values(std::vector<std::string>{"gc", "--quiet", "--prune=now"},
                                           std::vector<std::string>{"prune", "--expire=now"},
                                           std::vector<std::string>{"repack", "-a", "-d",
                                                                    "--quiet"}),
                         [](const auto& each) { return each.param.front(); });

}  // namespace
}  // namespace director::fault
