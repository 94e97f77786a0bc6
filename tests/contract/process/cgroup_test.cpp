/// Control groups: where the machine lets this process make some.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/platform/cgroup_files.hpp"
#include "core/platform/cgroups.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;
using platform::Cgroups;
using platform::ResourceLimits;
using ports::ExitKind;

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The group that this process may make others in: its own or, on a machine of both versions, the
/// root of those of version 2, whose controllers are elsewhere. Empty: none.
fs::path usable_group() {
  if (const Result<std::string> own = platform::own_cgroup()) {
    return *own;
  }
  const fs::path hybrid = "/sys/fs/cgroup/unified";
  return ::access((hybrid / "cgroup.procs").c_str(), W_OK) == 0 ? hybrid : fs::path();
}

/// This process is alone in a group of its own, as a director should be.
class Cgroup : public ProcessTest {
 protected:
  void SetUp() override {
    ProcessTest::SetUp();
    base_ = usable_group();
    const fs::path own = base_ / ("test-" + std::to_string(::getpid()));
    if (base_.empty() || ::mkdir(own.c_str(), 0755) != 0) {
      GTEST_SKIP() << "this machine lets this process make no control groups";
    }
    own_ = own;
    ASSERT_TRUE(platform::write_control(own_ / "cgroup.procs", "0"));
  }

  /// The launcher's commands are in groups from now on. False: skipped, the limits cannot be held.
  bool start(const ResourceLimits& limits = {}) {
    auto made = Cgroups::open(own_, limits);
    EXPECT_TRUE(made) << made.error().message();
    groups_ = std::move(made).value();
    launcher.use(groups_.get());
    return groups_->missing().empty();
  }

  ports::Command shell(const std::string& script) {
    ports::Command command = child("");
    command.argv = {"/bin/sh", "-c", script};
    command.purpose = ports::Purpose::Agent;
    return command;
  }

