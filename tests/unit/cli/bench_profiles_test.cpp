#include "cli/bench_profiles.hpp"

#include <gmock/gmock.h>

#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;
using ::testing::ElementsAre;

TEST(ParseProfileNames, TakesCommasAndBlanks) {
  const auto names = parse_profile_names(" all-frontier, cheap,v1.2_x");
  ASSERT_THAT(names, IsOk());
  EXPECT_THAT(*names, ElementsAre("all-frontier", "cheap", "v1.2_x"));
}

TEST(ParseProfileNames, RefusesWhatIsNoFolderAndNoBranch) {
  struct Case {
    const char* list;
    const char* part;
  };
  for (const Case& one :
       {Case{"", "empty"}, Case{"a,,b", "empty"}, Case{"a,", "empty"}, Case{"../a", "'../a'"},
        Case{"a/b", "'a/b'"}, Case{"-a", "'-a'"}, Case{"..", "'..'"}, Case{"a b", "'a b'"},
        Case{"a.lock", "'a.lock'"}, Case{"a,b,a", "'a' stands there twice"},
        Case{"plan", "own plan"}, Case{"cheap.toml", "without its ending"},
        Case{"summary.json", "'.json'"}, Case{"a.metrics.jsonl", "'.jsonl'"},
        Case{"A.TOML", "'.toml'"}, Case{"a\nb", "'a\\nb'"}}) {
    EXPECT_THAT(parse_profile_names(one.list), FailsWith(Errc::Invalid, one.part)) << one.list;
  }
}

TEST(ParseProfileNames, NamesEveryProblemAtOnce) {
  EXPECT_THAT(parse_profile_names("a/b,plan"), FailsWith(Errc::Invalid, "'a/b'"));
  EXPECT_THAT(parse_profile_names("a/b,plan"), FailsWith(Errc::Invalid, "'plan'"));
}

TEST(DefaultPlanProfile, IsTheBaselineElseTheFirst) {
  EXPECT_EQ(default_plan_profile({"cheap", "all-frontier"}), "all-frontier");
  EXPECT_EQ(default_plan_profile({"cheap", "other"}), "cheap");
}

}  // namespace
}  // namespace director::cli
