// The commands that look at a repository instead of working on it, as processes. The runner is
// scripted: no OpenCode, no network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "tests/e2e/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

constexpr const char* kConfig = R"([tiers]
planner = "any/planner"
test_author = "any/author"
executor = "any/executor"
explorer = "any/explorer"
reviewer = "any/reviewer"
escalation = "any/escalation"
[gates]
one = "test -f one.txt"
[plugins]
runner = "runner-scripted"
path = ["@PLUGINS@"]
[plugin.runner-scripted]
script = "@SCRIPT@"
)";

std::string filled(std::string text, const std::string& place, const std::string& value) {
  return text.replace(text.find(place), place.size(), value);
}

class Tools : public ::testing::Test {
 protected:
  Tools() { world_.make_repository(); }

  void configure(const std::string& script = R"({"rules": []})") {
    const fs::path path = world_.root() / "script.json";
    write_file(path, script);
    write_file(
        world_.state() / "config.toml",
        filled(filled(kConfig, "@PLUGINS@", DIRECTOR_TEST_PLUGINS), "@SCRIPT@", path.string()));
  }

  World world_;
};

TEST_F(Tools, ConfigShowsEveryValueWithItsOrigin) {
  configure();
  write_file(world_.root() / "home" / ".config" / "director" / "config.toml",
             "[limits]\nflake_runs = 5\n[gates]\nmine = 'true'\n");
  world_.environment()["DIRECTOR_LIMITS__STALL_SECS"] = "7";
  const Ran ran = world_.director({"config", "--set", "limits.max_attempts=9"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(world_.repo().string() + "/.director/config.toml:4:1"),
                             HasSubstr("/.config/director/config.toml:2:1"),
                             HasSubstr("# DIRECTOR_LIMITS__STALL_SECS"),
                             HasSubstr("# --set limits.max_attempts"), HasSubstr("# default")));
  EXPECT_THAT(ran.err, HasSubstr("only the repository's configuration may set gates"));

  const Ran json = world_.director({"config", "--json", "limits.flake"});
  const auto parsed = parse_json(json.out);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->get_array("values").value().at(0).get_int("value").value(), 5);
}

TEST_F(Tools, ConfigErrorsHavePlaceSuggestionAndStatus) {
  configure();
  EXPECT_EQ(world_.director({"config", "nonsense"}).exit_code, 2);
  const Ran wrong = world_.director({"config", "--set", "limits.max_atempts=1"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'limits.max_attempts'?"));
}

TEST_F(Tools, AProfileStandsAloneAndAnUnknownOneNamesThoseThereAre) {
  configure();
  std::string cheap = read_file(world_.state() / "config.toml");
  cheap = filled(cheap, "any/executor", "cheap/executor");
  write_file(world_.state() / "profiles" / "cheap.toml", cheap);
  write_file(world_.state() / "profiles" / "all-frontier.toml", cheap);
  write_file(world_.state() / "config.toml", "this is broken");
  const Ran ran = world_.director({"config", "tiers.executor", "--profile", "cheap"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("\"cheap/executor\""), HasSubstr("profiles/cheap.toml:4:1")));
  EXPECT_EQ(world_.director({"config", "--profile", ".director/profiles/cheap.toml"}).out,
            world_.director({"config", "--profile", "cheap"}).out);

  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"config", "--profile", "dear"},
                                             {"run", "--profile", "dear"},
                                             {"plan", "Do it", "--profile", "dear"}}) {
    const Ran unknown = world_.director(args);
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_THAT(unknown.err, AllOf(HasSubstr("there is no profile 'dear'"),
                                   HasSubstr("there are: all-frontier, cheap")));
  }
  EXPECT_THAT(world_.director({"run", "--profile", ""}).err, HasSubstr("there is no profile ''"));
}

}  // namespace
}  // namespace director::e2e
