#include "core/plan/plan_json.hpp"

#include <gtest/gtest.h>

#include "tests/unit/matchers.hpp"

namespace director::plan {
namespace {

using testing::FailsWith;
using testing::IsOk;

constexpr std::string_view kPlan = R"({
  "job_id": "20260131-094500",
  "task": "say \"hi\"\n",
  "repo": "/r",
  "created_at": "2026-01-31T09:45:00Z",
  "job_branch": "director/job-20260131-094500",
  "nodes": [
    {
      "id": "a",
      "title": "A",
      "spec": "do it",
      "files": [
        "f"
      ],
      "depends_on": [],
      "test_cmd": "make test",
      "tests": [
        "t"
      ],
      "estimated_difficulty": "easy",
      "test_hashes": {
        "t": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
      }
    },
    {
      "id": "b",
      "title": "",
      "spec": "",
      "files": [],
      "depends_on": [
        "a"
      ],
      "test_cmd": "",
      "tests": [],
      "estimated_difficulty": "medium",
      "test_hashes": {}
    }
  ]
}
)";

TEST(PlanJson, RoundTripsByteForByte) {
  const auto plan = parse_plan(kPlan);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->task, "say \"hi\"\n");
  EXPECT_EQ(plan->nodes.at(0).difficulty, Difficulty::Easy);
  EXPECT_EQ(plan->nodes.at(1).depends_on.at(0), NodeId("a"));
  EXPECT_EQ(to_json(*plan), kPlan);
}

TEST(PlanJson, IgnoresUnknownFieldsAndFillsInMissingOnes) {
  const auto plan = parse_plan(R"({"job_id":"1","task":"","repo":"","created_at":"",
      "job_branch":"","new":1,"nodes":[{"id":"a","other":[],"tests":null}]})");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->nodes.at(0).difficulty, Difficulty::Medium);
}

TEST(PlanJson, ErrorsNameThePlace) {
  const auto with_node = [](const std::string& node) {
    return parse_plan(
        R"({"job_id":"1","task":"","repo":"","created_at":"","job_branch":"","nodes":[)" + node +
        "]}");
  };
  EXPECT_THAT(parse_plan("{"), FailsWith(Errc::Invalid, "cannot read the plan: 1:2: "));
  EXPECT_THAT(parse_plan("{}"),
              FailsWith(Errc::Invalid, "cannot read the plan: job_id: missing, expected a string"));
  EXPECT_THAT(with_node("{}"), FailsWith(Errc::Invalid, "nodes[0].id: missing, expected a string"));
  EXPECT_THAT(
      with_node(R"({"id":"a"},{"id":"b","files":"x"})"),
      FailsWith(Errc::Invalid, "nodes[1].files: expected an array of strings, found a string"));
  EXPECT_THAT(with_node(R"({"id":"a","estimated_difficulty":"Easy"})"),
              FailsWith(Errc::Invalid, "nodes[0].estimated_difficulty: expected \"easy\", "));
  EXPECT_THAT(with_node(R"({"id":"a","test_hashes":{"t.py":"abc"}})"),
              FailsWith(Errc::Invalid, "nodes[0].test_hashes.\"t.py\": expected a SHA-256"));
  EXPECT_THAT(with_node("3"), FailsWith(Errc::Invalid, "nodes[0]: expected an object"));
}

}  // namespace
}  // namespace director::plan
