#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent_file.hpp"
#include "environment.hpp"
#include "unit/matchers.hpp"
#include "user_config.hpp"

namespace runner_opencode {
namespace {

namespace fs = std::filesystem;
using director::Errc;
using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const ModelName kModel{"acme", "m1"};

CallConfig config_of(const std::vector<ConfigText>& files, const std::string& auth = "") {
  auto made = make_call_config(files, auth, kModel, false);
  EXPECT_THAT(made, IsOk());
  return made ? *made : CallConfig{};
}

TEST(CallConfig, KeepsTheModelsProviderAndNothingThatLoosensARole) {
  const std::string made =
      config_of({{"/r/opencode.json",
                  R"({"permission":{"*":"allow"},"agent":{"build":{"prompt":"x"}},"plugin":["p"],
                      "mcp":{"m":{"type":"local","command":["sh"]}},"instructions":["i.md"],
                      "tools":{"bash":true},"share":"auto","snapshot":true,"default_agent":"build",
                      "disabled_providers":["other"],
                      "provider":{"acme":{"npm":"n","models":{"m1":{"name":"one"},"m2":{}}},
                                  "other":{"options":{"apiKey":"sk-other"}}}})"}})
          .config;
  EXPECT_THAT(made, HasSubstr(R"("provider":{"acme":{"npm":"n","models":{"m1":{"name":"one"}}}})"));
  EXPECT_THAT(made, HasSubstr(R"("disabled_providers":["other"])"));
  EXPECT_THAT(made, HasSubstr(R"("share":"disabled")"));
  EXPECT_THAT(made, HasSubstr(R"("snapshot":false)"));
  EXPECT_THAT(made, HasSubstr(R"("default_agent":"director-locked")"));
  for (const char* gone :
       {"permission", "\"agent\"", "plugin", "mcp", "instructions", "tools", "sk-other", "m2"}) {
    EXPECT_THAT(made, Not(HasSubstr(gone)));
  }
}

TEST(CallConfig, LaterFilesWinKeyByKey) {
  const std::string made =
      config_of({{"/g/a.json", R"({"provider":{"acme":{"npm":"n","options":{"a":1,"b":1}}}})"},
                 {"/r/b.json", R"({"provider":{"acme":{"options":{"b":2,"c":[3]}}}})"}})
          .config;
  EXPECT_THAT(made, HasSubstr(R"({"npm":"n","options":{"a":1,"b":2,"c":[3]}})"));
}

TEST(CallConfig, FileReferencesStartInTheirOwnFolder) {
  const std::string made =
      config_of(
          {{"/r/opencode.json",
            R"({"provider":{"acme":{"options":{"a":"{file:./k.txt}","b":"x{file:../k}y{file:/abs}",
                      "c":"{file:~/k}","d":"{env:KEY}","e":"{file:open"}}}})"}})
          .config;
  EXPECT_THAT(made, HasSubstr(R"("a":"{file:/r/k.txt}","b":"x{file:/k}y{file:/abs}",)"
                              R"("c":"{file:~/k}","d":"{env:KEY}","e":"{file:open")"));
}

TEST(CallConfig, FileThatIsNoObjectIsNamed) {
  for (const char* text : {"{", "[]", "\"x\"", "{\"provider\": \xFF}"}) {
    EXPECT_THAT(make_call_config({{"/r/opencode.json", text}}, "", kModel, false),
                FailsWith(Errc::Invalid, "'/r/opencode.json'"));
  }
}

TEST(CallConfig, OddShapesAreHarmless) {
  for (const char* text :
       {R"({"provider":[]})", R"({"provider":{"acme":7}})",
        R"({"provider":{"acme":{"models":[]}}})", R"({"provider":{"acme":{"models":{"m1":"x"}}}})",
        R"({"provider":null})", "// only a comment\n{/**/}"}) {
    EXPECT_THAT(
        make_call_config({{"/a", R"({"provider":{"acme":{"models":{"m1":{}}}}})"}, {"/b", text}},
                         "", kModel, true),
        IsOk())
        << text;
  }
}

TEST(CallConfig, CatalogueIsLeftOutOnlyIfItCouldAddNothing) {
  const auto needs = [](const std::string& provider) {
    return config_of({{"/a", R"({"provider":{"acme":)" + provider + "}}"}}).needs_catalogue;
  };
  const std::string limit = R"("limit":{"context":1,"output":1})";
  const std::string local = R"("npm":"n","options":{"baseURL":"http://127.0.0.1:1/v1"})";
  const std::string remote = R"("npm":"n","options":{"baseURL":"https://acme.example/v1"})";
  EXPECT_FALSE(needs("{" + local + R"(,"models":{"m1":{)" + limit + "}}}"));
  EXPECT_FALSE(needs("{" + remote + R"(,"models":{"m1":{)" + limit + R"(,"cost":{"input":1}}}})"));
  EXPECT_TRUE(needs("{" + remote + R"(,"models":{"m1":{)" + limit + "}}}"));
  EXPECT_TRUE(needs("{" + local + R"(,"models":{"m1":{}}})"));
  EXPECT_TRUE(needs("{" + local + R"(,"models":{"m2":{)" + limit + "}}}"));
  EXPECT_TRUE(needs(R"({"npm":"n","models":{"m1":{)" + limit + "}}}"));
  EXPECT_TRUE(
      needs(R"({"options":{"baseURL":"http://127.0.0.1"},"models":{"m1":{)" + limit + "}}}"));
  EXPECT_TRUE(make_call_config({}, "", kModel, false)->needs_catalogue);
}

TEST(CallConfig, TemperatureIsForcedOnlyWhereTheUserSaysNothing) {
  const auto made = [](const std::string& model) {
    auto config = make_call_config(
        {{"/a", R"({"provider":{"acme":{"models":{"m1":)" + model + "}}}}"}}, "", kModel, true);
    return config ? config->config : std::string();
  };
  EXPECT_THAT(made("{}"), HasSubstr(R"("m1":{"temperature":true})"));
  EXPECT_THAT(made(R"({"temperature":false})"), HasSubstr(R"("m1":{"temperature":false})"));
}

TEST(CallConfig, OnlyTheProvidersCredentialsAreHandedOn) {
  const std::string auth =
      config_of({}, R"({"acme":{"type":"api","key":"1"},"acme-plan":{"key":"2"},"other":{"key":"3"},
                        "https://org":{"type":"wellknown","key":"4"},"odd":7})")
          .auth;
  EXPECT_THAT(auth, AllOf(HasSubstr("\"1\""), HasSubstr("\"2\""), HasSubstr("\"4\"")));
  EXPECT_THAT(auth, Not(HasSubstr("\"3\"")));
  EXPECT_EQ(config_of({}, R"({"other":{"key":"3"}})").auth, "");
  EXPECT_EQ(config_of({}, "not json").auth, "");
}

TEST(SplitModel, NeedsBothParts) {
  EXPECT_EQ(split_model("a/b/c")->model, "b/c");
  for (const char* bad : {"", "a", "/a", "a/"}) {
    EXPECT_FALSE(split_model(bad).has_value()) << bad;
  }
}

TEST(AgentFile, DeniesEverythingBeforeItAllowsAnything) {
  for (const bool may_edit : {true, false}) {
    const std::string content = make_agent({"executor", "prompt", may_edit, {}, {}, {}}).content;
    const std::size_t deny_all = content.find("  \"*\": deny\n");
    ASSERT_NE(deny_all, std::string::npos);
    EXPECT_EQ(content.substr(0, deny_all).find("allow"), std::string::npos);
    EXPECT_THAT(content, Not(HasSubstr(": ask")));
    for (const char* rule : {"task: deny", "external_directory: deny", "webfetch: deny",
                             "websearch: deny", "question: deny", "\"*.env\": deny"}) {
      EXPECT_THAT(content, HasSubstr(rule));
    }
    EXPECT_EQ(content.find("edit: allow") != std::string::npos, may_edit);
    EXPECT_EQ(content.find("bash: allow") != std::string::npos, may_edit);
  }
}

TEST(AgentFile, NameFollowsTheContent) {
  const auto name = [](std::string_view role, std::string_view prompt, bool may_edit) {
    return make_agent({role, prompt, may_edit, {}, {}, {}}).name;
  };
  const std::set<std::string> names{name("r", "a", true), name("r", "b", true),
                                    name("r", "a", false), name("s", "a", true)};
  EXPECT_EQ(names.size(), 4u);
  EXPECT_EQ(name("r", "a", true), name("r", "a", true));
  EXPECT_THAT(name("../../x y", "a", true), StartsWith("director-------x-y-"));
}

class HomeTest : public ::testing::Test {
 protected:
  HomeTest() {
    std::string name = (fs::temp_directory_path() / "director-home-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~HomeTest() override { fs::remove_all(dir_); }
  [[nodiscard]] static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  fs::path dir_;
};

TEST_F(HomeTest, TamperedFilesAreWrittenAnew) {
  const Home home(dir_ / "opencode");
  const AgentFile agent = make_agent({"reviewer", "prompt", false, {}, {}, {}});
  ASSERT_THAT(home.prepare(), IsOk());
  ASSERT_THAT(home.install(agent), IsOk());
  const fs::path agents = dir_ / "opencode/config/agents";
  for (const std::string& name : {agent.name, std::string(kLockedAgent)}) {
    std::ofstream(agents / (name + ".md")) << "---\npermission:\n  \"*\": allow\n---\n";
  }
  ASSERT_THAT(home.prepare(), IsOk());
  ASSERT_THAT(home.install(agent), IsOk());
  EXPECT_EQ(content(agents / (agent.name + ".md")), agent.content);
  EXPECT_EQ(content(agents / "director-locked.md"), make_locked_agent().content);
}

TEST_F(HomeTest, ManyWorkersAtOnceNeverSeeHalfAFile) {
  const Home home(dir_ / "opencode");
  const std::string prompt(200'000, 'x');
  const AgentFile agent = make_agent({"executor", prompt, true, {}, {}, {}});
  ASSERT_THAT(home.prepare(), IsOk());
  const fs::path path = dir_ / "opencode/config/agents" / (agent.name + ".md");
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        // Another content of the same size, so that there is something to write each time.
        const fs::path other = dir_ / ("other-" + std::to_string(i));
        std::ofstream(other) << std::string(agent.content.size(), 'y');
        fs::rename(other, path);
        EXPECT_THAT(home.prepare(), IsOk());
        EXPECT_THAT(home.install(agent), IsOk());
        EXPECT_EQ(content(path).size(), agent.content.size());
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_TRUE(fs::is_empty(dir_ / "opencode/tmp"));
}

TEST_F(HomeTest, FolderThatCannotBeMadeIsNamed) {
  std::ofstream(dir_ / "opencode") << "a file";
  EXPECT_THAT(Home(dir_ / "opencode").prepare(), FailsWith(Errc::Io, "opencode"));
}

TEST_F(HomeTest, EnvironmentPointsNowhereNearTheUser) {
  const Home home("/cache/opencode");
  const UserFolders user{"/home/u", "/home/u/.config/opencode", "/home/u/.local/share/opencode",
                         dir_.string()};
  CallConfig config;
  config.config = "{}";
  EXPECT_THAT(home.variables(user, config, home.agent_dir()),
              Not(Contains(StartsWith("OPENCODE_MODELS_PATH="))));
  EXPECT_THAT(home.variables(user, config, home.agent_dir()),
              Not(Contains(StartsWith("OPENCODE_AUTH_CONTENT="))));
  std::ofstream(dir_ / "models.json") << "{}";
  config.auth = "{\"a\":1}";
  const std::vector<std::string> set = home.variables(user, config, home.agent_dir());
  EXPECT_THAT(set, Contains("OPENCODE_MODELS_PATH=" + (dir_ / "models.json").string()));
  EXPECT_THAT(set, Contains("OPENCODE_AUTH_CONTENT={\"a\":1}"));
  EXPECT_THAT(set, Contains("OPENCODE_DISABLE_PROJECT_CONFIG=1"));
  for (const char* name : {"CONFIG", "DATA", "STATE", "CACHE"}) {
    EXPECT_THAT(set, Contains(StartsWith("XDG_" + std::string(name) + "_HOME=/cache/opencode/")));
  }
  config.needs_catalogue = false;
  EXPECT_THAT(home.variables(user, config, home.agent_dir()),
              Contains("OPENCODE_MODELS_PATH=/cache/opencode/empty-catalogue.json"));
}

}  // namespace
}  // namespace runner_opencode
