#include "core/run/ledger.hpp"

#include <gmock/gmock.h>

#include <random>

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
  EXPECT_DOUBLE_EQ(ledger.committed_usd(), 1);
  ASSERT_THAT(advance(ledger, ended("1", 0.25)), IsOk());
  EXPECT_EQ(ledger.total.input, 1120);
  EXPECT_EQ(ledger.total.output, 15);
  EXPECT_EQ(ledger.total.calls, 1);
  EXPECT_DOUBLE_EQ(ledger.total.usd, 0.25);
  EXPECT_DOUBLE_EQ(ledger.committed_usd(), 0.25);
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
  EXPECT_EQ(ledger.committed_usd(), 0);
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
  for (const Affordable& row :
       {Affordable{100, 100, 100, 0, true}, Affordable{0, 0, 1, 1, true},
        Affordable{0, 0, 1.01, 1, false}, Affordable{0.5, 0, 0.5, 1, true},
        Affordable{0.5, 0.5, 0, 1, false}, Affordable{0.4, 0.5, 0.2, 1, false},
        Affordable{1, 0, 0, 1, false}, Affordable{0.99, 0, 0, 1, true},
        Affordable{2, 0, 0, 1, false}, Affordable{0.1, 0, 0.2, 0.3, true}}) {
    Ledger ledger;
    ledger.total.usd = row.spent;
    ASSERT_THAT(advance(ledger, reserved("open", row.open)), IsOk());
    EXPECT_EQ(affordable(ledger, row.reserve, row.ceiling), row.expected)
        << row.spent << " " << row.open << " " << row.reserve << " " << row.ceiling;
  }
}

CallMetered metered(const std::string& call, double usd) { return {call, {100, 10, 0, 0, 0, usd}}; }

TEST(Ledger, OpenCallBindsTheLargerOfWhatIsReservedAndWhatItHasMetered) {
  Ledger ledger;
  ASSERT_THAT(advance(ledger, reserved("1", 0.5)), IsOk());
  ASSERT_THAT(advance(ledger, metered("1", 0.25)), IsOk());
  EXPECT_DOUBLE_EQ(ledger.spent_usd(), 0.25);
  EXPECT_DOUBLE_EQ(ledger.committed_usd(), 0.5);
  ASSERT_THAT(advance(ledger, metered("1", 0.75)), IsOk());
  EXPECT_DOUBLE_EQ(ledger.spent_usd(), 0.75);
  EXPECT_DOUBLE_EQ(ledger.committed_usd(), 0.75);
  EXPECT_DOUBLE_EQ(ledger.total.usd, 0) << "what did not end is not in the sums";
  for (const Spend& so_far : {ledger.so_far(), ledger.of_node(NodeId("a"))}) {
    EXPECT_DOUBLE_EQ(so_far.usd, 0.75);
    EXPECT_EQ(so_far.input, 100);
    EXPECT_EQ(so_far.calls, 0) << "it is not among the calls yet";
  }
  ASSERT_THAT(advance(ledger, ended("1", 0.75)), IsOk());
  EXPECT_DOUBLE_EQ(ledger.spent_usd(), 0.75);
}

TEST(Ledger, MetersNoCallThatIsNotOpen) {
  Ledger ledger;
  EXPECT_THAT(advance(ledger, metered("1", 1)), FailsWith(Errc::Conflict, "was not reserved"));
  ASSERT_THAT(advance(ledger, reserved("1", 1)), IsOk());
  ASSERT_THAT(advance(ledger, ended("1", 1)), IsOk());
  EXPECT_THAT(advance(ledger, metered("1", 9)), FailsWith(Errc::Conflict, "was not reserved"));
  EXPECT_DOUBLE_EQ(ledger.spent_usd(), 1);
}

TEST(Ledger, EndOfACallIsWhatItHasMetered) {
  const CallEnded end = end_of(reserved("1", 9), {1, 2, 3, 4, 5, 0.5});
  EXPECT_EQ(end.call, "1");
  EXPECT_EQ(end.role, "executor");
  EXPECT_EQ(end.model, "p/m");
  EXPECT_EQ(end.node, NodeId("a"));
  EXPECT_EQ(end.used.cache_write, 5);
  EXPECT_DOUBLE_EQ(end.used.usd, 0.5);
}

TEST(Ledger, NodeCeilingCountsWhatARunSpendsOnTheNode) {
  const Ceilings ceilings{0, 1};
  Ledger ledger;
  CallReserved call = reserved("1", 0);
  EXPECT_EQ(refusal(ledger, call, ceilings), Ceiling::None);
  CallReserved author = reserved("tests", 0);
  author.role = "test_author";
  ASSERT_THAT(advance(ledger, author), IsOk());
  ASSERT_THAT(advance(ledger, metered("tests", 5)), IsOk());
  EXPECT_EQ(reached(ledger, author, ceilings), Ceiling::None);
  ASSERT_THAT(advance(ledger, end_of(author, {0, 0, 0, 0, 0, 5})), IsOk());
  EXPECT_EQ(refusal(ledger, call, ceilings), Ceiling::None) << "tests are paid for by planning";
  ASSERT_THAT(advance(ledger, call), IsOk());
  ASSERT_THAT(advance(ledger, metered("1", 0.5)), IsOk());
  EXPECT_EQ(reached(ledger, call, ceilings), Ceiling::None);
  ASSERT_THAT(advance(ledger, metered("1", 1)), IsOk());
  EXPECT_EQ(reached(ledger, call, ceilings), Ceiling::Node);
  CallReserved other = reserved("2", 0);
  other.node = NodeId("b");
  EXPECT_EQ(refusal(ledger, other, ceilings), Ceiling::None);
  other.node = NodeId();
  EXPECT_EQ(refusal(ledger, other, ceilings), Ceiling::None) << "a call of planning has no node";
  ASSERT_THAT(advance(ledger, ended("1", 1)), IsOk());
  EXPECT_EQ(refusal(ledger, reserved("3", 0), ceilings), Ceiling::Node);
}

