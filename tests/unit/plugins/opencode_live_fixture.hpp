/// The real OpenCode with a scripted model behind it, on folders of its own.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "agent_record.hpp"
#include "exec_host.hpp"
#include "opencode_runner.hpp"
#include "unit/matchers.hpp"

extern char** environ;

namespace runner_opencode {

namespace fs = std::filesystem;
using director::testing::AgentRecord;
using director::testing::ExecHost;
using director::testing::IsOk;

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) {
    out += buffer;
  }
  if (pipe != nullptr) {
    ::pclose(pipe);
  }
  while (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

inline constexpr const char* kScenario = R"JSON({
  "models": ["cheap", "plain"],
  "rules": [
    {"name": "edit", "match": {"contains": ["please edit"]}, "turns": [
      {"tool_calls": [{"name": "write", "arguments": {"filePath": "{{cwd}}/new file.txt", "content": "made\n"}}],
       "usage": {"prompt": 1000, "completion": 300, "cached": 600, "reasoning": 120}},
      {"text": "I run it.", "tool_calls": [{"name": "bash", "arguments": {"command": "cat 'new file.txt'; exit 3", "description": "look"}}]},
      {"text": "All done."}]},
    {"name": "sneak", "match": {"contains": ["please sneak"]}, "turns": [
      {"tool_calls": [{"name": "write", "arguments": {"filePath": "{{cwd}}/sneaked.txt", "content": "x"}}]},
      {"tool_calls": [{"name": "bash", "arguments": {"command": "touch sneaked.txt", "description": "x"}}]},
      {"tool_calls": [{"name": "task", "arguments": {"description": "x", "prompt": "touch sneaked.txt", "subagent_type": "general"}}]},
      {"tool_calls": [{"name": "read", "arguments": {"filePath": "{{cwd}}/.env"}}]},
      {"tool_calls": [{"name": "read", "arguments": {"filePath": "/etc/hostname"}}]},
      {"tool_calls": [{"name": "read", "arguments": {"filePath": "{{cwd}}/README.md"}}]},
      {"text": "I could only read."}]},
    {"name": "repeat", "match": {"contains": ["please repeat"]}, "turns": [
      {"tool_calls": [{"name": "read", "arguments": {"filePath": "{{cwd}}/README.md"}},
                      {"name": "read", "arguments": {"filePath": "{{cwd}}/README.md"}},
                      {"name": "read", "arguments": {"filePath": "{{cwd}}/README.md"}}]},
      {"text": "Read it three times."}]},
    {"name": "refused key", "match": {"contains": ["please 401"]}, "fail_first": 9,
     "error": {"status": 401, "body": {"error": {"message": "Incorrect API key"}}}, "turns": []},
    {"name": "broken once", "match": {"contains": ["please 500"]}, "fail_first": 1,
     "error": {"status": 500, "headers": {"retry-after": "1"}, "body": {"error": {"message": "oops"}}}, "turns": [{"text": "fine now"}]},
    {"name": "busy once", "match": {"contains": ["please 429"]}, "fail_first": 1,
     "error": {"status": 429, "headers": {"retry-after": "1"}, "body": {"error": {"message": "slow down"}}}, "turns": [{"text": "fine now"}]},
    {"name": "cut", "match": {"contains": ["please cut"]}, "turns": [{"text": "cut off he", "finish_reason": "length"}]},
    {"name": "sleep", "match": {"contains": ["please sleep"]}, "turns": [
      {"tool_calls": [{"name": "bash", "arguments": {"command": "touch at-work; sleep 1000", "description": "x"}}]},
      {"text": "Slept."}]},
    {"name": "stray", "match": {"contains": ["please stray"]}, "turns": [
      {"tool_calls": [{"name": "bash", "arguments": {"command": "setsid sleep 1000 >/dev/null 2>&1 & (setsid setsid sleep 1000 >/dev/null 2>&1 &); touch strayed", "description": "x"}}]},
      {"text": "Strayed."}]},
    {"name": "work and sleep", "match": {"contains": ["please work, then rest"]}, "turns": [
      {"tool_calls": [{"name": "bash", "arguments": {"command": "echo worked", "description": "x"}}], "usage": {"prompt": 1000, "completion": 300}},
      {"tool_calls": [{"name": "bash", "arguments": {"command": "touch at-work; sleep 1000", "description": "x"}}]},
      {"text": "Rested."}]},
    {"name": "meet", "match": {"contains": ["please meet"]}, "turns": [
      {"tool_calls": [{"name": "write", "arguments": {"filePath": "{{cwd}}/mine.txt", "content": "mine"}}]},
      {"tool_calls": [{"name": "write", "arguments": {"filePath": "{{cwd}}/../meets-1/trespassed.txt", "content": "x"}}]},
      {"tool_calls": [{"name": "write", "arguments": {"filePath": "{{cwd}}/../meets-2/trespassed.txt", "content": "x"}}]},
      {"tool_calls": [{"name": "bash", "arguments": {"command": "rm trespassed.txt; touch at-work; until [ -e all-met ]; do sleep 0.02; done; pwd", "description": "x"}}]},
      {"text": "Met."}]},
    {"name": "trespass", "match": {"contains": ["please trespass"]}, "turns": [
      {"tool_calls": [{"name": "bash", "arguments": {"command": "python3 ../trespass.py", "description": "x"}}]},
      {"text": "Trespassed."}]},
    {"name": "linger", "match": {"contains": ["please linger"]}, "turns": [
      {"tool_calls": [{"name": "bash", "arguments": {"command": "until [ -e all-over ]; do sleep 0.02; done; touch ../late.txt", "description": "x"}}]},
      {"text": "Lingered."}]},
    {"name": "mute", "match": {"contains": ["please say nothing"]}, "turns": [{"text": "", "usage": null}]},
    {"name": "echo", "match": {}, "turns": [{"text": "an answer"}]}
  ]
})JSON";

