// Workspaces of repositories that are no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/e2e/scripted_job.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class GoneRepositories : public ::testing::Test {
 protected:
  void SetUp() override {
    world.script("");
    write_file(world.state() / "config.toml", world.config("user"));
    fs::copy(world.repo(), next(), fs::copy_options::recursive);
    ASSERT_EQ(world.director({"plan", "Two files", "--auto", "--no-critique"}).exit_code, 0);
    ASSERT_EQ(world.director({"run"}).exit_code, 0);
    cache = only_cache();
    fs::rename(world.repo(), world.root() / "away");
    // The same user goes on with another one.
    const Ran planned = run({DIRECTOR_PROGRAM, "plan", "Two files", "--auto", "--no-critique"},
                            next(), world.environment());
    ASSERT_EQ(planned.exit_code, 0) << planned.err;
  }
  [[nodiscard]] fs::path next() const { return world.root() / "next"; }
  [[nodiscard]] fs::path only_cache() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(world.root() / "home/.cache/director")) {
      if (entry.is_directory()) {
        found.push_back(entry.path());
      }
    }
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? fs::path() : found.front();
  }
  void age() {
    fs::last_write_time(cache / "repository", fs::file_time_type::clock::now() - 24h * 31);
  }
  /// Another repository's run, from its own folder.
  Ran run_another(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {DIRECTOR_PROGRAM, "run"});
    return run(more, next(), world.environment());
  }

  ScriptedJob world;
  fs::path cache;
};

TEST_F(GoneRepositories, LoseTheirWorkspacesByAge) {
  Ran ran = run_another();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(fs::exists(cache / "slots")) << "it may come back";
  age();
  ran = run_another({"--set", "workspace.kept_days=0"});
  EXPECT_TRUE(fs::exists(cache / "slots")) << "for ever";
  ran = run_another();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_FALSE(fs::exists(cache));
}

TEST_F(GoneRepositories, KeepThemOnceTheyAreBack) {
  age();
  fs::rename(world.root() / "away", world.repo());
  const Ran ran = run_another();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(fs::exists(cache / "slots"));
}

TEST_F(GoneRepositories, KeepWorkThatIsNowhereElseAndDoctorNamesIt) {
  write_file(cache / "slots/agent-1.meta/in-use.json", "{}");
  age();
  const Ran ran = run_another();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(fs::exists(cache / "slots/agent-1"));
  EXPECT_FALSE(fs::exists(cache / "slots/verify-1"));
  const Ran doctor = run({DIRECTOR_PROGRAM, "doctor"}, next(), world.environment());
  EXPECT_THAT(doctor.out, HasSubstr((cache / "slots/agent-1").string()));
  EXPECT_THAT(doctor.out, HasSubstr(world.repo().string()));
}

}  // namespace
}  // namespace director::e2e
