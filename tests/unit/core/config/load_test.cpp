#include "core/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

const std::string kTiers =
    "tiers = {planner='p/m', test_author='p/m', executor='l/x', explorer='l/x', reviewer='p/m', "
    "escalation='p/m'}\n";
const std::string kPrices = "pricing = {'p/m'={input=1, output=2.5}, 'l/x'={input=0, output=0}}\n";

Sources repository(std::string text) {
  Sources sources;
  sources.repository = SourceFile{"repo.toml", std::move(text)};
  return sources;
}

std::string errors_of(const Sources& sources) {
  const auto loaded = load(sources);
  return loaded ? "loaded" : loaded.error().message();
}

/// The problems of a configuration that has all tiers in its first line.
std::string errors_with_tiers(const std::string& text) {
  return errors_of(repository(kTiers + text));
}

std::string origin_of(const Loaded& loaded, const std::string& key) {
  for (const Item& item : loaded.items) {
    if (item.key == key) {
      return item.value + " @ " + to_string(item.origin);
    }
  }
  return "absent";
}

TEST(LoadConfig, ReadsEveryKey) {
  const auto loaded = load(repository(R"(
[tiers]
planner = "p/m"
test_author = "p/m"
executor = "other-runner:l/x:7b/q4"
explorer = "l/x:7b"
reviewer = "p/m"
escalation = "p/m"
[gates]
zeta = "make z"
"alpha one" = "make a"
off = ""
[pricing."p/m"]
input = 3
output = 15.5
cache_read = 0.3
cache_write = 4
[limits]
node_timeout_secs = 10
cost_ceiling_usd = 2
node_cost_ceiling_usd = 0.75
call_reserve_usd = 0.25
max_attempts = 4
flake_runs = 5
infra_retries = 0
stall_secs = 7
keep_attempt = true
require_pricing = false
[review]
stage_two = false
stage_two_file_threshold = 9
stage_one_llm = true
on_error = "pass"
[sampling.executor]
temperature = 0.5
top_p = 1
top_k = 40
[repository]
ignore = ["build/"]
[workspace]
setup = "npm ci"
setup_inputs = ["package-lock.json"]
keep = ["node_modules/"]
[plugins]
runner = "r"
vcs = "v"
gate = "g"
reviewer = "w"
launcher = "l"
sinks = ["s", "t"]
path = ["/opt/p"]
[plugin.r]
command = "x"
count = 3
ratio = 0.5
on = true
list = ["a"]
)"));
  ASSERT_THAT(loaded, IsOk());
  const Settings& s = loaded->settings;
  EXPECT_EQ(s.tiers.at(Role::Executor).runner, "other-runner");
  EXPECT_EQ(s.tiers.at(Role::Executor).model, "l/x:7b/q4");
  EXPECT_EQ(s.tiers.at(Role::Explorer).runner, "");
  EXPECT_EQ(s.tiers.at(Role::Explorer).model, "l/x:7b");
  ASSERT_EQ(s.gates.size(), 2U);
  EXPECT_EQ(s.gates[0].name, "zeta");
  EXPECT_EQ(s.gates[1].name, "alpha one");
  EXPECT_EQ(s.gates[1].command, "make a");
  const Price& price = s.pricing.at("p/m");
  EXPECT_THAT((std::vector{price.input, price.output, price.cache_read, price.cache_write}),
              ElementsAre(3, 15.5, 0.3, 4));
  EXPECT_EQ(s.limits.node_timeout, std::chrono::seconds(10));
  EXPECT_EQ(s.limits.cost_ceiling_usd, 2);
  EXPECT_EQ(s.limits.node_cost_ceiling_usd, 0.75);
  EXPECT_EQ(s.limits.call_reserve_usd, 0.25);
  EXPECT_EQ(s.limits.max_attempts, 4);
  EXPECT_EQ(s.limits.flake_runs, 5);
  EXPECT_EQ(s.limits.infra_retries, 0);
  EXPECT_EQ(s.limits.stall, std::chrono::seconds(7));
  EXPECT_TRUE(s.limits.keep_attempt);
  EXPECT_FALSE(s.review.stage_two);
  EXPECT_EQ(s.review.stage_two_file_threshold, 9);
  EXPECT_TRUE(s.review.stage_one_llm);
  EXPECT_EQ(s.review.on_error, OnReviewError::Pass);
  EXPECT_EQ(s.sampling.at(Role::Executor).temperature, 0.5);
  EXPECT_EQ(s.sampling.at(Role::Executor).top_p, 1.0);
  EXPECT_EQ(s.sampling.at(Role::Executor).top_k, 40);
  EXPECT_THAT(s.ignore, ElementsAre("build/"));
  EXPECT_EQ(s.workspace.setup, "npm ci");
  EXPECT_THAT(s.workspace.setup_inputs, ElementsAre("package-lock.json"));
  EXPECT_THAT(s.workspace.keep, ElementsAre("node_modules"));
  EXPECT_EQ(
      s.plugins.runner + s.plugins.vcs + s.plugins.gate + s.plugins.reviewer + s.plugins.launcher,
      "rvgwl");
  EXPECT_THAT(s.plugins.sinks, ElementsAre("s", "t"));
  EXPECT_THAT(s.plugins.path, ElementsAre("/opt/p"));
  const PluginTable& plugin = s.plugin_tables.at("r");
  EXPECT_EQ(plugin.json, R"({"command":"x","count":3,"list":["a"],"on":true,"ratio":0.5})");
  EXPECT_EQ(to_string(plugin.origins.at("count")), "repo.toml:54:1");
  EXPECT_EQ(plugin.table.line, 52);
}

TEST(LoadConfig, DefaultsStandWhereNothingIsSet) {
  const auto loaded = load(repository(kTiers + kPrices));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_EQ(loaded->settings.limits.max_attempts, Limits().max_attempts);
  EXPECT_EQ(loaded->settings.plugins.runner, "runner-opencode");
  EXPECT_TRUE(loaded->settings.sampling.empty());
  EXPECT_EQ(origin_of(*loaded, "limits.max_attempts"), "3 @ default");
  EXPECT_EQ(origin_of(*loaded, "limits.cost_ceiling_usd"), "0.0 @ default");
  EXPECT_EQ(origin_of(*loaded, "plugins.sinks"), "[\"metrics-jsonl\"] @ default");
}

TEST(LoadConfig, LaterSourcesOverrideEarlierOnes) {
  Sources sources;
  sources.user = SourceFile{"user.toml", kTiers + kPrices +
                                             "repository.ignore = ['u1', 'u2']\n"
                                             "[limits]\nmax_attempts = 5\nflake_runs = 6\n"
                                             "infra_retries = 7\nstall_secs = 8\n"
                                             "[plugin.p]\na = 1\nb = 1\n"};
  sources.repository =
      SourceFile{"repo.toml",
                 "[limits]\nflake_runs = 16\ninfra_retries = 17\nstall_secs = 18\n[repository]\n"
                 "ignore = ['r']\n[tiers]\nexecutor = 'r/e'\n[plugin.p]\nb = 2\n"};
  sources.environment = {{"PATH", "/bin"},
                         {"DIRECTOR_LIMITS__INFRA_RETRIES", "27"},
                         {"DIRECTOR_LIMITS__STALL_SECS", "28"},
                         {"DIRECTOR_PLUGIN_PATH", "/x"},
                         {"DIRECTOR_SAMPLING__TEST_AUTHOR__TOP_K", "9"},
                         {"DIRECTOR_PLUGIN__RUNNER_OPENCODE__SOME_KEY", "run"}};
  sources.overrides = {"limits.stall_secs = 38", "pricing.\"r/e\".input=2", "workspace.setup=true",
                       "tiers.escalation=big/model=x", "plugin.p.c=['x']"};
  const auto loaded = load(sources);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(origin_of(*loaded, "limits.max_attempts"), "5 @ user.toml:5:1");
  EXPECT_EQ(origin_of(*loaded, "limits.flake_runs"), "16 @ repo.toml:2:1");
  EXPECT_EQ(origin_of(*loaded, "limits.infra_retries"), "27 @ DIRECTOR_LIMITS__INFRA_RETRIES");
  EXPECT_EQ(origin_of(*loaded, "limits.stall_secs"), "38 @ --set limits.stall_secs");
  EXPECT_EQ(origin_of(*loaded, "repository.ignore"), "[\"r\"] @ repo.toml:6:1");
  EXPECT_EQ(origin_of(*loaded, "tiers.executor"), "\"r/e\" @ repo.toml:8:1");
  EXPECT_EQ(origin_of(*loaded, "sampling.test_author.top_k"),
            "9 @ DIRECTOR_SAMPLING__TEST_AUTHOR__TOP_K");
  EXPECT_EQ(loaded->settings.workspace.setup, "true");
  EXPECT_EQ(loaded->settings.tiers.at(Role::Escalation).model, "big/model=x");
  EXPECT_EQ(loaded->settings.pricing.at("r/e").input, 2);
  EXPECT_EQ(loaded->settings.plugin_tables.at("p").json, R"({"a":1,"b":2,"c":["x"]})");
  EXPECT_EQ(loaded->settings.plugin_tables.at("runner-opencode").json, R"({"some_key":"run"})");
  EXPECT_TRUE(std::is_sorted(loaded->items.begin(), loaded->items.end(),
                             [](const Item& a, const Item& b) { return a.key < b.key; }));
}

TEST(LoadConfig, AProfileStandsAlone) {
  Sources sources;
  sources.user = SourceFile{"user.toml", "limits.max_attempts = 5\nthis is broken"};
  sources.repository = SourceFile{"repo.toml", "limits.flake_runs = 9"};
  sources.profile = SourceFile{"p.toml", kTiers + "gates.x = 'make'"};
  const auto loaded = load(sources);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.limits.flake_runs, 2);
  EXPECT_EQ(loaded->settings.gates.size(), 1U);
}

