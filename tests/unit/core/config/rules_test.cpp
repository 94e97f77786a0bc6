#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/load.hpp"
#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
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

TEST(LoadConfig, TheReviewerIsNeverTheExecutorsModel) {
  Sources sources = repository(kTiers + kPrices);
  sources.overrides = {"tiers.reviewer=other:l/x"};
  EXPECT_THAT(load(sources), FailsWith(Errc::Invalid,
                                       "--set tiers.reviewer: tiers.reviewer: the executor's model "
                                       "must not review its own work"));
  sources.overrides.push_back("review.stage_two=false");
  EXPECT_THAT(load(sources), IsOk());
}

TEST(LoadConfig, PricesAreWarningsOrDemanded) {
  const std::string unknown = "[pricing.'q/n']\ninput = 1\noutput = 1\n";
  const auto loaded = load(repository(kTiers + unknown));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->warnings,
              ElementsAre("repo.toml:1:10: there is no pricing.\"p/m\", pricing.\"l/x\": calls of "
                          "such a tier count as the agent tool reports them, else as $0",
                          "repo.toml:2:10: pricing.\"q/n\": no tier uses this model"));
  Sources sources = repository(kTiers + "[pricing.'p/m']\ninput = 1\noutput = 1\n");
  sources.overrides = {"limits.require_pricing=true"};
  EXPECT_THAT(load(sources), IsOk());
  sources.overrides.push_back("limits.cost_ceiling_usd=5");
  EXPECT_EQ(errors_of(sources),
            "repo.toml:1:44: tiers.executor: there is no pricing.\"l/x\": add it, as "
            "limits.require_pricing asks for with a cost ceiling");
}

TEST(LoadConfig, PriceWithoutInputOrOutputIsNotWhole) {
  Sources sources = repository(kTiers + "pricing = {'p/m'={output=1, cache_read=1}, 'l/x'={}}\n");
  const auto loaded = load(sources);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->warnings,
              ElementsAre("repo.toml:1:10: there is no pricing.\"p/m\".input, "
                          "pricing.\"l/x\".input, pricing.\"l/x\".output: tokens without a price "
                          "count as $0, or a call as the agent tool reports it if that is more"));
  sources.overrides = {"limits.require_pricing=true", "limits.node_cost_ceiling_usd=5"};
  EXPECT_EQ(errors_of(sources),
            "repo.toml:1:10: tiers.planner: there is no pricing.\"p/m\".input: add it, as "
            "limits.require_pricing asks for with a cost ceiling\n"
            "repo.toml:1:44: tiers.executor: there is no pricing.\"l/x\".input, "
            "pricing.\"l/x\".output: add them, as limits.require_pricing asks for with a cost "
            "ceiling");
  sources.repository =
      SourceFile{"repo.toml", kTiers + "pricing = {'p/m'={input=0, output=0}, 'l/x'={}}\n"};
  sources.overrides.insert(sources.overrides.end(),
                           {"pricing.\"l/x\".input=0", "pricing.\"l/x\".output=0"});
  EXPECT_THAT(load(sources), IsOk()) << "a free model is one whose prices are given as 0";
}

TEST(LoadConfig, EveryUnpricedModelIsNamedWhateverTheCeiling) {
  for (const char* ceiling : {"limits.cost_ceiling_usd=5", "limits.node_cost_ceiling_usd=5"}) {
    Sources sources = repository(kTiers);
    sources.overrides = {"limits.require_pricing=true", ceiling};
    const std::string errors = errors_of(sources);
    EXPECT_THAT(errors, ::testing::HasSubstr("pricing.\"p/m\": add it")) << ceiling;
    EXPECT_THAT(errors, ::testing::HasSubstr("pricing.\"l/x\": add it")) << ceiling;
  }
}

TEST(LoadConfig, NetworkIsForGatesThatAreThere) {
  const std::string gates = "[gates]\nend-to-end = 'make e2e'\nlint = ''\n[sandbox]\n";
  const auto named = [&gates](const std::string& names) {
    return repository(kTiers + kPrices + gates + "network_gates = [" + names + "]\n");
  };
  const auto loaded = load(named("'end-to-end', 'tests'"));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->settings.sandbox.network_gates, ElementsAre("end-to-end", "tests"));
  EXPECT_THAT(load(named("'lint'")), IsOk()) << "it is skipped, not unknown";
  EXPECT_EQ(errors_of(named("'lint', 'end-to-ends'")),
            "repo.toml:7:1: sandbox.network_gates: there is no gate 'end-to-ends', did you mean "
            "'end-to-end'?");
  EXPECT_EQ(errors_of(named("'nonsense'")),
            "repo.toml:7:1: sandbox.network_gates: there is no gate 'nonsense': name those of "
            "[gates], or \"tests\" for the nodes' own");
  // A pattern is a name like any other.
  EXPECT_THAT(errors_of(named("'*'")), ::testing::HasSubstr("there is no gate '*'"));
}

TEST(LoadConfig, WarnsAboutAVariableThatLacksAnUnderscore) {
  Sources sources = repository(kTiers + kPrices);
  sources.environment = {{"DIRECTOR_LIMITS_MAX_ATTEMPTS", "1"}, {"DIRECTOR_ACCEPT", "1"}};
  const auto loaded = load(sources);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.limits.max_attempts, 3);
  EXPECT_THAT(loaded->warnings, ElementsAre("DIRECTOR_LIMITS_MAX_ATTEMPTS: not read, did you mean "
                                            "DIRECTOR_LIMITS__MAX_ATTEMPTS?"));
  sources.environment = {{"DIRECTOR_LIMITS__MAX_ATTEMPT", "1"}};
  EXPECT_EQ(errors_of(sources),
            "DIRECTOR_LIMITS__MAX_ATTEMPT: unknown key 'limits.max_attempt', did you mean "
            "'limits.max_attempts'?");
}

}  // namespace
}  // namespace director::config
