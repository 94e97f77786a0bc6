// Runners that lie about money.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "money.hpp"

namespace director::engine::testing {
namespace {

using ::director::testing::IsOk;

struct Lie {
  std::string name;
  usage reported;
  double least_usd;  ///< what the call costs at least
};

class BudgetAttack : public ::testing::TestWithParam<Lie> {};

TEST_P(BudgetAttack, NeitherTakesMoneyBackNorSpoilsTheLedger) {
  constexpr double kMostDollars = 1e6;
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "x"}},
           .steps = {{100, 10, 0, 0, 0, 0.5}, GetParam().reported, GetParam().reported},
           .stubborn = true}};
  ASSERT_THAT(world.run(), IsOk());
  const run::Ledger book = ledger(world);
  EXPECT_TRUE(std::isfinite(book.total.usd));
  EXPECT_GE(book.total.usd, GetParam().least_usd);
  EXPECT_LE(book.total.usd, kMostDollars);
  EXPECT_GE(book.total.input, 100);
  EXPECT_GE(book.total.output, 10);
  EXPECT_EQ(world.log.count("usage that cannot be"), 1) << "once, however often it lies";
  double last = 0;
  for (const run::MoneyEvent& event : money(world)) {
    if (const auto* metered = std::get_if<run::CallMetered>(&event)) {
      EXPECT_GE(metered->used.usd, last);
      last = metered->used.usd;
    }
  }
  expect_one_truth(world);
}

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

INSTANTIATE_TEST_SUITE_P(
    All, BudgetAttack,
    ::testing::Values(
        Lie{"NegativeTokens", {-100, -10, -5, -5, -5, 0.25}, 1},
        Lie{"LeastTokens", {kLeast, kLeast, kLeast, kLeast, kLeast, 0}, 0.5},
        Lie{"MostTokens", {kHuge, kHuge, kHuge, kHuge, kHuge, 0}, 0.5},
        Lie{"NotANumber", {0, 0, 0, 0, 0, std::numeric_limits<double>::quiet_NaN()}, 0.5},
        Lie{"Infinite", {0, 0, 0, 0, 0, kInfinity}, 1e6},
        Lie{"MinusInfinite", {0, 0, 0, 0, 0, -kInfinity}, 0.5},
        Lie{"BeyondBelief", {0, 0, 0, 0, 0, 1e300}, 1e6}),
    [](const auto& each) { return each.param.name; });

TEST(BudgetFigures, StepWhoseCostIsUnknownTakesNothingFromTheOthers) {
  World world;
  world.adopt({node("a")});
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "x"}}, .steps = {step(0.5), step(-1), step(0.25)}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 0.75);
  EXPECT_EQ(world.log.count("usage that cannot be"), 0);
}

TEST(BudgetFigures, PricedTokensBeyondBeliefStayFinite) {
  World world;
  world.adopt({node("a")});
  world.settings.pricing["p/executor"] = {1e6, 1e6, 1e6, 1e6};
  world.runner.script["executor-a"] = {
      Turn{.files = {{"a.txt", "x"}}, .steps = {{kHuge, kHuge, kHuge, kHuge, kHuge, -1}}}};
  ASSERT_THAT(world.run(), IsOk());
  EXPECT_DOUBLE_EQ(ledger(world).total.usd, 1e6);
  expect_one_truth(world);
}

}  // namespace
}  // namespace director::engine::testing
