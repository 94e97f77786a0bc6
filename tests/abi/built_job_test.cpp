// Plugins that were built elsewhere do a whole job: by other compilers, with other libraries and
// flags, in C, and with the headers of released versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/support.hpp"

namespace director::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kConfig = R"([tiers]
planner = "any/planner"
test_author = "any/author"
executor = "any/executor"
explorer = "any/explorer"
reviewer = "any/reviewer"
escalation = "any/escalation"
[gates]
both = "test -f one.txt && test -f two.txt"
[limits]
max_attempts = 2
[plugins]
runner = "runner-@VARIANT@"
gate = "gate-@VARIANT@"
path = ["@PLUGINS@"]
[plugin.runner-@VARIANT@]
tool = "@TOOL@"
)";

/// The agent tool: its second argument is the role.
constexpr const char* kTool = R"SH(#!/bin/sh
prompt=$(cat)
echo 'usage :10 :5'
case $2 in
explorer) echo 'say A small repository.' ;;
brainstorm) echo 'say # Two files' ;;
planner) echo 'say {"nodes": [{"id": "one", "title": "One", "spec": "Write one.txt", "files": ["one.txt"], "depends_on": [], "test_cmd": "sh tests/one.sh", "tests": ["tests/one.sh"], "estimated_difficulty": "easy"}, {"id": "two", "title": "Two", "spec": "Write two.txt", "files": ["two.txt"], "depends_on": ["one"], "test_cmd": "sh tests/two.sh", "tests": ["tests/two.sh"], "estimated_difficulty": "easy"}]}' ;;
*)
  node=one
  case $prompt in *'Node two'*) node=two ;; esac
  case $2 in
  test-author) mkdir -p tests && echo "grep -q right $node.txt || { echo not right; exit 1; }" >tests/$node.sh ;;
  executor)
    # The first attempt is wrong, which the gate finds.
    case $prompt in *'Attempt 2'*) echo right >$node.txt ;; *) echo wrong >$node.txt ;; esac ;;
  esac
  echo 'say DONE' ;;
esac
echo end
)SH";

class BuiltPlugins : public ::testing::TestWithParam<std::string> {};

TEST_P(BuiltPlugins, LandAJob) {
  World world;
  world.make_repository();
  const fs::path tool = world.root() / "tool";
  write_file(tool, kTool);
  fs::permissions(tool, fs::perms::owner_all);
  std::string config = filled(kConfig, "@VARIANT@", GetParam());
  config = filled(filled(config, "@PLUGINS@", DIRECTOR_BUILT), "@TOOL@", tool.string());
  write_file(world.state() / "config.toml", config);
  const Ran planned = world.director({"plan", "Write two files", "--auto", "--no-critique"});
  ASSERT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  const Ran ran = world.director({"run", "--parallel", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("done 2 of 2"));
  const std::string branch =
      world.git_says({"for-each-ref", "--format=%(refname)", "refs/heads/director/"});
  EXPECT_EQ(world.git_says({"show", branch + ":one.txt"}), "right");
  EXPECT_EQ(world.git_says({"show", branch + ":two.txt"}), "right");
  const Result<Json> state = parse_json(read_file(world.state() / "state.json"));
  ASSERT_TRUE(state) << state.error().message();
  const Json nodes = state->get_object("nodes").value();
  for (const char* node : {"one", "two"}) {
    EXPECT_EQ(nodes.get_object(node)->get_int("attempts").value_or(0), 2)
        << "the gate said no to the first attempt at " << node;
  }
}

std::vector<std::string> variants() {
  std::istringstream list(DIRECTOR_BUILT_VARIANTS);
  std::vector<std::string> all;
  for (std::string variant; std::getline(list, variant, ',');) {
    all.push_back(variant);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, BuiltPlugins, ::testing::ValuesIn(variants()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

std::string told(const std::vector<std::string>& tool, const std::string& plugin) {
  std::vector<std::string> argv = tool;
  argv.push_back((fs::path(DIRECTOR_BUILT) / (plugin + ".so")).string());
  const Ran ran = run(argv, "/", {{"PATH", "/usr/bin:/bin"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  return ran.out;
}

// Each is what it is named for, so that the jobs above say something.
TEST(BuiltPluginFiles, AreWhatTheirNamesSay) {
  for (const std::string kind : {"gate-", "runner-"}) {
    const std::string plain = told({"readelf", "-dW"}, kind + "gcc");
    EXPECT_THAT(plain, HasSubstr("libstdc++.so"));
    EXPECT_THAT(told({"readelf", "-p", ".comment"}, kind + "gcc"), Not(HasSubstr("clang")));
    EXPECT_THAT(told({"readelf", "-p", ".comment"}, kind + "clang"), HasSubstr("clang"));
    const std::string alone = told({"readelf", "-dW"}, kind + "static-library");
    EXPECT_THAT(alone, Not(HasSubstr("libstdc++")));
    EXPECT_THAT(alone, Not(HasSubstr("libgcc_s")));
    EXPECT_THAT(told({"nm", "-D"}, kind + "gcc"), Not(HasSubstr("_ZNSs")));
    EXPECT_THAT(told({"nm", "-D"}, kind + "old-strings"), HasSubstr("_ZNSs"));
    EXPECT_THAT(told({"nm", "-D"}, kind + "gcc"), HasSubstr("__cxa_begin_catch"));
    EXPECT_THAT(told({"nm", "-D"}, kind + "no-exceptions"), Not(HasSubstr("__cxa_begin_catch")));
    EXPECT_THAT(told({"readelf", "-dW"}, kind + "c11"), Not(HasSubstr("libstdc++")));
  }
}

}  // namespace
}  // namespace director::e2e
