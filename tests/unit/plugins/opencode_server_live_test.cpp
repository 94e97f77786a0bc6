// The runner over the real OpenCode's server, with the kernel's own host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/platform/environment.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/system_clock.hpp"
#include "core/plugin/call_host.hpp"
#include "json_view.hpp"
#include "json_write.hpp"
#include "opencode_live_fixture.hpp"
#include "support/processes.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using plugin_support::as_number;
using plugin_support::member;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace ports = director::ports;
namespace platform = director::platform;

class ListLog final : public ports::Log {
 public:
  void write(ports::LogLevel level, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    if (level >= ports::LogLevel::Warning) {
      warnings_.emplace_back(text);
    }
  }
  [[nodiscard]] std::vector<std::string> warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_;
};

class OpencodeServerLive : public OpencodeLive {
 protected:
  OpencodeServerLive()
      : launcher_(clock_, platform::Environment::of_this_process()),
        hosts_(launcher_, clock_, log_, "0.0.0-live") {}

  void SetUp() override {
    OpencodeLive::SetUp();
    // Whatever a tool or the server starts can be told by the mark.
    mark_ = workdir_.filename().string() + "-" + std::to_string(::getpid());
  }

  std::unique_ptr<OpencodeRunner> make_server_runner(const std::string& more = {}) {
    director::instance_info info;
    info.config_json = R"({"command": ")" + opencode_ + R"(", "extra_env": ["MARK=)" + mark_ +
                       R"("])" + more + "}";
    info.repo_dir = (root_ / "user").string();
    info.cache_dir = (root_ / "server-cache").string();
    const auto call = hosts_.open({});
    auto made = OpencodeRunner::create(info, call->services());
    EXPECT_THAT(made, IsOk());
    return made ? *std::move(made) : nullptr;
  }

  void run_there(const director::run_request& asked, AgentRecord& record,
                 const ports::CancelToken& cancel = {}, const std::string& config = {}) {
    ports::CallScope scope;
    scope.purpose = ports::Purpose::Agent;
    scope.cancel = cancel;
    scope.transcript = root_ / "transcripts" / (workdir_.filename().string() + ".jsonl");
    scope.agent_workspaces = [this] { return workspaces_; };
    const auto call = hosts_.open(scope);
    ASSERT_THAT(make_server_runner(config)->run(asked, record.events(), call->services()), IsOk());
    EXPECT_EQ(record.terminal_events, 1);
    EXPECT_EQ(record.after_terminal, 0);
    const std::lock_guard lock(mutex_);
    used_.push_back(call->usage());
  }

  /// Processes of OpenCode's servers, without those of their supervisors and tools.
  [[nodiscard]] std::vector<pid_t> servers() const {
    std::vector<pid_t> found;
    for (const pid_t pid : director::test_support::marked(mark_)) {
      const fs::path process = "/proc/" + std::to_string(pid);
      std::error_code gone;
      const std::string line = read_file(process / "cmdline");
      if (line.find(std::string("serve\0--hostname", 16)) != std::string::npos &&
          fs::read_symlink(process / "exe", gone).filename() != "director-supervise") {
        found.push_back(pid);
      }
    }
    return found;
  }

  /// In vain if the call that makes it has failed.
  static void wait_for(const fs::path& file) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (!fs::exists(file) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(fs::exists(file)) << file;
  }

  [[nodiscard]] std::string transcript() const {
    return read_file(root_ / "transcripts" / (workdir_.filename().string() + ".jsonl"));
  }

  platform::SystemClock clock_;
  platform::LocalLauncher launcher_;
  ListLog log_;
  director::plugin::PluginHost hosts_;
  std::string mark_;
  std::vector<std::string> workspaces_;
  std::mutex mutex_;
  std::vector<ports::Usage> used_;  ///< by each call
};