TEST(LoadConfig, GatesOnlyComeFromTheRepository) {
  Sources sources = repository(kTiers + kPrices + "[gates]\nb = 'x'\na = 'y'\n");
  sources.user = SourceFile{"user.toml", "[gates]\nevil = 'true'\n"};
  const auto loaded = load(sources);
  ASSERT_THAT(loaded, IsOk());
  ASSERT_EQ(loaded->settings.gates.size(), 2U);
  EXPECT_EQ(loaded->settings.gates[0].name, "b");
  EXPECT_THAT(loaded->warnings, ElementsAre("user.toml:1:2: gates: only the repository's "
                                            "configuration may set gates, so these are not used"));
  sources.overrides = {"gates.b="};
  sources.environment = {{"DIRECTOR_GATES__B", "true"}};
  EXPECT_EQ(errors_of(sources),
            "--set gates.b: gates.b: gates only come from the repository's configuration\n"
            "DIRECTOR_GATES__B: gates.b: gates only come from the repository's configuration");
}

TEST(LoadConfig, SaysWhatIsWrongWithEachKey) {
  const std::pair<std::string, std::string> cases[] = {
      {"limits.max_attempt = 2",
       "unknown key 'limits.max_attempt', did you mean 'limits.max_attempts'?"},
      {"limits.stage_two = true",
       "unknown key 'limits.stage_two', did you mean 'review.stage_two'?"},
      {"limits.colour = 1", "unknown key 'limits.colour'"},
      {"limit = {max_attempts = 1}", "unknown table 'limit', did you mean 'limits'?"},
      {"max_attempts = 1", "unknown key 'max_attempts', did you mean 'limits.max_attempts'?"},
      {"sampling.exekutor.top_p = 1",
       "unknown table 'sampling.exekutor', did you mean 'sampling.executor'?"},
      {"sampling.executor.topp = 1",
       "unknown key 'sampling.executor.topp', did you mean 'sampling.executor.top_p'?"},
      {"pricing.'p/m'.inputs = 1",
       "unknown key 'pricing.\"p/m\".inputs', did you mean 'pricing.\"p/m\".input'?"},
      {"limits = 3", "limits: expected a table, found a whole number"},
      {"sampling.executor = 1", "sampling.executor: expected a table, found a whole number"},
      {"pricing.'p/m' = 1",
       "pricing.\"p/m\": expected a table with input and output, found a whole number"},
      {"limits.max_attempts = '2'", "limits.max_attempts: expected a whole number, found a string"},
      {"limits.max_attempts = 2.0", "limits.max_attempts: expected a whole number, found a number"},
      {"limits.max_attempts = 0", "limits.max_attempts: expected 1 to 100, found 0"},
      {"limits.max_attempts = {a = 1}",
       "limits.max_attempts: expected a whole number, found a table"},
      {"limits.node_timeout_secs = 9223372036854775807",
       "limits.node_timeout_secs: expected 1 to 604800, found 9223372036854775807"},
      {"limits.cost_ceiling_usd = -1", "limits.cost_ceiling_usd: expected 0 to 1000000, found -1"},
      {"limits.cost_ceiling_usd = nan",
       "limits.cost_ceiling_usd: expected 0 to 1000000, found none of the numbers between"},
      {"limits.keep_attempt = 1",
       "limits.keep_attempt: expected true or false, found a whole number"},
      {"review.on_error = 'ignore'",
       "review.on_error: expected \"block\" or \"pass\", found 'ignore'"},
      {"sampling.executor.temperature = 2.5",
       "sampling.executor.temperature: expected 0 to 2, found 2.5"},
      {"repository.ignore = 'x'",
       "repository.ignore: expected an array of strings, found a string"},
      {"repository.ignore = ['x', 1]",
       "repository.ignore: expected an array of strings, found an array of something else than "
       "strings"},
      {"repository.ignore = ['']", "repository.ignore: has an empty pattern: remove it"},
      {"workspace.keep = ['../x']",
       "workspace.keep: '../x' has a '..' part: write the path from the repository's root"},
      {"workspace.setup_inputs = ['.git/config']",
       "workspace.setup_inputs: '.git/config' lies in a git folder: choose a path outside of it"},
      {"plugins.path = ['plugins']",
       "plugins.path: 'plugins' is not absolute: give the whole path"},
      {"plugins.runner = '../x.so'",
       "plugins.runner: expected a plugin's id of small letters, digits and '-', found '../x.so'"},
      {"plugin.Bad_Id.x = 1",
       "plugin.Bad_Id: a plugin's id has only small letters, digits and '-'"},
      {"plugin.x = 1", "plugin.x: expected a table, found a whole number"},
      {"plugin.x.y.z = 1",
       "plugin.x.y: expected a string, number, boolean or array of strings, found a table"},
      {"plugin.x.y = 2020-01-01",
       "plugin.x.y: expected a string, number, boolean or array of strings, found a date or time"},
      {"gates.x = 1", "gates.x: expected a command as a string, found a whole number"},
      {"gates.x.y = 'z'", "gates.x: expected a command as a string, found a table"},
      {"pricing.'p/m'.input = -0.5", "pricing.\"p/m\".input: expected 0 to 1000000, found -0.5"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(errors_with_tiers(text), ::testing::MatchesRegex("repo.toml:2:[0-9]+: .*")) << text;
    const std::string found = errors_with_tiers(text);
    EXPECT_EQ(found.substr(std::min(found.find(": ") + 2, found.size())), message) << text;
  }
}

TEST(LoadConfig, TiersAreProviderAndModel) {
  for (const std::string bad :
       {"", "model", "/m", "p/", "a b/c", "r:/m", ":p/m", "Bad_Runner:p/m", "p/m\t"}) {
    EXPECT_THAT(errors_of(repository(kTiers + "x = 1")), HasSubstr("unknown key 'x'"));
    Sources sources = repository(kTiers);
    sources.overrides = {"tiers.executor='" + bad + "'"};
    EXPECT_THAT(errors_of(sources), HasSubstr("tiers.executor: expected \"provider/model\" or "
                                              "\"runner:provider/model\", found '"))
        << bad;
  }
}

TEST(LoadConfig, NamesEveryMissingTier) {
  EXPECT_EQ(errors_of(repository("[tiers]\nplanner = 'p/m'\ntest_author = 'p/m'\nexplorer = 3\n"
                                 "reviewer = 'p/m'")),
            "repo.toml: missing key 'tiers.executor': all six roles need a model, add executor = "
            "\"provider/model\" to [tiers]\n"
            "repo.toml: missing key 'tiers.escalation': all six roles need a model, add escalation "
            "= \"provider/model\" to [tiers]\n"
            "repo.toml:4:1: tiers.explorer: expected \"provider/model\", found a whole number");
  EXPECT_THAT(errors_of(Sources{}), HasSubstr("configuration: missing key 'tiers.planner'"));
}

TEST(LoadConfig, TellsEverySourcesProblemsAtOnce) {
  Sources sources = repository(kTiers + "[limits]\nflake_runs = 'x'\nbogus = 1\n");
  sources.user = SourceFile{"user.toml", "[limits]\nmax_attempts = 'x'\n"};
  sources.environment = {{"DIRECTOR_LIMITS__STALL_SECS", "soon"}};
  sources.overrides = {"limits.infra_retries", "a b=1"};
  EXPECT_EQ(errors_of(sources),
            "--set a b: expected key=value, such as limits.max_attempts=2\n"
            "--set limits.infra_retries: expected key=value, such as limits.max_attempts=2\n"
            "DIRECTOR_LIMITS__STALL_SECS: limits.stall_secs: expected a whole number, found a "
            "string\n"
            "repo.toml:3:1: limits.flake_runs: expected a whole number, found a string\n"
            "repo.toml:4:1: unknown key 'limits.bogus'\n"
            "user.toml:2:1: limits.max_attempts: expected a whole number, found a string");
}

TEST(LoadConfig, BrokenTomlHasLineAndColumnAndNoFollowUps) {
  const std::string error = errors_of(repository("[tiers]\nplanner = \n"));
  EXPECT_THAT(error, ::testing::StartsWith("repo.toml:2:"));
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 0);
  EXPECT_THAT(errors_of(repository("[limits]\n[limits]\n")), HasSubstr("repo.toml:2:"));
}

