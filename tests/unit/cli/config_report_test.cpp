#include "cli/config_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

std::vector<config::Item> some_items() {
  return {{"limits.flake_runs", "2", {"default", 0, 0}},
          {"limits.max_attempts", "4", {"/r/.director/config.toml", 12, 1}},
          {"repository.ignore", R"(["a", "b"])", {"DIRECTOR_REPOSITORY__IGNORE", 0, 0}},
          {"tiers.executor", R"("p/m")", {"--set tiers.executor", 0, 0}}};
}

TEST(ConfigReport, LinesUpValuesAndOrigins) {
  EXPECT_EQ(config_text(some_items()),
            "limits.flake_runs   = 2           # default\n"
            "limits.max_attempts = 4           # /r/.director/config.toml:12:1\n"
            "repository.ignore   = [\"a\", \"b\"]  # DIRECTOR_REPOSITORY__IGNORE\n"
            "tiers.executor      = \"p/m\"       # --set tiers.executor\n");
}

TEST(ConfigReport, OneLongValueDoesNotPushTheOthersAway) {
  std::vector<config::Item> items = some_items();
  items.push_back({"workspace.setup", '"' + std::string(500, 'x') + '"', {"default", 0, 0}});
  const std::string text = config_text(items);
  EXPECT_THAT(text, HasSubstr("limits.flake_runs   = 2           # default\n"));
  EXPECT_THAT(text, HasSubstr("xxx\"  # default\n"));
}

TEST(ConfigReport, JsonHasTypedValuesAndWhereTheyComeFrom) {
  const auto json = parse_json(config_json(some_items(), {"a warning"}, "/r/p.toml"));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->get_string("profile").value(), "/r/p.toml");
  EXPECT_EQ(json->get_strings("warnings").value(), (std::vector<std::string>{"a warning"}));
  const std::vector<Json> values = json->get_array("values").value();
  ASSERT_EQ(values.size(), 4U);
  const char* from[] = {"default", "file", "environment", "set"};
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i].get_string("from").value(), from[i]);
  }
  EXPECT_EQ(values[1].get_int("value").value(), 4);
  EXPECT_EQ(values[1].get_int("line").value(), 12);
  EXPECT_FALSE(values[0].find("line").has_value());
  EXPECT_EQ(values[2].get_strings("value").value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values[3].get_string("value").value(), "p/m");
}

TEST(ConfigReport, APrefixChoosesAndAWrongOneIsToldWhatExists) {
  const auto limits = items_below(some_items(), "limits");
  ASSERT_THAT(limits, IsOk());
  EXPECT_EQ(limits->size(), 2U);
  EXPECT_EQ(items_below(some_items(), "limits.max")->size(), 1U);
  EXPECT_EQ(items_below(some_items(), "")->size(), 4U);
  EXPECT_THAT(items_below(some_items(), "limts"),
              FailsWith(Errc::NotFound, "starts with 'limts', did you mean 'limits'?"));
  EXPECT_THAT(items_below(some_items(), "tiers.exekutor"),
              FailsWith(Errc::NotFound, "did you mean 'tiers.executor'?"));
  EXPECT_THAT(items_below(some_items(), "zzzzzzzzz"), FailsWith(Errc::NotFound, "shows all keys"));
}

// A value comes from a file of the repository, which others may have written.
TEST(ConfigReport, EscapesWhatATerminalWouldObey) {
  config::Sources sources;
  sources.repository = config::SourceFile{
      "x\x1b[2J.toml",
      "tiers = {planner='p/m', test_author='p/m', executor='l/x', explorer='l/x', reviewer='p/m', "
      "escalation='p/m'}\n[gates]\n\"a\xe2\x80\xae\xe2\x80\xac\" = \"\\u001b[31m\xc2\x9b"
      "\xe2\x80\xae\xe2\x80\xac\\u007f\\r\\n\"\n"};
  const auto loaded = config::load(sources);
  ASSERT_THAT(loaded, IsOk());
  const std::string text = config_text(loaded->items);
  EXPECT_THAT(text, HasSubstr("gates"));
  for (const char* raw : {"\x1b", "\xc2\x9b", "\xe2\x80\xae", "\x7f", "\r"}) {
    EXPECT_THAT(text, Not(HasSubstr(raw)));
  }
  EXPECT_THAT(parse_json(config_json(loaded->items, {}, "")), IsOk());
}

}  // namespace
}  // namespace director::cli
