#include "core/platform/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;
using platform::Environment;

ports::Command command_in(const std::string& cwd) {
  ports::Command command;
  command.cwd = cwd;
  return command;
}

TEST(EnvironmentPolicy, DropsOurOwnVariablesAndSetsPwd) {
  const Environment environment({"A=1", "DIRECTOR_HOME=x", "DIRECTOR_=y", "PWD=/elsewhere"});
  EXPECT_EQ(environment.for_command(command_in("/w")), (std::vector<std::string>{"A=1", "PWD=/w"}));
}

TEST(EnvironmentPolicy, UnsetsByNameAndPrefixThenSets) {
  const Environment environment({"A=1", "AB=2", "OPENCODE_X=3", "OPENCODE=4", "B=5=6", "garbage"});
  ports::Command command = command_in("/w");
  command.env_unset = {"A", "OPENCODE_*"};
  command.env_set = {"OPENCODE_X=new", "B=", "DIRECTOR_NODE=n", "PWD=/no"};
  EXPECT_EQ(environment.for_command(command),
            (std::vector<std::string>{"AB=2", "B=", "DIRECTOR_NODE=n", "OPENCODE=4",
                                      "OPENCODE_X=new", "PWD=/w"}));
}

const std::vector<std::string> kOfAUser{"PATH=/bin",
                                        "HOME=/h",
                                        "LC_ALL=C",
                                        "OPENAI_API_KEY=s",
                                        "AWS_PROFILE=s",
                                        "GITHUB_TOKEN=s",
                                        "SSH_AUTH_SOCK=s",
                                        "DIRECTOR_KEY=s",
                                        "PATHOLOGICAL=s",
                                        "http_proxy=p",
                                        "MY_A=1",
                                        "MY_B=2",
                                        "MY=3"};

TEST(EnvironmentPolicy, OnlyWhatIsHarmlessAndWhatIsAddedIsInherited) {
  for (const ports::Purpose purpose :
       {ports::Purpose::Gate, ports::Purpose::Agent, ports::Purpose::Setup}) {
    ports::Command command = command_in("/w");
    command.purpose = purpose;
    command.env_set = {"GIVEN_TOKEN=1"};
    std::vector<std::string> expected{"GIVEN_TOKEN=1", "HOME=/h", "LC_ALL=C", "PATH=/bin",
                                      "PWD=/w"};
    if (purpose != ports::Purpose::Gate) {
      expected.emplace_back("http_proxy=p");
    }
    EXPECT_EQ(Environment(kOfAUser).for_command(command), expected);
    command.env_unset = {"MY_B", "http_proxy"};
    const Environment more(kOfAUser, {"MY_*", "OPENAI_API_KEY", "DIRECTOR_*"});
    EXPECT_EQ(more.for_command(command),
              (std::vector<std::string>{"GIVEN_TOKEN=1", "HOME=/h", "LC_ALL=C", "MY_A=1",
                                        "OPENAI_API_KEY=s", "PATH=/bin", "PWD=/w"}));
  }
}

TEST(EnvironmentPolicy, APluginsOwnHousekeepingInheritsAllButOurs) {
  EXPECT_EQ(Environment(kOfAUser).for_command(command_in("/w")).size(), kOfAUser.size());
}

using EnvironmentOfCommands = ProcessTest;

TEST_F(EnvironmentOfCommands, ArrivesAsDecided) {
  platform::LocalLauncher other(clock, Environment({"PLAIN=1", "DIRECTOR_SECRET=2", "PWD=/no"}));
  ports::Command command = child("env");
  std::vector<std::string> seen;
  const auto exit = other.run(command,
                              [&seen](const ports::OutputLine& line) {
                                seen.emplace_back(line.text);
                                return true;
                              },
                              {});
  ASSERT_TRUE(exit) << exit.error().message();
  EXPECT_EQ(seen, (std::vector<std::string>{"MARK=" + mark, "PLAIN=1", "PWD=" + folder}));
}

TEST_F(EnvironmentOfCommands, RunsInItsFolder) {
  ports::Command command = child("cwd");
  fs::create_directory(folder + "/with space");
  command.cwd = folder + "/with space";
  ASSERT_TRUE(run(command));
  EXPECT_EQ(texts(lines), std::vector<std::string>{folder + "/with space"});
}

TEST_F(EnvironmentOfCommands, ProgramIsFoundInTheCommandsOwnPath) {
  fs::create_directory(folder + "/bin");
  fs::create_symlink(own_executable(), folder + "/bin/only-here");
  ports::Command command = child("exit", {"3"});
  command.argv.front() = "only-here";
  EXPECT_EQ(run(command).error().code(), Errc::NotFound);
  for (const std::string& path : {folder + "/bin", std::string("/nowhere:bin")}) {
    command.env_set = {"MARK=" + mark, "PATH=" + path};
    const auto exit = run(command);
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_EQ(exit->exit_code, 3);
  }
}

TEST_F(EnvironmentOfCommands, FolderOrPlainFileInPathIsNoProgram) {
  fs::create_directories(folder + "/a/tool");
  fs::create_directory(folder + "/b");
  std::ofstream(folder + "/b/tool") << "text";
  ports::Command command = child("exit");
  command.argv.front() = "tool";
  command.env_set = {"MARK=" + mark, "PATH=" + folder + "/a:" + folder + "/b"};
  const auto exit = run(command);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().code(), Errc::Io);
  EXPECT_NE(exit.error().message().find("not executable"), std::string::npos);
}

}  // namespace
}  // namespace director::process_test
