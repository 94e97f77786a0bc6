// What a command writes on a layer is gone with it, however it was written.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "core/platform/paths.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;
using ports::ExitKind;
using std::chrono::milliseconds;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every entry with all that a look at it tells, its times among that, and its bytes.
std::map<std::string, std::string> all_of(const fs::path& folder) {
  std::map<std::string, std::string> found;
  const auto add = [&found, &folder](const fs::path& path) {
    struct stat seen {};
    ASSERT_EQ(::lstat(path.c_str(), &seen), 0) << path;
    std::string told = std::to_string(seen.st_ino) + " " + std::to_string(seen.st_mode) + " " +
                       std::to_string(seen.st_nlink) + " " + std::to_string(seen.st_uid) + " " +
                       std::to_string(seen.st_mtim.tv_sec) + "." +
                       std::to_string(seen.st_mtim.tv_nsec) + " " +
                       std::to_string(seen.st_ctim.tv_nsec);
    found[path.lexically_relative(folder).string()] =
        told + (S_ISREG(seen.st_mode) ? " " + bytes_of(path) : "");
  };
  add(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    add(entry.path());
  }
  return found;
}

class Layer : public ProcessTest {
 protected:
  void SetUp() override {
    fs::create_directories(slot() + "/src/deep");
    std::ofstream(slot() + "/src/a.txt") << "one\n";
    std::ofstream(slot() + "/src/deep/b.txt") << "two\n";
    std::ofstream(slot() + "/run.sh") << "#!/bin/sh\n";
    fs::permissions(slot() + "/run.sh", fs::perms(0755));
    fs::create_symlink("run.sh", slot() + "/link");
    before_ = all_of(slot());
  }
  [[nodiscard]] std::string slot() const { return folder + "/slots/one"; }
  [[nodiscard]] std::string temps() const { return folder + "/tmp"; }

  [[nodiscard]] platform::SandboxPolicy policy() const {
    platform::SandboxPolicy policy;
    policy.program = "/usr/bin/bwrap";
    policy.temp = fs::canonical("/tmp").string();
    policy.workspaces = folder;
    policy.temps = temps();
    policy.layers = true;
    if (const auto installation = platform::find_installation()) {
      policy.visible = {installation->supervisor.string()};
    }
    return policy;
  }
  Result<ports::Exit> shell(const std::string& script, bool scratch = true,
                            const ports::CancelToken& cancel = {}) {
    platform::LocalLauncher local(clock, platform::Environment::of_this_process(),
                                  {milliseconds(100), milliseconds(50)});
    platform::SandboxedLauncher sandboxed(local, policy());
    ports::Command command;
    command.purpose = ports::Purpose::Gate;
    command.argv = {"/bin/sh", "-c", script};
    command.cwd = slot();
    command.env_set = {"MARK=" + mark};
    command.scratch = scratch;
    command.deadline = deadline_;
    lines.clear();
    return sandboxed.run(
        command,
        [this](const ports::OutputLine& line) {
          lines.push_back({line.is_stderr, line.cut, std::string(line.text)});
          return true;
        },
        cancel);
  }
  /// It ran to its end with status 0, and nothing is left of it.
  void expect_gone(const std::string& script) {
    SCOPED_TRACE(script);
    const auto exit = shell(script);
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_EQ(exit->kind, ExitKind::Exited);
    EXPECT_EQ(exit->exit_code, 0) << ::testing::PrintToString(texts(lines));
    EXPECT_TRUE(exit->spared);
    expect_nothing_left();
  }
  void expect_nothing_left() {
    EXPECT_EQ(all_of(slot()), before_);
    EXPECT_TRUE(fs::is_empty(temps())) << *fs::directory_iterator(temps());
  }

  std::map<std::string, std::string> before_;
  std::optional<ports::SteadyTime> deadline_;
};