  /// Folders of directors.
  std::vector<fs::path> folders() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(own_)) {
      if (entry.path().filename().string().starts_with("director-")) {
        found.push_back(entry.path());
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  void TearDown() override {
    launcher.use(nullptr);
    groups_.reset();
    if (!own_.empty()) {
      EXPECT_EQ(folders(), std::vector<fs::path>{});
      EXPECT_TRUE(platform::write_control(base_ / "cgroup.procs", "0"));
      platform::remove_group(own_);
      EXPECT_FALSE(fs::exists(own_));
    }
  }

  fs::path base_;
  fs::path own_;
  std::unique_ptr<Cgroups> groups_;
};

struct Where {
  const char* what;
  const char* proc_cgroup;
  const char* mountinfo;
  const char* found;  ///< or a part of the error
};

TEST(OwnCgroup, IsReadFromProc) {
  constexpr const char* kMount =
      "22 1 0:21 / /proc rw - proc proc rw\n30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - "
      "cgroup2 cgroup2 rw,nsdelegate\n";
  const std::vector<Where> cases{
      {"a scope", "0::/user.slice/a.scope\n", kMount, "/sys/fs/cgroup/user.slice/a.scope"},
      {"the root", "0::/\n", kMount, "/sys/fs/cgroup"},
      {"a blank in the mount point", "0::/x\n",
       "30 22 0:26 / /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n", "/sys/fs/c g/x"},
      {"a part of it is mounted", "0::/docker/abc/job\n",
       "30 22 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/job"},
      {"another part of it is mounted", "0::/docker/abcd\n",
       "30 22 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "not mounted"},
      {"outside of its namespace", "0::/../other\n", kMount, "none that can be seen"},
      {"version 1", "5:memory:/a\n1:name=systemd:/a\n", kMount, "version 1"},
      {"both", "5:memory:/a\n0::/a\n", kMount, "version 1"},
      {"systemd's own hierarchy beside it", "1:name=systemd:/a\n0::/a\n", kMount,
       "/sys/fs/cgroup/a"},
      {"nothing", "", "", "none that can be seen"},
      {"nonsense", "0::x\n::::\n", "a b c\n- - -\n", "version 1"},
      {"not mounted", "0::/a\n", "22 1 0:21 / /proc rw - proc proc rw\n", "not mounted"},
  };
  for (const Where& one : cases) {
    const Result<std::string> found = platform::own_cgroup(one.proc_cgroup, one.mountinfo);
    if (one.found[0] == '/') {
      ASSERT_TRUE(found) << one.what << ": " << found.error().message();
      EXPECT_EQ(*found, one.found) << one.what;
    } else {
      ASSERT_FALSE(found) << one.what << ": " << *found;
      EXPECT_EQ(found.error().code(), Errc::External);
      EXPECT_NE(found.error().message().find(one.found), std::string::npos)
          << one.what << ": " << found.error().message();
    }
  }
}

TEST_F(Cgroup, ACommandIsInAGroupOfItsOwnFromItsFirstInstruction) {
  (void)start();
  ASSERT_TRUE(run(shell("cat /proc/self/cgroup")));
  const std::string name = "director-" + std::to_string(::getpid()) + "-0/command-1";
  const std::vector<std::string> said = texts(lines);
  EXPECT_TRUE(std::any_of(said.begin(), said.end(), [&](const std::string& line) {
    return line.starts_with("0::") && line.ends_with(name);
  })) << ::testing::PrintToString(said);
  ASSERT_EQ(folders().size(), 1U);
  EXPECT_FALSE(fs::exists(folders()[0] / "command-1"));
}

TEST_F(Cgroup, WhatADirectorDoesForItselfIsNot) {
  (void)start();
  ports::Command command = shell("cat /proc/self/cgroup");
  command.purpose = ports::Purpose::Tool;
  ASSERT_TRUE(run(command));
  for (const std::string& line : texts(lines)) {
    EXPECT_EQ(line.find("command-"), std::string::npos) << line;
  }
}

TEST_F(Cgroup, EndsOfCommandsAreWhatTheyWere) {
  (void)start();
  EXPECT_EQ(run(shell("exit 42"))->exit_code, 42);
  const auto killed = run(shell("kill -9 $$"));
  EXPECT_EQ(killed->kind, ExitKind::Signaled);
  EXPECT_EQ(killed->signal, SIGKILL);
  EXPECT_EQ(killed->limit, "") << "not every SIGKILL is a limit's";
  ports::Command missing = shell("");
  missing.argv = {"/no/such/program"};
  EXPECT_FALSE(run(missing));
  ports::Command strays = child("daemon-hang");
  strays.purpose = ports::Purpose::Agent;
  strays.deadline = clock.now() + std::chrono::milliseconds(100);
  EXPECT_EQ(run(strays)->kind, ExitKind::TimedOut);
  ports::Command forks = child("fork-on");
  forks.purpose = ports::Purpose::Agent;
  EXPECT_EQ(run(forks)->kind, ExitKind::Exited);
  EXPECT_EQ(marked(mark), std::vector<pid_t>{});
}

TEST_F(Cgroup, UsageIsThatOfAllProcesses) {
  (void)start();
  const auto exit =
      run(shell("for i in 1 2; do (i=0; while [ $i -lt 20000 ]; do i=$((i+1)); "
                "done) & done; wait"));
  ASSERT_TRUE(exit);
  EXPECT_GT(exit->usage.cpu.count(), 0);
  EXPECT_GT(exit->usage.peak_memory_bytes, 0U);
}

TEST_F(Cgroup, TwoDirectorsLeaveEachOthersFoldersAlone) {
  (void)start();
  auto other = Cgroups::open(own_, {});
  ASSERT_TRUE(other) << other.error().message();
  EXPECT_EQ(folders().size(), 2U);
  auto third = Cgroups::open(own_, {});
  ASSERT_TRUE(third);
  EXPECT_EQ(folders().size(), 3U);
}

TEST_F(Cgroup, WhatADirectorThatDiedLeftBehindIsKilledAndRemoved) {
  const fs::path left = own_ / "director-999999-0";
  fs::create_directories(left / "command-7" / "deeper");
  pid_t pid = -1;
  std::array<char*, 3> argv{const_cast<char*>("sleep"), const_cast<char*>("1000"), nullptr};
  ASSERT_EQ(::posix_spawnp(&pid, "sleep", nullptr, nullptr, argv.data(), ::environ), 0);
  ASSERT_TRUE(platform::write_control(left / "command-7" / "cgroup.procs", std::to_string(pid)));
  (void)start();
  EXPECT_FALSE(fs::exists(left));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/// Registered where the machine has the unified hierarchy.
class CgroupLimit : public Cgroup {};

TEST_F(CgroupLimit, MemoryLimitEndsACommandAndSaysSo) {
  if (!start({.memory_mb = 64})) {
    GTEST_SKIP() << groups_->missing()[0];
  }
  ports::Command command = child("eat", {"256"});
  command.purpose = ports::Purpose::Agent;
  const auto exit = run(command);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->kind, ExitKind::Signaled);
  EXPECT_EQ(exit->limit, "ended by the memory limit of 64 MB (limits.memory_mb)");
  EXPECT_LE(exit->usage.peak_memory_bytes, 64U << 20U);
  EXPECT_GT(exit->usage.peak_memory_bytes, 32U << 20U);

  ports::Command modest = child("eat", {"16"});
  modest.purpose = ports::Purpose::Agent;
  const auto well = run(modest);
  EXPECT_EQ(well->kind, ExitKind::Exited);
  EXPECT_EQ(well->limit, "");
}

TEST_F(CgroupLimit, MemoryOfManyProcessesCountsTogether) {
  if (!start({.memory_mb = 64})) {
    GTEST_SKIP() << groups_->missing()[0];
  }
  const std::string eat = own_executable() + " --child=eat 24 hold & ";
  const auto exit = run(shell(eat + "a=$!; " + eat + "b=$!; " + eat +
                              "c=$!; while kill -0 $a && kill -0 $b && kill -0 $c; do sleep 0.02; "
                              "done 2>/dev/null; exit 9"));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 9) << "the others may go on";
  EXPECT_EQ(exit->limit, "ended by the memory limit of 64 MB (limits.memory_mb)");
}

TEST_F(CgroupLimit, ProcessLimitHoldsAForkBomb) {
  if (!start({.processes = 20})) {
    GTEST_SKIP() << groups_->missing()[0];
  }
  ports::Command command = child("fork-many", {"200"});
  command.purpose = ports::Purpose::Agent;
  const auto exit = run(command);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->limit, "held back by the limit of 20 processes (limits.processes)");
  ASSERT_FALSE(lines.empty());
  EXPECT_LT(std::stoi(lines.back().text), 20);
  EXPECT_EQ(marked(mark), std::vector<pid_t>{});
}

