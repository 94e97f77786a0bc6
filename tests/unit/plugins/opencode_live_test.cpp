// The runner against the real OpenCode.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "json_view.hpp"
#include "opencode_live_fixture.hpp"

namespace runner_opencode {
namespace {

using director::agent_failure;
using plugin_support::as_string;
using plugin_support::member;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(OpencodeLive, EditRoleChangesTheWorkdirAndNothingElse) {
  AgentRecord record;
  run(request("please edit", true), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_EQ(record.answer, "All done.");
  EXPECT_EQ(read_file(workdir_ / "new file.txt"), "made\n");
  EXPECT_EQ(git_status(), "?? \"new file.txt\"");
  ASSERT_EQ(record.tools.size(), 2u);
  EXPECT_EQ(record.tools[0].name, "write");
  EXPECT_EQ(record.tools[0].exit_code, -1);
  EXPECT_THAT(record.tools[0].input, HasSubstr("\"content\":\"made\\n\""));
  EXPECT_EQ(record.tools[1].name, "bash");
  EXPECT_EQ(record.tools[1].exit_code, 3);
  EXPECT_THAT(record.tools[1].output, HasSubstr("made"));
  ASSERT_EQ(record.steps.size(), 3u);
  EXPECT_EQ(record.steps[0].input, 400);
  EXPECT_EQ(record.steps[0].output, 180);
  EXPECT_EQ(record.steps[0].reasoning, 120);
  EXPECT_EQ(record.steps[0].cache_read, 600);
  EXPECT_NEAR(record.steps[0].cost_usd, 0.00588, 1e-9);
  const std::string logged = last_logged("please edit");
  EXPECT_THAT(logged, HasSubstr("Bearer sk-from-file"));
  EXPECT_THAT(logged, HasSubstr("You are the ROLE-PROMPT."));
  EXPECT_THAT(logged, Not(HasSubstr("OBEY-THE-WORKSPACE")));
  // The user's own folders are as they were: empty.
  EXPECT_EQ(output_of("find '" + (root_ / "home").string() + "' -mindepth 1"), "");
  EXPECT_EQ(output_of("ls -A '" + (root_ / "user").string() + "'"), "key.txt\nopencode.jsonc");
}

TEST_F(OpencodeLive, ReadRoleCanOnlyRead) {
  AgentRecord record;
  run(request("please sneak", false), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_EQ(record.answer, "I could only read.");
  EXPECT_EQ(git_status(), "");
  ASSERT_EQ(record.tools.size(), 6u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THAT(record.tools[i].output,
                AnyOf(HasSubstr("unavailable tool"), HasSubstr("rule which prevents")))
        << i;
    EXPECT_THAT(record.tools[i].output, Not(HasSubstr("topsecret")));
  }
  EXPECT_THAT(record.tools[5].output, HasSubstr("a project"));
  const auto logged = plugin_support::parse_json(last_logged("please sneak"));
  ASSERT_THAT(logged, IsOk());
  std::vector<std::string> offered;
  for (const auto& tool : member(*logged, "tools")->GetArray()) {
    offered.emplace_back(*as_string(&tool));
  }
  EXPECT_THAT(offered, ::testing::UnorderedElementsAre("glob", "grep", "read"));
}

TEST_F(OpencodeLive, SameCallThriceInAStepDoesNotEndTheCall) {
  AgentRecord record;
  run(request("please repeat", false), record);
  ASSERT_TRUE(record.finished) << record.why;
  EXPECT_EQ(record.tools.size(), 3u);
}

TEST_F(OpencodeLive, RefusedKeyIsAuth) {
  AgentRecord record;
  run(request("please 401", true), record);
  EXPECT_FALSE(record.finished);
  EXPECT_EQ(record.failure, agent_failure::auth);
  EXPECT_THAT(record.why, HasSubstr("Incorrect API key"));
  EXPECT_THAT(record.why, HasSubstr("401"));
}

TEST_F(OpencodeLive, PassingTroubleOfTheEndpointIsRiddenOut) {
  for (const char* message : {"please 500", "please 429"}) {
    AgentRecord record;
    run(request(message, false), record);
    ASSERT_TRUE(record.finished) << record.why;
    EXPECT_EQ(record.answer, "fine now");
  }
}

TEST_F(OpencodeLive, UnknownModelOrProviderIsConfig) {
  for (const char* model : {"scripted/no-such-model", "no-such-provider/m"}) {
    AgentRecord record;
    director::run_request asked = request("hello", true);
    asked.model = model;
    run(asked, record);
    EXPECT_FALSE(record.finished);
    EXPECT_EQ(record.failure, agent_failure::config) << record.why;
    EXPECT_THAT(record.why, HasSubstr(model));
    EXPECT_THAT(record.why, HasSubstr("not found"));
  }
}

TEST_F(OpencodeLive, CutAnswerIsTheModelsFailure) {
  AgentRecord record;
  run(request("please cut", true), record);
  EXPECT_FALSE(record.finished);
  EXPECT_EQ(record.failure, agent_failure::model);
  EXPECT_EQ(record.steps.size(), 1u);
}

TEST_F(OpencodeLive, SilenceIsAnAnswerOnlyOfARoleThatEdits) {
  AgentRecord editor;
  run(request("please say nothing", true), editor);
  EXPECT_TRUE(editor.finished) << editor.why;
  ASSERT_EQ(editor.steps.size(), 1u);
  EXPECT_LT(editor.steps[0].cost_usd, 0);
  AgentRecord reader;
  run(request("please say nothing", false), reader);
  EXPECT_FALSE(reader.finished);
  EXPECT_EQ(reader.failure, agent_failure::model);
}

TEST_F(OpencodeLive, MegabyteArrivesByteForByte) {
  std::string message =
      "BIG-ONE \"quoted\" 'single' \\ $HOME `date` @README.md {file:x} \xC3\xA9\n";
  while (message.size() < 1'000'000) {
    message += "line " + std::to_string(message.size()) + " \t \"x\" \\n \xE2\x82\xAC\r\n";
  }
  message += "end of it";
  AgentRecord record;
  run(request(message, false), record);
  ASSERT_TRUE(record.finished) << record.why;
  const auto logged = plugin_support::parse_json(last_logged("BIG-ONE"));
  ASSERT_THAT(logged, IsOk());
  std::string arrived;
  for (const auto& entry : member(*logged, "messages")->GetArray()) {
    const auto* content = member(entry, "content");
    if (as_string(member(entry, "role")) == "user" && content->IsArray()) {
      for (const auto& part : content->GetArray()) {
        arrived += as_string(member(part, "text")).value_or("");
      }
    } else if (as_string(member(entry, "role")) == "user") {
      arrived += as_string(content).value_or("");
    }
  }
  EXPECT_EQ(arrived.size(), message.size());
  EXPECT_TRUE(arrived == message);
}

TEST_F(OpencodeLive, SamplingReachesTheModel) {
  AgentRecord record;
  director::run_request asked = request("SAMPLED", false);
  asked.temperature = 0.25;
  asked.top_p = 0.5;
  asked.top_k = 7;
  run(asked, record);
  ASSERT_TRUE(record.finished) << record.why;
  const auto logged = plugin_support::parse_json(last_logged("SAMPLED"));
  ASSERT_THAT(logged, IsOk());
  EXPECT_EQ(plugin_support::as_number(member(*logged, "parameters", "temperature")), 0.25);
  EXPECT_EQ(plugin_support::as_number(member(*logged, "parameters", "top_p")), 0.5);
  EXPECT_EQ(plugin_support::as_number(member(*logged, "parameters", "top_k")), 7.0);
}

TEST_F(OpencodeLive, StoredCredentialsAndGlobalConfigurationAreUsed) {
  const fs::path config = root_ / "home/.config/opencode/opencode.json";
  const fs::path auth = root_ / "home/.local/share/opencode/auth.json";
  write_file(config, user_config(""));
  write_file(
      auth,
      R"({"scripted": {"type": "api", "key": "sk-stored"}, "other": {"type": "api", "key": "sk-other"}})");
  const std::string before =
      output_of("find '" + (root_ / "home").string() + "' -type f -exec sha256sum {} + | sort");
  AgentRecord record;
  director::host services = host_.services();
  fs::create_directories(root_ / "empty");
  ASSERT_THAT(make_runner(root_ / "cache", root_ / "empty")
                  ->run(request("STORED", false), record.events(), services),
              IsOk());
  EXPECT_TRUE(record.finished) << record.why;
  EXPECT_THAT(last_logged("STORED"), HasSubstr("Bearer sk-stored"));
  EXPECT_EQ(
      output_of("find '" + (root_ / "home").string() + "' -type f -exec sha256sum {} + | sort"),
      before);
  fs::remove_all(root_ / "home");
  fs::create_directories(root_ / "home");
}

TEST_F(OpencodeLive, TwoFirstStartsAtOnceBothWork) {
  const fs::path fresh = root_ / "fresh-cache";
  std::vector<std::unique_ptr<AgentRecord>> records;
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    records.push_back(std::make_unique<AgentRecord>());
    workers.emplace_back([&, i] {
      director::host services = host_.services();
      const auto runner = make_runner(fresh);
      const std::string prompt = "role prompt " + std::to_string(i);
      director::run_request asked = request("hello", true);
      asked.system_prompt = prompt;
      EXPECT_THAT(runner->run(asked, records[static_cast<std::size_t>(i)]->events(), services),
                  IsOk());
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  for (const auto& record : records) {
    EXPECT_TRUE(record->finished) << record->why;
    EXPECT_EQ(record->answer, "an answer");
  }
}

TEST_F(OpencodeLive, ProbeTellsVersionAndModels) {
  director::host services = host_.services();
  const auto probed = make_runner(root_ / "cache")->probe(services);
  ASSERT_THAT(probed, IsOk());
  const auto parsed = plugin_support::parse_json(*probed);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(as_string(member(*parsed, "tool")), "opencode");
  EXPECT_THAT(std::string(as_string(member(*parsed, "version")).value_or("")), StartsWith("1."));
  std::vector<std::string> models;
  for (const auto& model : member(*parsed, "models")->GetArray()) {
    models.emplace_back(as_string(&model).value_or(""));
  }
  EXPECT_THAT(models, Contains("scripted/cheap"));
  EXPECT_THAT(models, Contains("scripted/plain"));
}

}  // namespace
}  // namespace runner_opencode