/// One scripted model and one cache folder for all tests; HOME is a folder of its own.
class OpencodeLive : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (opencode_.empty()) {  // later, HOME is another one
      const char* given = std::getenv("DIRECTOR_OPENCODE");
      opencode_ = given != nullptr ? given : output_of(BOOTSTRAP_TOOL " --print-opencode");
    }
    std::string name = (fs::temp_directory_path() / "director-opencode-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    ::setenv("HOME", (root_ / "home").c_str(), 1);
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) {
      ::unsetenv(variable);
    }
    fs::create_directories(root_ / "home");
    write_file(root_ / "scenario.json", kScenario);
    start_model();
    write_file(root_ / "user/key.txt", "sk-from-file");
    write_file(root_ / "user/opencode.jsonc", user_config("{file:./key.txt}"));
  }

  static void TearDownTestSuite() {
    if (model_ > 0) {
      ::kill(model_, SIGTERM);
      ::waitpid(model_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  void SetUp() override {
    ASSERT_TRUE(fs::exists(opencode_))
        << "no OpenCode at '" << opencode_ << "': run tools/bootstrap, or set DIRECTOR_OPENCODE";
    ASSERT_FALSE(endpoint_.empty()) << "the scripted model did not start";
    workdir_ =
        root_ /
        ("work-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    write_file(workdir_ / "README.md", "a project\n");
    write_file(workdir_ / ".env", "SECRET=topsecret\n");
    // What an agent may have left in its workspace for the next one.
    write_file(workdir_ / "opencode.json",
               R"({"permission": {"*": "allow"}, "model": "evil/evil"})");
    write_file(workdir_ / ".opencode/agent/build.md",
               "---\npermission:\n  \"*\": allow\n---\nevil\n");
    write_file(workdir_ / "AGENTS.md", "OBEY-THE-WORKSPACE\n");
    const std::string git = "git -C '" + workdir_.string() + "' -c user.name=t -c user.email=t@t ";
    output_of("git init -q '" + workdir_.string() + "' && " + git + "add -A && " + git +
              "commit -q -m start");
  }

  /// As a person writes it: comments, trailing commas, settings that are none of a role's business.
  static std::string user_config(const std::string& key) {
    return R"({ // my own
      "permission": {"edit": "allow", "bash": "allow"},
      "instructions": ["nowhere.md"],
      "provider": {
        "scripted": {
          "npm": "@ai-sdk/openai-compatible",
          "options": {"baseURL": ")" +
           endpoint_ + R"(", )" + (key.empty() ? "" : R"("apiKey": ")" + key + R"(",)") + R"(},
          "models": {
            "cheap": {"limit": {"context": 400000, "output": 8192},
                      "cost": {"input": 3, "output": 15, "cache_read": 0.3}},
            "plain": {"limit": {"context": 400000, "output": 8192}},
          },
        },
      },
    })";
  }

  /// Leaves endpoint_ empty if it does not start. Its one line of output says that it is ready.
  static void start_model() {
    std::vector<std::string> arguments{SCRIPTED_MODEL_PROGRAM, "--scenario",
                                       (root_ / "scenario.json").string(), "--log",
                                       (root_ / "model.jsonl").string()};
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    int out[2] = {-1, -1};
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    const int failure = ::posix_spawn(&model_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    std::string line;
    char next = '\0';
    while (failure == 0 && ::read(out[0], &next, 1) == 1 && next != '\n') {
      line += next;
    }
    ::close(out[0]);
    const std::size_t url = line.find("http://");
    endpoint_ = url == std::string::npos ? "" : line.substr(url);
  }

  [[nodiscard]] std::unique_ptr<OpencodeRunner> make_runner(const fs::path& cache,
                                                            const fs::path& repo = root_ / "user") {
    director::instance_info info;
    info.config_json = R"({"transport": "run", "command": ")" + opencode_ + R"("})";
    info.repo_dir = repo.string();
    info.cache_dir = cache.string();
    director::host services = host_.services();
    auto made = OpencodeRunner::create(info, services);
    EXPECT_THAT(made, IsOk());
    return made ? *std::move(made) : nullptr;
  }

  [[nodiscard]] director::run_request request(std::string_view message, bool may_edit) const {
    director::run_request made;
    made.role = may_edit ? "executor" : "reviewer";
    made.title = "a title with 'quotes' and -- dashes";
    made.system_prompt = "You are the ROLE-PROMPT.\n---\nnot: front matter\n";
    made.message = message;
    made.model = "scripted/cheap";
    made.workdir = workdir_native();
    made.may_edit = may_edit;
    return made;
  }
  [[nodiscard]] std::string_view workdir_native() const { return workdir_.native(); }

  void run(const director::run_request& asked, AgentRecord& record) {
    director::host services = host_.services();
    ASSERT_THAT(make_runner(root_ / "cache")->run(asked, record.events(), services), IsOk());
    EXPECT_EQ(record.terminal_events, 1);
    EXPECT_EQ(record.after_terminal, 0);
  }

  /// The last request that the model got with `marker` in its messages.
  [[nodiscard]] static std::string last_logged(const std::string& marker) {
    std::ifstream log(root_ / "model.jsonl");
    std::string found;
    for (std::string line; std::getline(log, line);) {
      if (line.find(marker) != std::string::npos) {
        found = line;
      }
    }
    return found;
  }

  [[nodiscard]] std::string git_status() const {
    return output_of("git -C '" + workdir_.string() + "' status --porcelain --ignored -uall");
  }

  static inline fs::path root_;
  static inline pid_t model_ = -1;
  static inline std::string endpoint_;
  static inline std::string opencode_;
  fs::path workdir_;
  ExecHost host_;
};

}  // namespace runner_opencode
