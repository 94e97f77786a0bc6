// Each key's type and range, at its very edges.
#include "core/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/load.hpp"
#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using ::testing::Contains;
using testing::FailsWith;
using ::testing::Field;
using testing::IsOk;

const std::string kTiers =
    "tiers = {planner='p/m', test_author='p/m', executor='l/x', explorer='l/x', reviewer='p/m', "
    "escalation='p/m'}\n";

Result<Loaded> load_with(const std::string& override_text) {
  Sources sources;
  sources.repository = SourceFile{"repo.toml", kTiers};
  sources.overrides = {override_text};
  return load(sources);
}

struct Range {
  const char* key;
  std::vector<const char*> fit;
  std::vector<const char*> unfit;
};

TEST(ConfigKeys, RangesHoldAtTheirEdges) {
  const Range ranges[] = {
      {"limits.node_timeout_secs", {"1", "604800"}, {"0", "604801", "-1"}},
      {"limits.cost_ceiling_usd", {"0", "0.01", "1000000"}, {"-0.01", "1000000.1", "inf", "nan"}},
      {"limits.node_cost_ceiling_usd", {"0", "1000000"}, {"-1", "1000001", "inf", "nan"}},
      {"limits.call_reserve_usd", {"0", "1000000"}, {"-1", "1000001"}},
      {"limits.max_attempts", {"1", "100"}, {"0", "101"}},
      {"limits.flake_runs", {"1", "100"}, {"0", "101"}},
      {"limits.rechecks", {"0", "1000000"}, {"-1", "1000001"}},
      {"limits.infra_retries", {"0", "100"}, {"-1", "101"}},
      {"limits.max_steps", {"0", "1000000"}, {"-1", "1000001"}},
      {"limits.max_repeats", {"0", "1000000"}, {"-1", "1000001"}},
      {"limits.landing_rounds", {"1", "100"}, {"0", "101"}},
      {"limits.stall_secs", {"0", "604800"}, {"-1", "604801"}},
      {"limits.memory_mb", {"0", "512", "1073741824"}, {"-1", "1073741825", "1.5"}},
      {"limits.processes", {"0", "4000000"}, {"-1", "4000001"}},
      {"limits.cpus", {"0", "0.5", "2", "65536"}, {"-0.1", "65537", "nan"}},
      {"limits.log_mb", {"1", "65536"}, {"0", "65537"}},
      {"review.stage_two_file_threshold", {"0", "1000000"}, {"-1", "1000001"}},
      {"review.on_error", {"block", "pass"}, {"", "Block", "passed"}},
      {"sampling.planner.temperature", {"0", "2", "0.7"}, {"-0.1", "2.01", "nan"}},
      {"sampling.reviewer.top_p", {"0", "1"}, {"-0.1", "1.1"}},
      {"sampling.escalation.top_k", {"1", "1000000"}, {"0", "1000001", "1.5"}},
      {"pricing.\"p/m\".cache_write", {"0", "1000000"}, {"-1", "1000001", "inf"}},
      {"limits.keep_attempt", {"true", "false"}, {"yes", "1", ""}},
      {"plugins.launcher", {"", "here-2"}, {"Here", "../x", "a_b"}},
      {"plugins.sinks", {"[]", "['a', 'b']"}, {"['A']", "a", "[1]"}},
      {"sandbox.mode", {"auto", "required", "off"}, {"", "on", "Off", "true"}},
      {"sandbox.backend", {"auto", "bubblewrap", "landlock"}, {"", "bwrap", "Landlock", "true"}},
      {"sandbox.agent_network", {"true", "false"}, {"no"}},
      {"sandbox.setup_network", {"true", "false"}, {"0"}},
      {"sandbox.gate_network", {"true", "false"}, {"yes"}},
      {"sandbox.layers", {"true", "false"}, {"1"}},
      {"sandbox.network_gates", {"[]", "['tests']"}, {"['']", "['e2e']", "tests", "[1]"}},
      {"sandbox.hide", {"[]", "['/a b', '~/a']"}, {"['a']", "['~']", "['~a']", "['']", "/a"}},
      {"sandbox.writable", {"[]", "['/a b', '/']"}, {"['a']", "['~/a']", "['']", "/a"}},
      {"sandbox.pass_env", {"[]", "['A', 'B_*']"}, {"['']", "['*']", "['A=1']", "A"}},
      {"workspace.kept_days", {"0", "36500"}, {"-1", "36501", "'30'"}},
      {"workspace.pool_size", {"0", "1024"}, {"-1", "1025"}},
      {"workspace.disk_quota_mb", {"0", "1000000000"}, {"-1", "1000000001", "1.5"}},
      {"sandbox.secrets", {"[]", "['A', 'B_*']"}, {"['']", "['*']", "['A=1']", "A"}},
      {"workspace.keep", {"[]", "['a/b/']"}, {"['/abs']", "['a/../b']", "['']"}},
  };
  for (const Range& range : ranges) {
    for (const char* value : range.fit) {
      EXPECT_THAT(load_with(std::string(range.key) + "=" + value), IsOk()) << range.key << value;
    }
    for (const char* value : range.unfit) {
      EXPECT_THAT(load_with(std::string(range.key) + "=" + value),
                  FailsWith(Errc::Invalid, std::string("--set ") + range.key + ": " + range.key))
          << range.key << "=" << value;
    }
  }
}

