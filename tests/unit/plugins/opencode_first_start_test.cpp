#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_host.hpp"
#include "first_start.hpp"
#include "unit/matchers.hpp"

namespace runner_opencode {
namespace {

namespace fs = std::filesystem;
using director::Errc;
using director::Result;
using director::testing::FailsWith;
using director::testing::FakeHost;
using director::testing::IsOk;

class FirstStartTest : public ::testing::Test {
 protected:
  FirstStartTest() {
    std::string name = (fs::temp_directory_path() / "director-start-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    std::ofstream(program_file()) << "v1";
  }
  ~FirstStartTest() override { fs::remove_all(dir_); }

  [[nodiscard]] Home home() const { return Home(dir_.string()); }
  [[nodiscard]] std::string program_file() const { return dir_ / "tool"; }

  /// Does not wait for others: fails with Cancelled instead.
  [[nodiscard]] Result<FirstStart> begin(const std::string& state_dir) const {
    FakeHost host;
    host.is_cancelled = true;
    return FirstStart::wait_for(home(), state_dir, program_file(), host.services());
  }

  /// Whether somebody who begins now is alone.
  [[nodiscard]] bool is_first(const std::string& state_dir) const {
    const auto one = begin(state_dir);
    EXPECT_THAT(one, IsOk());
    return !begin(state_dir);
  }

  /// As the program does it.
  static void make_database(const std::string& state_dir) {
    fs::create_directories(state_dir + "/data/opencode");
  }

  void start(const std::string& state_dir) const {
    auto mine = begin(state_dir);
    ASSERT_THAT(mine, IsOk());
    make_database(state_dir);
    mine->worked();
  }

  fs::path dir_;
};

TEST_F(FirstStartTest, OthersWaitUntilOneWorked) {
  const std::string state_dir = home().agent_dir();
  std::atomic<int> running = 0;
  std::atomic<int> firsts = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      FakeHost host;
      auto mine = FirstStart::wait_for(home(), state_dir, program_file(), host.services());
      ASSERT_THAT(mine, IsOk());
      if (!fs::exists(state_dir)) {
        EXPECT_EQ(++running, 1);
        ++firsts;
        make_database(state_dir);
        --running;
      }
      mine->worked();
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_EQ(firsts, 1);
  EXPECT_FALSE(is_first(state_dir));
}

TEST_F(FirstStartTest, OneThatWorkedIsInNobodysWayWhileItRuns) {
  const std::string state_dir = home().agent_dir();
  auto mine = begin(state_dir);
  ASSERT_THAT(mine, IsOk());
  make_database(state_dir);
  EXPECT_THAT(begin(state_dir), FailsWith(Errc::Cancelled, "another start"));
  mine->worked();
  EXPECT_THAT(begin(state_dir), IsOk());
  mine->worked();
  EXPECT_FALSE(is_first(state_dir));
}

TEST_F(FirstStartTest, OneThatDidNotWorkLeavesTheNextToBeTheFirst) {
  const std::string state_dir = home().agent_dir();
  {
    const auto mine = begin(state_dir);
    ASSERT_THAT(mine, IsOk());
    make_database(state_dir);
  }
  EXPECT_TRUE(is_first(state_dir));
}

TEST_F(FirstStartTest, AnotherVersionAndAnotherDatabaseHaveAFirstStartOfTheirOwn) {
  const std::string state_dir = home().agent_dir();
  start(state_dir);
  EXPECT_FALSE(is_first(state_dir));
  std::ofstream(program_file()) << "version 2";
  EXPECT_TRUE(is_first(state_dir));
  start(state_dir);
  EXPECT_FALSE(is_first(state_dir));
  fs::remove_all(state_dir);  // it goes with each job
  EXPECT_TRUE(is_first(state_dir));
}

TEST_F(FirstStartTest, AStateFolderWaitsForNoOther) {
  const std::string one = home().state_dir("edit", "/one");
  const std::string two = home().state_dir("edit", "/two");
  EXPECT_NE(one, home().state_dir("read", "/one"));
  const auto mine = begin(one);
  ASSERT_THAT(mine, IsOk());
  EXPECT_THAT(begin(one), FailsWith(Errc::Cancelled, "another start"));
  EXPECT_THAT(begin(two), IsOk());
}

}  // namespace
}  // namespace runner_opencode
