// The runner against a scripted host; opencode_live_test.cpp has the real OpenCode.
#include "opencode_runner.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent_record.hpp"
#include "fakes/fake_host.hpp"
#include "opencode_lines.hpp"
#include "unit/matchers.hpp"

namespace runner_opencode {
namespace {

namespace fs = std::filesystem;
using director::agent_failure;
using director::Errc;
using director::exec_outcome;
using director::testing::AgentRecord;
using director::testing::FailsWith;
using director::testing::FakeHost;
using director::testing::IsOk;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class OpencodeRunnerTest : public ::testing::Test {
 protected:
  OpencodeRunnerTest() {
    std::string name = (fs::temp_directory_path() / "director-runner-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~OpencodeRunnerTest() override { fs::remove_all(dir_); }

  std::unique_ptr<OpencodeRunner> make(const std::string& config) {
    director::instance_info info{config, dir_ / "repo", dir_ / "repo/.director", dir_ / "cache"};
    director::host services = fake_.services();
    auto made = OpencodeRunner::create(info, services);
    EXPECT_THAT(made, IsOk());
    return made ? *std::move(made) : nullptr;
  }

  director::Status run(const director::run_request& request) {
    director::host services = fake_.services();
    return make(R"({"command": "/bin/sh", "extra_env": ["A=1"]})")
        ->run(request, record_.events(), services);
  }

  static director::run_request request() {
    director::run_request made;
    made.role = "executor";
    made.title = "-n1\nsecond line";
    made.system_prompt = "prompt";
    made.message = "do it";
    made.model = "acme/m1";
    made.workdir = "/slot";
    made.may_edit = true;
    made.stall_ms = 5000;
    return made;
  }

  /// The folder of OpenCode's database; empty: it is not set.
  static std::string data_of(const std::vector<std::string>& variables) {
    constexpr std::string_view kName = "XDG_DATA_HOME=";
    for (const std::string& variable : variables) {
      if (variable.starts_with(kName)) {
        return variable.substr(kName.size());
      }
    }
    return {};
  }

  /// The lock of first starts on that database; negative: another one holds it.
  [[nodiscard]] int take_lock(const std::string& data) const {
    const fs::path state = fs::path(data).parent_path();
    const std::string lock = dir_ / "cache" / ("." + state.filename().string() + ".lock");
    const int descriptor = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor);
      return -1;
    }
    return descriptor;
  }

  FakeHost fake_;
  AgentRecord record_;
  fs::path dir_;
};

TEST_F(OpencodeRunnerTest, MessageGoesInByStandardInput) {
  fake_.commands.push_back(
      {{{step_start()}, {"noise"}, {text_line("done")}, {step_finish("stop")}}, {}, 0, {}});
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_TRUE(record_.finished);
  EXPECT_EQ(record_.answer, "done");
  EXPECT_THAT(record_.texts, ElementsAre("done"));
  ASSERT_EQ(fake_.executed.size(), 1u);
  const director::exec_request& call = fake_.executed[0];
  EXPECT_THAT(call.argv, ElementsAre("/bin/sh", "run", "--dir", "/slot", "--agent",
                                     StartsWith("director-executor-"), "--model", "acme/m1",
                                     "--format", "json", "--title=-n1 second line", "--print-logs",
                                     "--log-level", "ERROR"));
  EXPECT_EQ(call.stdin_text, "do it");
  EXPECT_EQ(call.cwd, "/slot");
  EXPECT_EQ(call.stall_timeout_ms, 5000);
  EXPECT_EQ(call.start_timeout_ms, 180'000);
  EXPECT_THAT(call.env_unset, Contains("OPENCODE*"));
  EXPECT_EQ(call.env_set.back(), "A=1");
}

TEST_F(OpencodeRunnerTest, EachWorkspaceHasADatabaseOfItsOwn) {
  for (const char* workdir : {"/slot", "/other"}) {
    for (const bool may_edit : {true, false}) {
      fake_.commands.push_back({});
      director::run_request asked = request();
      asked.workdir = workdir;
      asked.may_edit = may_edit;
      ASSERT_THAT(run(asked), IsOk());
    }
  }
  std::set<std::string> databases;
  for (const director::exec_request& call : fake_.executed) {
    databases.insert(data_of(call.env_set));
  }
  EXPECT_EQ(fake_.executed.size(), 4U);
  EXPECT_EQ(databases.size(), 4U);
}

TEST_F(OpencodeRunnerTest, AFreshDatabaseHasOneStartAfterTheOther) {
  for (const bool over_server : {true, false}) {
    fake_.daemons.clear();
    fake_.acquired.clear();
    if (over_server) {
      fake_.daemons.push_back({{}, {}, true, {}, DIRECTOR_NOT_FOUND, "no program"});
    }
    fake_.is_cancelled = false;
    fake_.commands.assign(1, {});
    ASSERT_THAT(run(request()), IsOk());
    const std::string data =
        data_of(over_server ? fake_.acquired.at(0).env_set : fake_.executed.at(0).env_set);
    const int other = take_lock(data);
    ASSERT_GE(other, 0);
    fake_.is_cancelled = true;
    ASSERT_THAT(run(request()), IsOk());
    EXPECT_EQ(record_.failure, agent_failure::cancelled) << record_.why;
    EXPECT_EQ(fake_.acquired.size() + fake_.executed.size(), 1U) << "another start goes on";
    ::close(other);
  }
}

TEST_F(OpencodeRunnerTest, ACallThatBeganToSpeakKeepsNoOtherFromTheDatabase) {
  fake_.commands.push_back(
      {{{step_start()}, {text_line("done")}, {step_finish("stop")}}, {}, 0, {}});
  int free_at_a_text = 0;
  record_.when_text = [&] {
    const int other = take_lock(data_of(fake_.executed.at(0).env_set));
    free_at_a_text += other >= 0 ? 1 : 0;
    ::close(other);
  };
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_EQ(free_at_a_text, 1);
}

TEST_F(OpencodeRunnerTest, MissingProgramSaysHowToInstallIt) {
  fake_.commands.push_back({{}, {}, DIRECTOR_NOT_FOUND, "no such program"});
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_EQ(record_.failure, agent_failure::config);
  EXPECT_THAT(record_.why, HasSubstr("plugin.runner-opencode.command"));
  EXPECT_EQ(record_.terminal_events, 1);
}

TEST_F(OpencodeRunnerTest, WithoutAServerCallsAreRunAloneForAWhileAndThatIsSaidOnce) {
  constexpr std::int64_t kAWhileMs = 300'000;
  const auto run_once = [this] {
    fake_.commands.clear();
    fake_.commands.push_back(
        {{{step_start()}, {text_line("done")}, {step_finish("stop")}}, {}, 0, {}});
    fake_.daemons.clear();
    fake_.daemons.push_back({{}, {}, true, {}, DIRECTOR_EXTERNAL, "the port is taken"});
    ASSERT_THAT(run(request()), IsOk());
  };
  run_once();
  ASSERT_EQ(fake_.acquired.size(), 1U);
  EXPECT_THAT(fake_.acquired[0].argv, Contains("serve"));
  fake_.now_ms += kAWhileMs - 1;
  run_once();
  EXPECT_EQ(fake_.acquired.size(), 1U) << "it would take the time of another start";
  fake_.now_ms += 1;
  run_once();
  EXPECT_EQ(fake_.acquired.size(), 2U) << "it is tried again, quietly";
  EXPECT_TRUE(record_.finished) << record_.why;
  EXPECT_THAT(record_.texts, ElementsAre("done", "done", "done"));
  int warnings = 0;
  int lines = 0;
  for (const auto& [level, text] : fake_.logged) {
    if (text.find("runs OpenCode as one process a call") != std::string::npos) {
      EXPECT_THAT(text, HasSubstr("the port is taken"));
      ++lines;
      warnings += level == director::log_level::warning ? 1 : 0;
    }
  }
  EXPECT_EQ(lines, 3);
  EXPECT_EQ(warnings, 1);
}

TEST_F(OpencodeRunnerTest, ServerThatIsRefusedAtOnceIsAskedForEachTime) {
  for (int i = 0; i < 2; ++i) {
    fake_.daemons.push_back({{}, {}, true, {}, DIRECTOR_CONFLICT, "agents have no network"});
    ASSERT_THAT(run(request()), IsOk());
  }
  EXPECT_EQ(fake_.acquired.size(), 2U);
}

TEST_F(OpencodeRunnerTest, ServerIsOfTheFolderOrOfAllAndOfTheRolesAccess) {
  const auto asked_for = [this](const std::string& more, bool may_edit, const char* workdir) {
    fake_.daemons.push_back({{}, {}, true, {}, DIRECTOR_NOT_FOUND, "no program"});
    director::run_request asked = request();
    asked.may_edit = may_edit;
    asked.workdir = workdir;
    director::host services = fake_.services();
    EXPECT_THAT(
        make(R"({"command": "/bin/sh")" + more + "}")->run(asked, record_.events(), services),
        IsOk());
    return fake_.acquired.back();
  };
  const auto state_of = [](const director::daemon_request& request) {
    return data_of(request.env_set);
  };
  const director::daemon_request slot = asked_for("", true, "/slot");
  EXPECT_EQ(slot.cwd, "/slot");
  EXPECT_FALSE(slot.every_workspace || slot.every_workspace_read);
  EXPECT_NE(state_of(slot), state_of(asked_for("", true, "/other")));
  EXPECT_NE(state_of(slot), state_of(asked_for("", false, "/slot")));

  const std::string job = R"(, "isolation": "job")";
  const director::daemon_request all = asked_for(job, true, "/slot");
  EXPECT_NE(all.cwd, "/slot");
  EXPECT_TRUE(all.every_workspace && !all.every_workspace_read);
  const director::daemon_request other = asked_for(job, true, "/other");
  EXPECT_EQ(other.cwd, all.cwd);
  EXPECT_EQ(other.argv, all.argv);
  EXPECT_EQ(other.env_set, all.env_set);
  const director::daemon_request reads = asked_for(job, false, "/slot");
  EXPECT_TRUE(!reads.every_workspace && reads.every_workspace_read);
  EXPECT_NE(state_of(reads), state_of(all));
  for (const director::daemon_request& request : fake_.acquired) {
    EXPECT_EQ(request.secret_variable, "OPENCODE_SERVER_PASSWORD");
    EXPECT_THAT(request.argv, Contains("127.0.0.1")) << "and nobody else's machine";
  }
}

TEST_F(OpencodeRunnerTest, FallBackToAnotherAgentStopsTheCommandAtOnce) {
  fake_.commands.push_back({{{"! agent \"x\" not found. Falling back to default agent", true},
                             {step_start()},
                             {text_line("done")},
                             {step_finish("stop")}},
                            {},
                            0,
                            {}});
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_FALSE(record_.finished);
  EXPECT_EQ(record_.failure, agent_failure::config);
  EXPECT_EQ(fake_.lines_taken.at(0), 1u);
  EXPECT_TRUE(record_.texts.empty());
}

TEST_F(OpencodeRunnerTest, CancelledCallIsCancelled) {
  fake_.commands.push_back({{}, {exec_outcome::cancelled, 0, 0, 0}, 0, {}});
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_EQ(record_.failure, agent_failure::cancelled);
}

TEST_F(OpencodeRunnerTest, BadInputRunsNothing) {
  director::run_request no_model = request();
  no_model.model = "m1";
  ASSERT_THAT(run(no_model), IsOk());
  EXPECT_EQ(record_.failure, agent_failure::config);
  director::run_request no_message = request();
  no_message.message = " \n";
  EXPECT_THAT(run(no_message), FailsWith(Errc::Invalid, "message is empty"));
  EXPECT_TRUE(fake_.executed.empty());
}

TEST_F(OpencodeRunnerTest, BrokenUserConfigurationIsConfig) {
  fs::create_directories(dir_ / "repo");
  FILE* file = std::fopen((dir_ / "repo/opencode.json").c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs("{ broken", file);
  std::fclose(file);
  ASSERT_THAT(run(request()), IsOk());
  EXPECT_EQ(record_.failure, agent_failure::config);
  EXPECT_THAT(record_.why, HasSubstr("repo/opencode.json"));
  EXPECT_TRUE(fake_.executed.empty());
}

TEST_F(OpencodeRunnerTest, TopKThatMayNotArriveIsAWarning) {
  fake_.commands.push_back({});
  director::run_request asked = request();
  asked.top_k = 5;
  ASSERT_THAT(run(asked), IsOk());
  ASSERT_FALSE(fake_.logged.empty());
  EXPECT_EQ(fake_.logged[0].first, director::log_level::warning);
  EXPECT_THAT(fake_.logged[0].second, HasSubstr("top_k"));
}

TEST_F(OpencodeRunnerTest, ProbeOfAMissingProgramIsNotFound) {
  fake_.commands.push_back({{}, {}, DIRECTOR_NOT_FOUND, "no such program"});
  director::host services = fake_.services();
  EXPECT_THAT(make(R"({"command": "/bin/sh"})")->probe(services),
              FailsWith(Errc::NotFound, "install OpenCode"));
}

TEST_F(OpencodeRunnerTest, AMissingProgramIsFoundBeforeAnythingIsStarted) {
  director::host services = fake_.services();
  for (const char* command : {"no-such-agent-tool", "/nonexistent/opencode"}) {
    director::instance_info info;
    info.config_json = R"({"command": ")" + std::string(command) + R"("})";
    EXPECT_THAT(OpencodeRunner::create(info, services),
                FailsWith(Errc::NotFound, "install OpenCode"));
  }
}

TEST_F(OpencodeRunnerTest, ExtraEnvironmentIsChecked) {
  director::host services = fake_.services();
  for (const char* entry : {"NOVALUE", "=x", ""}) {
    director::instance_info info;
    info.config_json = R"({"extra_env": [")" + std::string(entry) + R"("]})";
    EXPECT_THAT(OpencodeRunner::create(info, services), FailsWith(Errc::Invalid, "NAME=value"));
  }
}

TEST_F(OpencodeRunnerTest, PassEnvIsCheckedAndReplacesTheDefault) {
  director::host services = fake_.services();
  for (const char* entry : {"", "*", "A=1", "*A*"}) {
    director::instance_info info;
    info.config_json = R"({"pass_env": [")" + std::string(entry) + R"("]})";
    EXPECT_THAT(OpencodeRunner::create(info, services), FailsWith(Errc::Invalid, "pass_env"));
  }
  ::setenv("SOME_API_KEY", "sesame", 1);
  ::setenv("SOME_TOKEN", "sesame", 1);
  struct Case {
    const char* config;
    bool key;
    bool token;
  };
  for (const Case& one : {Case{R"({"command": "/bin/sh"})", true, false},
                          {R"({"command": "/bin/sh", "pass_env": []})", false, false},
                          {R"({"command": "/bin/sh", "pass_env": ["SOME_TOKEN"]})", false, true}}) {
    fake_.executed.clear();
    fake_.commands = {{}, {}};
    ASSERT_THAT(make(one.config)->run(request(), record_.events(), services), IsOk());
    const auto& set = fake_.executed.at(0).env_set;
    EXPECT_EQ(std::count(set.begin(), set.end(), "SOME_API_KEY=sesame"), one.key) << one.config;
    EXPECT_EQ(std::count(set.begin(), set.end(), "SOME_TOKEN=sesame"), one.token) << one.config;
  }
  ::unsetenv("SOME_API_KEY");
  ::unsetenv("SOME_TOKEN");
}

}  // namespace
}  // namespace runner_opencode