TEST_F(OpencodeServerLive, EditRoleIsToldAsByRunAndTheNextCallFindsItWarm) {
  AgentRecord record;
  run_there(request("please edit", true), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_EQ(record.answer, "All done.");
  EXPECT_EQ(read_file(workdir_ / "new file.txt"), "made\n");
  EXPECT_EQ(git_status(), "?? \"new file.txt\"");
  ASSERT_EQ(record.tools.size(), 2U);
  EXPECT_EQ(record.tools[0].name, "write");
  EXPECT_EQ(record.tools[1].exit_code, 3);
  ASSERT_EQ(record.steps.size(), 3U) << "the session's totals hold nothing more";
  EXPECT_EQ(record.steps[0].input, 400);
  EXPECT_EQ(record.steps[0].cache_read, 600);
  EXPECT_NEAR(record.steps[0].cost_usd, 0.00588, 1e-9);
  const std::string logged = last_logged("please edit");
  EXPECT_THAT(logged, HasSubstr("Bearer sk-from-file"));
  EXPECT_THAT(logged, HasSubstr("You are the ROLE-PROMPT."));
  EXPECT_THAT(logged, Not(HasSubstr("OBEY-THE-WORKSPACE")));
  EXPECT_THAT(transcript(), HasSubstr(R"({"type":"tool_use","timestamp":)"));

  const std::vector<pid_t> server = director::test_support::marked(mark_);
  EXPECT_LE(server.size(), 2U) << "the server and its supervisor, nothing that a tool left";
  AgentRecord again;
  run_there(request("hello", true), again);
  EXPECT_TRUE(again.finished) << again.why;
  EXPECT_EQ(director::test_support::marked(mark_), server);
  EXPECT_THAT(log_.warnings(), IsEmpty());
}

TEST_F(OpencodeServerLive, ReadRoleCanOnlyRead) {
  AgentRecord record;
  run_there(request("please sneak", false), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_EQ(record.answer, "I could only read.");
  EXPECT_EQ(git_status(), "");
  ASSERT_EQ(record.tools.size(), 6U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THAT(record.tools[i].output,
                AnyOf(HasSubstr("unavailable tool"), HasSubstr("rule which prevents")))
        << i;
    EXPECT_THAT(record.tools[i].output, Not(HasSubstr("topsecret")));
  }
  EXPECT_THAT(record.tools[5].output, HasSubstr("a project"));
}

TEST_F(OpencodeServerLive, FailuresAreWhatTheyAreOverRun) {
  AgentRecord refused;
  run_there(request("please 401", true), refused);
  EXPECT_EQ(refused.failure, agent_failure::auth);
  EXPECT_THAT(refused.why, HasSubstr("Incorrect API key"));
  AgentRecord cut;
  run_there(request("please cut", true), cut);
  EXPECT_EQ(cut.failure, agent_failure::model);
  AgentRecord busy;
  run_there(request("please 429", true), busy);
  EXPECT_TRUE(busy.finished) << busy.why;
  for (const char* model : {"scripted/no-such-model", "no-such-provider/m"}) {
    AgentRecord unknown;
    director::run_request asked = request("hello", true);
    asked.model = model;
    run_there(asked, unknown);
    EXPECT_EQ(unknown.failure, agent_failure::config) << unknown.why;
    EXPECT_THAT(unknown.why, HasSubstr(model));
  }
  EXPECT_THAT(log_.warnings(), IsEmpty());
}

TEST_F(OpencodeServerLive, RoleThatTheServerDoesNotKnowYetIsFound) {
  AgentRecord first;
  run_there(request("hello", true), first);
  ASSERT_TRUE(first.finished) << first.why;
  const std::vector<pid_t> server = director::test_support::marked(mark_);
  director::run_request asked = request("SAMPLED", true);
  asked.system_prompt = "You are ANOTHER-ROLE.";
  AgentRecord second;
  run_there(asked, second);
  ASSERT_TRUE(second.finished) << second.why;
  EXPECT_THAT(last_logged("SAMPLED"), HasSubstr("ANOTHER-ROLE"));
  EXPECT_EQ(director::test_support::marked(mark_), server);
}

TEST_F(OpencodeServerLive, CancelEndsTheCallWithItsToolsAndTheServer) {
  ports::CancelToken cancel;
  AgentRecord record;
  std::thread person([&] {
    wait_for(workdir_ / "at-work");
    cancel.cancel();
  });
  run_there(request("please sleep", true), record, cancel);
  person.join();
  EXPECT_EQ(record.failure, agent_failure::cancelled) << record.why;
  EXPECT_THAT(director::test_support::marked(mark_), IsEmpty());
}

TEST_F(OpencodeServerLive, WhatAToolLeavesRunningDoesNotOutliveTheCall) {
  AgentRecord record;
  run_there(request("please stray", true), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_TRUE(fs::exists(workdir_ / "strayed"));
  EXPECT_LE(director::test_support::marked(mark_).size(), 2U) << "the server, its supervisor";
}

/// Finds the server of who runs it, and has it work in a folder below.
constexpr const char* kTrespass = R"PY(
import base64, json, os, urllib.parse, urllib.request

secret = base64.b64encode(b"opencode:" + os.environ["OPENCODE_SERVER_PASSWORD"].encode()).decode()

def ask(port, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Basic " + secret, "Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=30).read()

def is_own(port):
    try:
        return b"healthy" in ask(port, "/global/health")
    except OSError:
        return False

rows = [line.split() for line in open("/proc/net/tcp").read().splitlines()[1:]]
ports = [int(row[1].split(":")[1], 16) for row in rows
         if row[3] == "0A" and row[1].startswith("0100007F")]
port = next(port for port in ports if is_own(port))
folder = os.getcwd() + "/below"
os.mkdir(folder)
there = "?directory=" + urllib.parse.quote(folder)
agent = next(agent["name"] for agent in json.loads(ask(port, "/agent" + there))
             if agent["name"].startswith("director-executor"))
session = json.loads(ask(port, "/session" + there, {"title": "x"}))["id"]
ask(port, f"/session/{session}/prompt_async" + there, {
    "agent": agent, "model": {"providerID": "scripted", "modelID": "cheap"},
    "parts": [{"type": "text", "text": "please linger"}]})
print("at work")
)PY";

TEST_F(OpencodeServerLive, WhatAnAgentBeginsInAnotherFolderEndsWithTheCall) {
  AgentRecord first;
  run_there(request("hello", true), first);
  ASSERT_TRUE(first.finished) << first.why;
  EXPECT_EQ(servers().size(), 1U);
  write_file(root_ / "trespass.py", kTrespass);
  AgentRecord record;
  run_there(request("please trespass", true), record);
  ASSERT_TRUE(record.finished) << record.why;
  ASSERT_EQ(record.tools.size(), 1U);
  EXPECT_THAT(record.tools[0].output, HasSubstr("at work"));
  EXPECT_THAT(director::test_support::marked(mark_), IsEmpty()) << "the server, with all it does";
  EXPECT_THAT(log_.warnings(), ElementsAre(HasSubstr("a session of its own")));
  AgentRecord next;
  run_there(request("hello", true), next);
  EXPECT_TRUE(next.finished) << next.why;
  EXPECT_EQ(servers().size(), 1U) << "kept, as ever";
}

/// Puts a star in the place of what is another at each run.
void blur(rapidjson::Value& value, const std::string& key) {
  static const std::set<std::string> kVolatile{
      "id",    "messageID", "sessionID", "callID", "timestamp",
      "start", "end",       "created",   "date",   "responseHeaders"};
  if (kVolatile.contains(key)) {
    value.SetString("*");
  } else if (value.IsObject()) {
    for (auto& member : value.GetObject()) {
      blur(member.value, member.name.GetString());
    }
  } else if (value.IsArray()) {
    for (rapidjson::Value& entry : value.GetArray()) {
      blur(entry, "");
    }
  }
}

TEST_F(OpencodeServerLive, TranscriptIsThatOfRunToTheLetter) {
  const auto transcript_of = [this](const char* message, const std::string& config) {
    fs::remove(workdir_ / "new file.txt");
    AgentRecord record;
    run_there(request(message, true), record, {}, config);
    std::vector<std::string> lines;
    std::istringstream all(transcript());
    for (std::string line; std::getline(all, line);) {
      auto document = plugin_support::parse_json(line);
      EXPECT_THAT(document, IsOk()) << line;
      if (document) {
        blur(*document, "");
        lines.push_back(plugin_support::to_json(*document));
      }
    }
    EXPECT_FALSE(lines.empty()) << message << ": " << record.why;
    fs::remove_all(root_ / "transcripts");
    return lines;
  };
  for (const char* message : {"please edit", "please 401", "please cut", "please repeat"}) {
    const std::vector<std::string> over_server = transcript_of(message, "");
    EXPECT_EQ(over_server, transcript_of(message, R"(, "transport": "run")")) << message;
  }
}

TEST_F(OpencodeServerLive, ServerThatIsKilledUnderTheCallIsRenewedAndWhatItSpentCounts) {
  AgentRecord record;
  std::thread killer([this] {
    wait_for(workdir_ / "at-work");
    for (const pid_t server : servers()) {
      ::kill(server, SIGKILL);
    }
  });
  run_there(request("please work, then rest", true), record);
  killer.join();
  EXPECT_EQ(record.failure, agent_failure::transport) << record.why;
  EXPECT_THAT(record.why, HasSubstr("killed by signal 9"));
  ASSERT_EQ(record.steps.size(), 1U) << "of the step that it ended";
  EXPECT_EQ(record.steps[0].input, 1000);
  EXPECT_NEAR(record.steps[0].cost_usd, 0.0075, 1e-9);
  EXPECT_THAT(director::test_support::marked(mark_), IsEmpty()) << "nor is a tool of it left";
  AgentRecord again;
  run_there(request("hello", true), again);
  EXPECT_TRUE(again.finished) << again.why;
  EXPECT_EQ(servers().size(), 1U);
  EXPECT_THAT(log_.warnings(), IsEmpty());
}

TEST_F(OpencodeServerLive, ServerThatHasGrownIsRenewedBetweenCalls) {
  AgentRecord first;
  run_there(request("hello", true), first, {}, R"(, "server_memory_mb": 1)");
  const std::vector<pid_t> before = servers();
  ASSERT_EQ(before.size(), 1U);
  AgentRecord second;
  run_there(request("hello", true), second, {}, R"(, "server_memory_mb": 1)");
  EXPECT_TRUE(first.finished && second.finished) << first.why << second.why;
  ASSERT_EQ(servers().size(), 1U);
  EXPECT_NE(servers(), before);
  // What a call is said to have used is what it had of it: its start, and its memory.
  ASSERT_EQ(used_.size(), 2U);
  for (const ports::Usage& used : used_) {
    EXPECT_GT(used.cpu, std::chrono::milliseconds(100));
    EXPECT_GT(used.peak_memory_bytes, std::uint64_t{100} << 20U);
  }
}

TEST_F(OpencodeServerLive, OneServerOfAJobServesTwoWorkspacesAtOnceAndKeepsThemApart) {
  std::vector<fs::path> folders;
  for (const char* name : {"meets-1", "meets-2"}) {
    folders.push_back(root_ / name);
    fs::create_directory(folders.back());
    workspaces_.push_back(folders.back().string());
  }
  std::vector<AgentRecord> records(folders.size());
  std::vector<std::thread> agents;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    agents.emplace_back([&, i] {
      director::run_request asked = request("please meet", true);
      asked.workdir = folders[i].native();
      run_there(asked, records[i], {}, R"(, "isolation": "job")");
    });
  }
  for (const fs::path& folder : folders) {
    wait_for(folder / "at-work");
  }
  EXPECT_EQ(servers().size(), 1U);
  for (const fs::path& folder : folders) {
    write_file(folder / "all-met", "");
  }
  for (std::thread& agent : agents) {
    agent.join();
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const AgentRecord& record = records[i];
    ASSERT_TRUE(record.finished) << record.why;
    ASSERT_EQ(record.tools.size(), 4U);
    EXPECT_THAT(record.tools[i == 0 ? 2 : 1].output, HasSubstr("rule which prevents"))
        << "of the other's workspace";
    EXPECT_THAT(record.tools[3].output, HasSubstr(folders[i].string()));
    EXPECT_EQ(read_file(folders[i] / "mine.txt"), "mine");
    EXPECT_FALSE(fs::exists(folders[i] / "trespassed.txt"));
  }
  EXPECT_THAT(log_.warnings(), IsEmpty());
}

}  // namespace
}  // namespace runner_opencode
