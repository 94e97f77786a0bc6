#include "core/plan/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/matchers.hpp"

namespace director::plan {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using testing::IsOk;

constexpr std::string_view kNode =
    R"({"id":"a","title":"T","spec":"S","files":["f.py"],"depends_on":["z"],"test_cmd":"run",)"
    R"("tests":["t.py"],"estimated_difficulty":"hard"})";

std::string plan(std::string_view nodes = kNode) {
  return "{\"nodes\":[" + std::string(nodes) + "]}";
}

void expect_the_node(std::string_view reply) {
  const auto nodes = parse_planner_reply(reply);
  ASSERT_THAT(nodes, IsOk()) << reply;
  ASSERT_EQ(nodes->size(), 1U) << reply;
  const Node& node = nodes->front();
  EXPECT_EQ(node.id.value, "a");
  EXPECT_EQ(node.title, "T");
  EXPECT_EQ(node.spec, "S");
  EXPECT_THAT(node.files, ElementsAre("f.py"));
  EXPECT_THAT(node.depends_on, ElementsAre(NodeId("z")));
  EXPECT_EQ(node.test_cmd, "run");
  EXPECT_THAT(node.tests, ElementsAre("t.py"));
  EXPECT_EQ(node.difficulty, Difficulty::Hard);
}

TEST(PlannerReply, ReadsWhatModelsSend) {
  const std::string node(kNode);
  expect_the_node(plan());
  expect_the_node("```json\n" + plan() + "\n```");
  expect_the_node("Sure! Here it is:\n\n```\n" + plan() + "\n```\nLet me know {if} [it] fits.");
  expect_the_node("I'd use \"{\" and [x] and {y: 1} first, isn't it?\n" + plan() + " Done}");
  expect_the_node("[" + node + "]");
  expect_the_node("{\"plan\":{\"nodes\":[" + node + "]}}");
  expect_the_node("{\"plan\":[" + node + "],}");
  expect_the_node("{\"nodes\":[" + node + ",],}");
  expect_the_node("{ // the plan\n\"nodes\": /* one */ [" + node + "]}");
  expect_the_node("\xef\xbb\xbf" + plan());
  expect_the_node("\xff\xfe\x00 bytes " + plan());
  expect_the_node(
      "Draft: {\"nodes\":[{\"id\":\"old\",\"spec\":\"s\",\"files\":[\"f\"],"
      "\"test_cmd\":\"x\"}]}\nBetter:\n" +
      plan() + "\nUnlike {\"nodes\": 3}.");
  // The outer object is cut off, the list is whole.
  expect_the_node("{\"nodes\":[" + node + "], \"note");
}

TEST(PlannerReply, KnowsTheAliases) {
  expect_the_node(R"({"nodes":[{"id":"a","title":"T","description":"S","files_to_modify":["f.py"],
      "depends_on":["z"],"test_cmd":"run","test_files":["t.py"],"estimated_difficulty":"HARD "}]})");
  expect_the_node(R"({"nodes":[{"id":"a","title":"T","desc":"S","file_allowlist":["./f.py"],
      "depends_on":"z","test_cmd":"run","test_file":"t.py","difficulty":"Hard"}]})");
  expect_the_node(R"({"nodes":[{"id":"a","title":"T","spec":null,"desc":"S","files":"f.py",
      "depends_on":["z"],"test_cmd":"run","tests":[],"test":["t.py"],
      "estimated_difficulty":"hard"}]})");
}

TEST(PlannerReply, FillsInWhatIsMissing) {
  const auto nodes = parse_planner_reply(
      R"({"nodes":[{"id":7,"spec":"s","files":[],"depends_on":null,"test_cmd":"x",
          "estimated_difficulty":"brutal","test_hashes":{"f":"x"}},
          {"id":"b","title":" \t","spec":"s","files":["f"],"depends_on":[7],"test_cmd":"x"}]})");
  ASSERT_THAT(nodes, IsOk());
  EXPECT_EQ(nodes->at(0).id.value, "7");
  EXPECT_EQ(nodes->at(0).title, "7");
  EXPECT_EQ(nodes->at(1).title, "b");
  EXPECT_TRUE(nodes->at(0).files.empty());
  EXPECT_TRUE(nodes->at(0).tests.empty());
  EXPECT_TRUE(nodes->at(0).test_hashes.empty());
  EXPECT_EQ(nodes->at(0).difficulty, Difficulty::Medium);
  EXPECT_THAT(nodes->at(1).depends_on, ElementsAre(NodeId("7")));
}

