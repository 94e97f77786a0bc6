// The runner whose server starts, but cannot be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "agent_record.hpp"
#include "fake_opencode.hpp"
#include "fakes/fake_host.hpp"
#include "opencode_lines.hpp"
#include "opencode_runner.hpp"
#include "unit/matchers.hpp"

namespace runner_opencode {
namespace {

namespace fs = std::filesystem;
using director::agent_failure;
using director::testing::AgentRecord;
using director::testing::FakeHost;
using director::testing::IsOk;
using ::testing::ElementsAre;
using testing::FakeAnswer;
using testing::FakeOpencode;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kAWhileMs = 300'000;

/// Its server does not know the role's agent, unless the test says so.
class MissedServerTest : public ::testing::Test {
 protected:
  MissedServerTest() {
    std::string name = (fs::temp_directory_path() / "director-missed-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~MissedServerTest() override { fs::remove_all(dir_); }

  /// One call. `unstarted`: why its server does not even start; empty: it does.
  void run(const std::string& unstarted = {}) {
    host_.commands.assign(
        1, {{{step_start()}, {text_line("done")}, {step_finish("stop")}}, {}, 0, {}});
    host_.daemons.assign(1, {server_.ready_line(),
                             FakeOpencode::kPassword,
                             true,
                             {true, 1, {}},
                             unstarted.empty() ? DIRECTOR_OK : DIRECTOR_EXTERNAL,
                             unstarted});
    director::instance_info info{R"({"command": "/bin/sh"})", dir_ / "repo", dir_ / "state",
                                 dir_ / cache_};
    director::host services = host_.services();
    auto runner = OpencodeRunner::create(info, services);
    ASSERT_THAT(runner, IsOk());
    director::run_request asked;
    asked.role = "executor";
    asked.system_prompt = "prompt";
    asked.message = "do it";
    asked.model = "acme/m1";
    asked.workdir = "/slot";
    asked.may_edit = true;
    ASSERT_THAT((*runner)->run(asked, record_.events(), services), IsOk());
  }

  FakeOpencode server_;
  FakeHost host_;
  AgentRecord record_;
  fs::path dir_;
  std::string cache_ = "cache";
};

TEST_F(MissedServerTest, IsNotTriedForAWhileWhateverItRefuses) {
  struct Refusal {
    const char* request;
    FakeAnswer answer;
    const char* why;
  };
  cache_ = "first";
  run();
  const std::vector<std::string>& argv = host_.executed.at(0).argv;
  const std::string agent = *std::next(std::find(argv.begin(), argv.end(), "--agent"));
  const FakeAnswer known{200, R"([{"name":")" + agent + R"("}])"};
  for (const Refusal& refusal :
       {Refusal{"GET /agent", {500, "no"}, "GET /agent: HTTP 500"},
        Refusal{"GET /agent", {200, "[]"}, "does not find agent"},
        Refusal{"POST /session", {400, "no"}, "POST /session: HTTP 400"},
        Refusal{"POST /session/ses_1/prompt_async", {500, "no"}, "prompt_async: HTTP 500"}}) {
    cache_ = "of " + std::string(refusal.why).substr(0, 9);
    host_.acquired.clear();
    host_.logged.clear();
    server_.answer("GET /agent", known);
    server_.answer(refusal.request, refusal.answer);
    run();
    host_.now_ms += kAWhileMs - 1;
    run();
    EXPECT_TRUE(record_.finished) << record_.why;
    EXPECT_EQ(host_.acquired.size(), 1U) << refusal.why;
    EXPECT_THAT(host_.warnings(), ElementsAre(HasSubstr(refusal.why)));
    host_.now_ms += 1;
    run();
    EXPECT_EQ(host_.acquired.size(), 2U) << refusal.why;
    EXPECT_EQ(host_.warnings().size(), 1U) << "it is tried again, quietly";
    server_.answer(refusal.request, {200, R"({"id":"ses_1"})"});
  }
}

TEST_F(MissedServerTest, AnotherReasonIsSaidToo) {
  run("the port is taken");
  host_.now_ms += kAWhileMs;
  run();
  run();
  host_.now_ms += kAWhileMs;
  run("the port is taken");
  EXPECT_THAT(host_.warnings(),
              ElementsAre(HasSubstr("the port is taken"), HasSubstr("does not find agent"),
                          HasSubstr("the port is taken")));
}

TEST_F(MissedServerTest, OneThatWorksForAnotherRoleIsAskedAgain) {
  server_.answer("GET /session/status", {200, R"({"ses_9":{"type":"busy"}})"});
  run();
  run();
  EXPECT_EQ(host_.acquired.size(), 2U);
}

TEST_F(MissedServerTest, CancelSaysNothingOfTheServer) {
  constexpr int kMinuteMs = 60'000;
  server_.answer("GET /agent", {200, "late", kMinuteMs});
  host_.is_cancelled = true;
  run();
  EXPECT_EQ(record_.failure, agent_failure::cancelled);
  EXPECT_THAT(host_.warnings(), IsEmpty());
  host_.is_cancelled = false;
  server_.answer("GET /agent", {500, "no"});
  run();
  EXPECT_EQ(host_.acquired.size(), 2U);
}

}  // namespace
}  // namespace runner_opencode