TEST_F(Layer, NothingIsLeftOfWhatACommandWrote) {
  for (const char* const script : {
           "true",
           "echo new >new && test -f new",
           "echo more >>src/a.txt && grep -q more src/a.txt",
           "mkdir -p x/y/z && echo deep >x/y/z/file",
           "rm -r src && test ! -e src",
           "rm -r src && mkdir src && echo other >src/other && test ! -e src/a.txt",
           "chmod 000 src/a.txt && chmod 700 src",
           "mv src elsewhere && test -f elsewhere/deep/b.txt",
           "mv src/a.txt src/z.txt",
           "ln src/a.txt second && echo more >>second",
           "ln -sf /etc/passwd link",
           "touch -d @0 src/a.txt",
           "rm run.sh && mkdir run.sh && mkfifo run.sh/pipe",
           "chmod 000 . && true",
           "mkdir shut && echo x >shut/file && chmod 000 shut",
           "dd if=/dev/zero of=big bs=1M count=32 2>/dev/null && test -s big",
           "truncate -s 0 src/a.txt && sync",
       }) {
    expect_gone(script);
  }
}

TEST_F(Layer, OneCommandDoesNotSeeWhatAnotherWrote) {
  expect_gone("echo pass >verdict");
  expect_gone("test ! -e verdict");
}

TEST_F(Layer, WhoeverStaysBehindWritesNoMore) {
  expect_gone("(setsid sh -c 'while :; do echo late >>src/a.txt; done' &) ; true");
  expect_gone("(sleep 1000; echo late >late) & true");
}

TEST_F(Layer, FolderBelowIsOutOfReach) {
  for (const char* const script : {
           "umount \"$PWD\"",
           "cd / && umount -l \"$OLDPWD\"",
           "unshare --user --map-root-user --mount umount \"$PWD\"",
           "unshare --user --map-root-user --mount sh -c 'mount --bind / /mnt && "
           "echo evil >\"/mnt$PWD/src/a.txt\"'",
           "echo evil >\"/proc/1/root$PWD/evil\" && test ! -e evil",
       }) {
    SCOPED_TRACE(script);
    const auto exit = shell(script);
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_NE(exit->exit_code, 0);
    expect_nothing_left();
  }
}

TEST_F(Layer, NothingIsLeftOfOneThatIsStopped) {
  deadline_ = clock.now() + milliseconds(300);
  const auto late = shell("echo half >half; sleep 1000");
  ASSERT_TRUE(late) << late.error().message();
  EXPECT_EQ(late->kind, ExitKind::TimedOut);
  EXPECT_TRUE(late->spared);
  expect_nothing_left();
  deadline_.reset();
  const auto killed = shell("echo half >half; kill -9 $$");
  ASSERT_TRUE(killed) << killed.error().message();
  EXPECT_EQ(killed->kind, ExitKind::Signaled);
  EXPECT_TRUE(killed->spared);
  expect_nothing_left();
}

TEST_F(Layer, OthersWriteWhereTheyAre) {
  const auto exit = shell("echo new >new", false);
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_FALSE(exit->spared);
  EXPECT_EQ(bytes_of(slot() + "/new"), "new\n");
}

TEST_F(Layer, CommandElsewhereIsNotSpared) {
  platform::LocalLauncher local(clock, platform::Environment::of_this_process());
  platform::SandboxedLauncher sandboxed(local, policy());
  ports::Command command;
  command.purpose = ports::Purpose::Gate;
  command.argv = {"/bin/true"};
  command.cwd = "/usr";
  command.scratch = true;
  const auto exit = sandboxed.run(command, {}, {});
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_FALSE(exit->spared);
}

TEST_F(Layer, PathThatOptionsOfAMountCannotSayIsAnError) {
  for (const char* const odd : {"a:b", "a,b", "a\\b"}) {
    const std::string name = folder + "/slots/" + odd;
    fs::create_directories(name);
    platform::LocalLauncher local(clock, platform::Environment::of_this_process());
    platform::SandboxedLauncher sandboxed(local, policy());
    ports::Command command;
    command.purpose = ports::Purpose::Gate;
    command.argv = {"/bin/sh", "-c", ": >written"};
    command.cwd = name;
    command.scratch = true;
    const auto exit = sandboxed.run(command, {}, {});
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().code(), Errc::Invalid);
    EXPECT_TRUE(fs::is_empty(name));
  }
}

TEST_F(Layer, WorksAsIsTriedBeforeItIsUsed) {
  platform::LocalLauncher local(clock, platform::Environment::of_this_process());
  const Status works = platform::try_sandbox(local, policy(), clock, {});
  EXPECT_TRUE(works) << works.error().message();
}

}  // namespace
}  // namespace director::process_test