TEST(LoadConfig, TakesLettersOfEveryLanguage) {
  const auto loaded = load(repository("# caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\n" +
                                      kTiers + "gates.x = 'caf\xc3\xa9 \xd0\xb6'\n"));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.gates.at(0).command, "caf\xc3\xa9 \xd0\xb6");
}

TEST(LoadConfig, HostileTextIsAnErrorNotACrash) {
  std::string dots = "a";
  for (int i = 0; i < 200'000; ++i) {
    dots += ".a";
  }
  for (const std::string& text :
       {std::string("a\xc3\xa9 = 1"), std::string("[[["), std::string("[["), std::string("[a."),
        dots + " = 1", "[" + dots + "]", "a = " + std::string(500'000, '['),
        std::string(500'000, '{'), std::string("\0\xff\xfe", 3),
        "a = \"" + std::string(100, '\xff')}) {
    EXPECT_THAT(load(repository(text)), FailsWith(Errc::Invalid, "repo.toml"));
  }
  Sources sources = repository(kTiers);
  for (const std::string& text :
       {std::string("=1"), std::string("'"), std::string("a.=1"), std::string("\"a=1"),
        std::string("limits.max_attempts=1\nx=2")}) {
    sources.overrides = {text};
    EXPECT_THAT(load(sources), FailsWith(Errc::Invalid, "--set ")) << text;
  }
}

}  // namespace
}  // namespace director::config
