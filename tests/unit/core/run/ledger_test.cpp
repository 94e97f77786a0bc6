#include "core/run/ledger.hpp"

#include <gmock/gmock.h>

#include "tests/unit/matchers.hpp"

namespace director::run {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;

CallReserved reserved(const std::string& call, double usd) {
  return {call, "executor", "p/m", NodeId("a"), usd};
}
CallEnded ended(const std::string& call, double usd) {
  return {call, "executor", "p/m", NodeId("a"), 100, 10, 5, 1000, 20, usd};
}

TEST(Ledger, CountsTokensWithCacheAndReasoning) {
  Ledger ledger;
  ASSERT_THAT(advance(ledger, reserved("1", 1)), IsOk());
  EXPECT_DOUBLE_EQ(ledger.reserved_usd, 1);
  ASSERT_THAT(advance(ledger, ended("1", 0.25)), IsOk());
  EXPECT_EQ(ledger.total.input, 1120);
  EXPECT_EQ(ledger.total.output, 15);
  EXPECT_EQ(ledger.total.calls, 1);
  EXPECT_DOUBLE_EQ(ledger.total.usd, 0.25);
  EXPECT_DOUBLE_EQ(ledger.reserved_usd, 0);
  EXPECT_EQ(ledger.by_role["executor"].calls, 1);
  EXPECT_EQ(ledger.by_model["p/m"].calls, 1);
}

TEST(Ledger, NodeSumsItsRoles) {
  Ledger ledger;
  for (const std::string role : {"executor", "escalation"}) {
    CallReserved open = reserved(role, 0);
    open.role = role;
    CallEnded done = ended(role, 0.5);
    done.role = role;
    ASSERT_THAT(advance(ledger, open), IsOk());
    ASSERT_THAT(advance(ledger, done), IsOk());
  }
  EXPECT_DOUBLE_EQ(ledger.of_node(NodeId("a")).usd, 1);
  EXPECT_EQ(ledger.of_node(NodeId("a")).calls, 2);
  EXPECT_EQ(ledger.of_node(NodeId("unknown")).calls, 0);
}

TEST(Ledger, RefusesACallTwiceOrOneThatWasNotReserved) {
  Ledger ledger;
  EXPECT_THAT(advance(ledger, ended("1", 1)), FailsWith(Errc::Conflict, "was not reserved"));
  ASSERT_THAT(advance(ledger, reserved("1", 1)), IsOk());
  EXPECT_THAT(advance(ledger, reserved("1", 1)), FailsWith(Errc::Conflict, "reserved already"));
  ASSERT_THAT(advance(ledger, ended("1", 1)), IsOk());
  EXPECT_THAT(advance(ledger, ended("1", 1)), FailsWith(Errc::Conflict, "was not reserved"));
  EXPECT_DOUBLE_EQ(ledger.total.usd, 1);
}

TEST(Ledger, RoundingLeavesNothingReserved) {
  Ledger ledger;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(advance(ledger, reserved(std::to_string(i), 0.1)), IsOk());
  }
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(advance(ledger, ended(std::to_string(i), 0)), IsOk());
  }
  EXPECT_EQ(ledger.reserved_usd, 0);
}

TEST(Ledger, ReservesTheLargestCallOfTheRole) {
  Ledger ledger;
  EXPECT_DOUBLE_EQ(reserve_for(ledger, "executor", 0.1), 0.1);
  for (const double usd : {0.2, 0.7, 0.3}) {
    ASSERT_THAT(advance(ledger, reserved(std::to_string(usd), 0)), IsOk());
    ASSERT_THAT(advance(ledger, ended(std::to_string(usd), usd)), IsOk());
  }
  EXPECT_DOUBLE_EQ(reserve_for(ledger, "executor", 0.1), 0.7);
  EXPECT_DOUBLE_EQ(reserve_for(ledger, "executor", 0.9), 0.9);
  EXPECT_DOUBLE_EQ(reserve_for(ledger, "planner", 0.1), 0.1);
}

struct Affordable {
  double spent;
  double open;
  double reserve;
  double ceiling;
  bool expected;
};

TEST(Ledger, CeilingCountsWhatIsSpentAndWhatIsReserved) {
  for (const Affordable& row : {Affordable{100, 100, 100, 0, true}, Affordable{0, 0, 1, 1, true},
                                Affordable{0, 0, 1.01, 1, false}, Affordable{0.5, 0, 0.5, 1, true},
                                Affordable{0.5, 0.5, 0, 1, false},
                                Affordable{0.4, 0.5, 0.2, 1, false}, Affordable{1, 0, 0, 1, false},
                                Affordable{0.99, 0, 0, 1, true}, Affordable{2, 0, 0, 1, false}}) {
    Ledger ledger;
    ledger.total.usd = row.spent;
    ledger.reserved_usd = row.open;
    EXPECT_EQ(affordable(ledger, row.reserve, row.ceiling), row.expected)
        << row.spent << " " << row.open << " " << row.reserve << " " << row.ceiling;
  }
}

}  // namespace
}  // namespace director::run
