#include "cli/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;

using Tiers = std::map<config::Role, config::Tier>;

config::Tier tier(const std::string& model) { return {model, "", model}; }

TEST(Findings, TextSaysLevelTopicAndHowToMendIt) {
  EXPECT_EQ(finding_text({Level::Warning, "disk", "little room", "make some"}),
            "warning  disk           little room\n"
            "                        -> make some\n");
  EXPECT_EQ(finding_text({Level::Problem, "configuration", "a:1:2: one\nb:2:3: two\x1b[2J", ""}),
            "problem  configuration  a:1:2: one\n"
            "                        b:2:3: two\\x1b[2J\n");
  EXPECT_EQ(finding_text({Level::Ok, "x", "", ""}), "ok       x              \n");
}

TEST(Findings, SummaryAndJsonCount) {
  const std::vector<Finding> some{{Level::Warning, "a", "x", "y"},
                                  {Level::Problem, "b", "x\xff", ""},
                                  {Level::Note, "c", "x", ""},
                                  {Level::Ok, "d", "x", ""}};
  EXPECT_EQ(summary_text(some), "1 warning, 1 problem");
  EXPECT_EQ(summary_text({{Level::Note, "c", "x", ""}}), "all is well");
  EXPECT_TRUE(has_problem(some));
  EXPECT_FALSE(has_problem({some[0], some[2]}));
  const auto json = parse_json(findings_json(some));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->get_int("problems").value(), 1);
  EXPECT_EQ(json->get_array("findings")->at(0).get_string("fix").value(), "y");
  EXPECT_EQ(json->get_array("findings")->at(2).get_string("level").value(), "note");
}

TEST(JudgeProbe, KnowsTheVersionsThatTheRunnerIsWrittenFor) {
  const std::pair<const char*, Level> cases[] = {
      {R"({"tool":"opencode","version":"1.18.33","models":["p/m"]})", Level::Ok},
      {R"({"tool":"opencode","version":"1.19.0","models":["p/m"]})", Level::Warning},
      {R"({"tool":"opencode","version":"1.180.0","models":["p/m"]})", Level::Warning},
      {R"({"tool":"opencode","version":"","models":["p/m"]})", Level::Warning},
      {R"({"tool":"opencode","models":["p/m"]})", Level::Warning},
      {R"({"tool":"another","version":"0.1","models":["p/m"]})", Level::Ok},
  };
  for (const auto& [probe, level] : cases) {
    EXPECT_EQ(judge_probe(probe, "r", {}).at(0).level, level) << probe;
  }
}

TEST(JudgeProbe, NamesModelsThatTheToolDoesNotKnowOnceEach) {
  const Tiers tiers{{config::Role::Planner, tier("big/model-5")},
                    {config::Role::Executor, tier("local/coder")},
                    {config::Role::Explorer, tier("local/coder")},
                    {config::Role::Reviewer, tier("big/modle-5")}};
  const std::vector<Finding> found = judge_probe(
      R"({"tool":"opencode","version":"1.18.1","models":["big/model-5","other/x"]})", "r", tiers);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(finding_text(found[1]), "ok       models         big/model-5 (tiers.planner)\n");
  EXPECT_EQ(found[2].level, Level::Problem);
  EXPECT_THAT(found[2].fix, HasSubstr("did you mean 'big/model-5'?"));
  EXPECT_EQ(found[3].text, "opencode does not list 'local/coder' (tiers.executor, tiers.explorer)");
}

TEST(JudgeProbe, AnAnswerThatCannotBeUsedIsNeverAPass) {
  for (const char* probe : {"", "{", "[]", "{}", R"({"tool":1})", "\xff"}) {
    const std::vector<Finding> found = judge_probe(probe, "r", {});
    ASSERT_EQ(found.size(), 1U) << probe;
    EXPECT_EQ(found[0].level, Level::Problem);
    EXPECT_THAT(found[0].text, HasSubstr("runner 'r'"));
  }
  for (const char* models : {"[]", "null", "3", "[1]", "{}"}) {
    const std::vector<Finding> found =
        judge_probe(R"({"tool":"t","version":"1","models":)" + std::string(models) + "}", "r",
                    {{config::Role::Planner, tier("a/b")}});
    ASSERT_EQ(found.size(), 2U) << models;
    EXPECT_EQ(found[1].level, Level::Warning);
    EXPECT_THAT(found[1].text, HasSubstr("cannot be checked"));
  }
}

TEST(JudgeRepository, SaysWhatAJobWouldNotSee) {
  RepositoryFacts facts;
  EXPECT_EQ(judge_repository(facts).at(0).level, Level::Ok);
  facts.branches = {"refs/heads/director/job-2", "refs/heads/director/job-1"};
  facts.job_branch = "director/job-2";
  facts.checkout.detached = true;
  facts.checkout.uncommitted = true;
  const std::vector<Finding> found = judge_repository(facts);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].level, Level::Note);
  EXPECT_THAT(found[1].text, HasSubstr("uncommitted changes"));
  EXPECT_EQ(found[2].text, "a branch of an earlier job is left: director/job-1");
  EXPECT_THAT(found[2].fix, HasSubstr("git branch -D director/job-1"));
  for (int i = 3; i < 9; ++i) {
    facts.branches.push_back("refs/heads/director/job-" + std::to_string(i));
  }
  EXPECT_EQ(judge_repository(facts).at(2).text,
            "7 branches of earlier jobs are left: director/job-1, director/job-3, director/job-4, "
            "...");
  facts.checkout.unborn = true;
  EXPECT_EQ(judge_repository(facts).at(0).level, Level::Problem);
}

TEST(JudgeSpace, HasThreeLevels) {
  constexpr std::uintmax_t kMega = 1U << 20U;
  EXPECT_EQ(judge_space("x", "/p", 255 * kMega).level, Level::Problem);
  EXPECT_EQ(judge_space("x", "/p", 256 * kMega).level, Level::Warning);
  EXPECT_EQ(judge_space("x", "/p", 2048 * kMega).level, Level::Ok);
  EXPECT_EQ(judge_space("x", "/p", 2048 * kMega).text, "2048 MB free for x '/p'");
}

}  // namespace
}  // namespace director::cli