TEST(Ledger, CallMayFitLaterIfOnlyOpenCallsAreInItsWay) {
  const Ceilings ceilings{1.0, 0};
  Ledger ledger;
  const CallReserved next{"2", "executor", "m", NodeId("b"), 0.4};
  EXPECT_FALSE(may_fit_later(ledger, next, ceilings)) << "it fits now";
  ASSERT_THAT(advance(ledger, CallReserved{"1", "executor", "m", NodeId("a"), 0.7}), IsOk());
  EXPECT_TRUE(may_fit_later(ledger, next, ceilings));
  EXPECT_FALSE(may_fit_later(ledger, next, {})) << "nothing limits it";
  EXPECT_FALSE(may_fit_later(ledger, {"2", "executor", "m", NodeId("b"), 1.1}, ceilings))
      << "it never fits";
  Usage used;
  used.usd = 0.65;
  ASSERT_THAT(advance(ledger, CallMetered{"1", used}), IsOk());
  EXPECT_FALSE(may_fit_later(ledger, next, ceilings)) << "what is used up does not come back";
  ledger.total.usd = 0.1;
  ASSERT_THAT(advance(ledger, metered("1", 0)), IsOk());
  EXPECT_TRUE(may_fit_later(ledger, {"2", "executor", "m", NodeId("b"), 0.2}, {0.3, 0}))
      << "0.1 + 0.2 is 0.3";
}

TEST(Ledger, JobCeilingIsReachedByTheSumOfAllOpenCalls) {
  const Ceilings ceilings{1, 0};
  Ledger ledger;
  for (const char* id : {"1", "2"}) {
    ASSERT_THAT(advance(ledger, reserved(id, 0)), IsOk());
    ASSERT_THAT(advance(ledger, metered(id, 0.5)), IsOk());
    EXPECT_EQ(reached(ledger, reserved("1", 0), ceilings),
              *id == '1' ? Ceiling::None : Ceiling::Job);
  }
  EXPECT_EQ(refusal(ledger, reserved("3", 0), ceilings), Ceiling::Job);
}

// Calls that stop as soon as they are told to, in any order: what is spent passes the ceiling by no
// more than the report that reached it.
TEST(Ledger, SpendPassesTheCeilingByNoMoreThanOneReport) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto pick = [&](double most) {
      return std::uniform_real_distribution<double>(0, most)(random);
    };
    const Ceilings ceilings{1 + pick(3), 0};
    const double largest_step = 0.01 + pick(0.5);
    Ledger ledger;
    double costs = 0;
    for (int step = 0; step < 400; ++step) {
      const std::string fresh = std::to_string(step);
      const CallReserved wanted = reserved(fresh, reserve_for(ledger, "executor", pick(0.2)));
      if (pick(1) < 0.3 && ledger.open.size() < 5 &&
          refusal(ledger, wanted, ceilings) == Ceiling::None) {
        EXPECT_LE(ledger.committed_usd() + wanted.usd, ceilings.job_usd);
        ASSERT_THAT(advance(ledger, wanted), IsOk());
      } else if (!ledger.open.empty()) {
        auto call = ledger.open.begin();
        std::advance(call, static_cast<std::ptrdiff_t>(random() % ledger.open.size()));
        const OpenCall open = call->second;
        const double so_far = open.metered.usd;
        const bool stopped = reached(ledger, open.reserved, ceilings) != Ceiling::None;
        if (stopped || pick(1) < 0.3) {
          ASSERT_THAT(advance(ledger, end_of(open.reserved, open.metered)), IsOk());
          costs += so_far;
        } else {
          ASSERT_THAT(advance(ledger, metered(open.reserved.call, so_far + pick(largest_step))),
                      IsOk());
        }
      }
      EXPECT_LT(ledger.spent_usd(), ceilings.job_usd + largest_step);
      EXPECT_GE(ledger.committed_usd(), ledger.spent_usd());
      EXPECT_GE(ledger.spent_usd(), ledger.total.usd);
    }
    EXPECT_DOUBLE_EQ(costs, ledger.total.usd);
    EXPECT_DOUBLE_EQ(ledger.by_role["executor"].usd, ledger.total.usd);
    EXPECT_DOUBLE_EQ(ledger.of_node(NodeId("a")).usd, ledger.spent_usd());
  }
}

}  // namespace
}  // namespace director::run