TEST_F(CgroupLimit, ProcessorLimitIsSet) {
  if (!start({.cpus = 0.5})) {
    GTEST_SKIP() << groups_->missing()[0];
  }
  ASSERT_TRUE(run(shell("cat " + (folders().at(0) / "command-1" / "cpu.max").string())));
  EXPECT_EQ(texts(lines), std::vector<std::string>{"50000 100000"});
}

TEST_F(Cgroup, ThisProcessGoesBackAtTheEnd) {
  const std::string group = read_all("/proc/self/cgroup");
  const std::string controllers = read_all(own_ / "cgroup.subtree_control");
  (void)start({.memory_mb = 64, .processes = 20, .cpus = 1});
  launcher.use(nullptr);
  groups_.reset();
  EXPECT_EQ(read_all("/proc/self/cgroup"), group);
  EXPECT_EQ(read_all(own_ / "cgroup.subtree_control"), controllers);
}

TEST_F(Cgroup, OtherProcessesInTheGroupAreLeftWhereTheyAre) {
  pid_t pid = -1;
  std::array<char*, 3> argv{const_cast<char*>("sleep"), const_cast<char*>("1000"), nullptr};
  ASSERT_EQ(::posix_spawnp(&pid, "sleep", nullptr, nullptr, argv.data(), ::environ), 0);
  (void)start({.memory_mb = 64});
  ASSERT_EQ(groups_->missing().size(), 1U);
  EXPECT_TRUE(groups_->missing()[0].starts_with("limits.memory_mb: ")) << groups_->missing()[0];
  EXPECT_FALSE(groups_->limits().any());
  const std::vector<std::string> here = platform::read_words(own_ / "cgroup.procs");
  EXPECT_EQ(std::set<std::string>(here.begin(), here.end()),
            (std::set<std::string>{std::to_string(pid), std::to_string(::getpid())}));
  EXPECT_EQ(run(shell("exit 7"))->exit_code, 7);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_F(Cgroup, AFolderThatIsNoGroupIsRefused) {
  const auto made = Cgroups::open(folder, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Errc::External);
  EXPECT_NE(made.error().message().find("cannot make control groups in"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder)) << "what was tried is taken back";
}

}  // namespace
}  // namespace director::process_test