TEST(PlannerReply, RepairsLineBreaksInStrings) {
  const auto nodes = parse_planner_reply(
      "Here:\n{\"nodes\":[{\"id\":\"a\",\"spec\":\"one\n\ttwo \\\"q\\\"\",\"files\":[\"f\"],"
      "\"test_cmd\":\"x\n\"}]}\nbye");
  ASSERT_THAT(nodes, IsOk());
  EXPECT_EQ(nodes->front().spec, "one\n\ttwo \"q\"");
}

TEST(PlannerReply, AnEmptyListIsLeftToValidation) {
  const auto nodes = parse_planner_reply("{\"nodes\":[]}");
  ASSERT_THAT(nodes, IsOk());
  EXPECT_TRUE(nodes->empty());
}

TEST(PlannerReply, ErrorsSayWhatToDo) {
  EXPECT_EQ(parse_planner_reply("I cannot do that.").error().message(),
            "cannot read the plan: the reply holds no JSON plan; answer with one JSON object "
            "{\"nodes\": [...]} and nothing else");
  EXPECT_EQ(parse_planner_reply("").error().message(),
            parse_planner_reply("{} [] {x}").error().message());
  EXPECT_EQ(parse_planner_reply("{\"tasks\": [1]}").error().message(),
            "cannot read the plan: the JSON object has no key \"nodes\"; answer with one JSON "
            "object {\"nodes\": [...]}");
  EXPECT_EQ(parse_planner_reply("Plan:\n{\"nodes\": [{\"id\": \"a\", oops}]}").error().message(),
            "cannot read the plan: the JSON in the reply is broken at 2:24 (line:column): missing "
            "a name for object member; answer with one JSON object {\"nodes\": [...]}");
  EXPECT_EQ(parse_planner_reply(
                R"({"nodes":[{"id":"a","files":[1,{}],"test_cmd":[]},"b",{"files":true}]})")
                .error()
                .message(),
            "cannot read the plan: these fields are wrong\n"
            "nodes[0].spec: missing, expected a string\n"
            "nodes[0].files[1]: expected a string, found an object\n"
            "nodes[0].test_cmd: expected a string, found an array\n"
            "nodes[1]: expected an object with the node's fields, found a string\n"
            "nodes[2].id: missing, expected a string\n"
            "nodes[2].spec: missing, expected a string\n"
            "nodes[2].files: expected an array of strings, found a boolean\n"
            "nodes[2].test_cmd: missing, expected a string");
}

TEST(PlannerReply, HostileTextIsAnErrorAndLittleWork) {
  const std::string many[] = {
      std::string(500'000, '['),  std::string(500'000, '{'),
      std::string(500'000, '"'),  std::string(500'000, '\\'),
      std::string(500'000, '\0'), "{\"nodes\":" + std::string(500'000, '[')};
  for (const std::string& text : many) {
    EXPECT_THAT(parse_planner_reply(text), FailsWith(Errc::Invalid, "cannot read the plan"));
  }
  std::string pairs;
  for (int i = 0; i < 100'000; ++i) {
    pairs += "{\"a\":[";
  }
  EXPECT_THAT(parse_planner_reply(pairs), FailsWith(Errc::Invalid, "nested deeper"));
  std::string strings = "{\"a";
  for (int i = 0; i < 50'000; ++i) {
    strings += "\n[\"{";
  }
  EXPECT_THAT(parse_planner_reply(strings), FailsWith(Errc::Invalid, "cannot read the plan"));
}

}  // namespace
}  // namespace director::plan
