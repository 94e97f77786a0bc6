// Reviewers that are programs.
#include "tests/contract/exec/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::exec_test {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;
using ::testing::HasSubstr;

class ExecReviewer : public ExecTest {
 protected:
  Result<review> examine(const std::string& script, const std::string& diff = "+ one line") {
    const auto reviewer = plugin::exec::make_reviewer(making(plugin::Kind::Reviewer, script));
    const std::string where = workdir.string();
    review_request request;
    request.node = "n1";
    request.title = "Title";
    request.spec = "Spec";
    request.diff = diff;
    request.workdir = where;
    request.role = "reviewer";
    return reviewer->examine(request, host(ports::Purpose::Tool, &desk));
  }

  EchoDesk desk;
};

TEST_F(ExecReviewer, FindingsArrive) {
  const auto said = examine(R"(read call
echo '{"type":"review","summary":"bad","findings":[{"severity":"critical","file":"a.py","summary":"wrong"},{"severity":"minor","summary":"so so"}]}')");
  ASSERT_THAT(said, IsOk());
  EXPECT_EQ(said->summary, "bad");
  ASSERT_EQ(said->findings.size(), 2U);
  EXPECT_EQ(said->findings[0].level, severity::critical);
  EXPECT_EQ(said->findings[0].file, "a.py");
  EXPECT_EQ(said->findings[1].file, "");
}

TEST_F(ExecReviewer, AsksAnAgentAndHearsOfFailure) {
  const auto said = examine(R"(read call
echo '{"type":"ask","message":"what of this?"}'
read -r one
echo '{"type":"ask","role":"explorer","message":"fail"}'
read -r two
printf '%s\n' "$one" "$two" >&2
echo '{"type":"review","summary":"ok","findings":[]}')");
  ASSERT_THAT(said, IsOk());
  std::string logged;
  for (const auto& [level, text] : log.lines) {
    logged += text + "\n";
  }
  EXPECT_THAT(logged, HasSubstr(R"({"type":"answer","text":"reviewer|what of this?|work|n1"})"));
  EXPECT_THAT(
      logged,
      HasSubstr(R"({"type":"error","code":"external","message":"the endpoint is \"down\""})"));
}

TEST_F(ExecReviewer, WhatCannotBeReadIsAnErrorAndNoEmptyPass) {
  const std::vector<std::pair<const char*, const char*>> scripts{
      {"read call", "ended without an answer"},
      {R"(read call; echo '{"type":"review","summary":"ok"}')", "findings"},
      {R"(read call; echo '{"type":"review","findings":[]}')", "summary"},
      {R"(read call; echo '{"type":"review","summary":"x","findings":[{"severity":"huge","summary":"x"}]}')",
       "expected one of critical, major, minor"},
      {R"(read call; echo '{"type":"review","summary":"x","findings":[]}'; exit 2)",
       "its answer does not count"},
      {R"(read call; echo '{"type":"verdict","outcome":"pass","summary":"x"}')",
       "not for a reviewer"},
      {R"(read call; echo '{"type":"exec","argv":["true"]}')", "may not in this call"}};
  for (const auto& [script, part] : scripts) {
    const auto said = examine(script);
    ASSERT_FALSE(said) << script;
    EXPECT_THAT(said.error().message(), HasSubstr(part)) << script;
  }
}

// It is not confined: what lies in the checkout is not where it starts.
TEST_F(ExecReviewer, StartsInAFolderOfItsOwn) {
  ASSERT_THAT(
      examine(R"(read call; pwd >&2; echo '{"type":"review","summary":"ok","findings":[]}')"),
      IsOk());
  EXPECT_THAT(log.lines.back().second, HasSubstr((folder / "cache").string()));
}

TEST_F(ExecReviewer, DiffOfTenMegabytesArrivesWhole) {
  const std::string diff(10'000'000, '+');
  const auto said =
      examine("#!/bin/bash\necho '" + hello(plugin::Kind::Reviewer) +
                  "'\nn=$(head -n 1 | tr -dc + | wc -c)\n"
                  "echo '{\"type\":\"review\",\"summary\":\"'$((n))'\",\"findings\":[]}'\n",
              diff);
  ASSERT_THAT(said, IsOk());
  EXPECT_EQ(said->summary, std::to_string(diff.size()));
}

}  // namespace
}  // namespace director::exec_test