// Whatever a key wants, it is none of these, and says what it wants instead.
TEST(ConfigKeys, EveryKeyRefusesValuesOfAnotherType) {
  for (const Key& key : fixed_keys()) {
    const std::string name = key.table + "." + key.name;
    for (const char* value : {"[1]", "[[]]", "{a = 1}", "{}", "[1979-05-27]", "[true]"}) {
      Sources sources;
      sources.repository =
          SourceFile{"repo.toml", kTiers + (key.table == "tiers" ? "" : name + " = " + value)};
      if (key.table == "tiers") {
        sources.user = SourceFile{"user.toml", name + " = " + value};
      }
      EXPECT_THAT(load(sources), FailsWith(Errc::Invalid, name + ": expected "))
          << name << " = " << value;
    }
  }
}

// A key one letter off is suggested, from whichever source it comes.
TEST(ConfigKeys, EveryKeyIsSuggestedForAMistypedOne) {
  for (const Key& key : fixed_keys()) {
    const std::string name = key.table + "." + key.name;
    EXPECT_THAT(
        load_with(name + "x=1"),
        FailsWith(Errc::Invalid, "unknown key '" + name + "x', did you mean '" + name + "'?"));
  }
}

TEST(ConfigKeys, EveryKeyCanBeSetByAVariable) {
  const std::pair<const char*, const char*> cases[] = {
      {"DIRECTOR_LIMITS__COST_CEILING_USD", "2.5"},
      {"DIRECTOR_REVIEW__STAGE_ONE_LLM", "true"},
      {"DIRECTOR_REPOSITORY__IGNORE", "['build/']"},
      {"DIRECTOR_TIERS__TEST_AUTHOR", "other/model:7b"},
      {"DIRECTOR_WORKSPACE__SETUP", "npm ci # 'quoted'"},
      {"DIRECTOR_SAMPLING__EXECUTOR__TOP_P", "0.9"},
  };
  for (const auto& [name, value] : cases) {
    Sources sources;
    sources.repository = SourceFile{"repo.toml", kTiers};
    sources.environment = {{name, value}};
    const auto loaded = load(sources);
    ASSERT_THAT(loaded, IsOk()) << name;
    EXPECT_THAT(loaded->items, Contains(Field(&Item::origin, Field(&Origin::source, name))));
    sources.environment = {{name, ""}};
    if (std::string_view(name) != "DIRECTOR_WORKSPACE__SETUP") {
      EXPECT_THAT(load(sources), FailsWith(Errc::Invalid, std::string(name) + ": ")) << name;
    }
  }
}

}  // namespace
}  // namespace director::config
