#include "core/run/watch.hpp"

#include <gmock/gmock.h>

namespace director::run {
namespace {

ToolUse shell(const std::string& command, int exit_code) {
  return {"bash", "{\"command\":\"" + command + "\"}", exit_code};
}
const ToolUse kEdit{"edit", "{\"path\":\"a.c\"}", -1};
const ToolUse kRead{"read", "{\"path\":\"tests/a.c\"}", -1};

struct Row {
  std::string name;
  std::vector<ToolUse> calls;
  std::string verdict;
  bool before;
  bool failed;
};

class WatchItFail : public ::testing::TestWithParam<Row> {};

TEST_P(WatchItFail, JudgesTheTranscript) {
  const Row& row = GetParam();
  const Watch watch = watch_it_fail(row.calls, "make test", {"tests/a.c"});
  EXPECT_EQ(watch.verdict, row.verdict);
  EXPECT_EQ(watch.ran_before_edit, row.before);
  EXPECT_EQ(watch.observed_failure, row.failed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WatchItFail,
    ::testing::Values(
        Row{"Nothing", {}, "unknown", false, false},
        Row{"RanThenEdited", {shell("make test", 1), kEdit}, "observed", true, true},
        Row{"EditedFirst", {kEdit, shell("make test", 1)}, "not_observed", false, false},
        Row{"RanAndPassed", {shell("make test", 0), kEdit}, "observed", true, false},
        Row{"OtherCommandFirst", {shell("ls", 1), kEdit}, "not_observed", false, false},
        Row{"RanOneTestFile", {shell("cc tests/a.c", 1), kEdit}, "observed", true, true},
        Row{"ReadingATestIsNotRunningIt", {kRead, kEdit}, "not_observed", false, false},
        Row{"NeverEdited", {shell("make test", 2)}, "unknown", true, true},
        Row{"LaterFailuresDoNotCount",
            {shell("make test", 0), kEdit, shell("make test", 1)},
            "observed",
            true,
            false},
        Row{"PartOfALongerCommand",
            {shell("cd x && make test -k", 1), kEdit},
            "observed",
            true,
            true}),
    [](const auto& each) { return each.param.name; });

TEST(WatchItFailQuoting, CommandWithQuotesIsFoundInJson) {
  const Watch watch = watch_it_fail({{"shell", R"({"command":"run \"a b\" \\x"})", 1}, kEdit},
                                    R"(run "a b" \x)", {});
  EXPECT_EQ(watch.verdict, "observed");
}

}  // namespace
}  // namespace director::run
