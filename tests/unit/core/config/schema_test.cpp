#include "core/config/schema.hpp"

#include <gtest/gtest.h>

#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using testing::FailsWith;
using testing::IsOk;

constexpr std::string_view kSchema = R"({"type":"object","properties":{
  "command":{"type":"string","default":"opencode"},
  "transport":{"type":"string","enum":["run","server"],"default":"run"},
  "port":{"type":"integer","minimum":1,"maximum":65535},
  "ratio":{"type":"number","maximum":0.5},
  "fast":{"type":"boolean"},
  "args":{"type":"array","items":{"type":"string"}},
  "key":{"type":"string"}},"required":["key"]})";

PluginTable table(std::string json) {
  PluginTable made;
  made.json = std::move(json);
  made.table = {"c.toml", 3, 1};
  for (const char* key : {"transport", "port", "comand", "ratio", "fast", "args", "command"}) {
    made.origins[key] = {"c.toml", 4 + static_cast<int>(made.origins.size()), 1};
  }
  return made;
}

TEST(PluginConfig, FillsInDefaults) {
  EXPECT_EQ(
      *check_plugin_config(table(R"({"key":"k","port":1,"args":["a"],"ratio":0.25})"), kSchema,
                           "x"),
      R"({"args":["a"],"command":"opencode","key":"k","port":1,"ratio":0.25,"transport":"run"})");
  EXPECT_EQ(*check_plugin_config(table("{}"), "", "x"), "{}");
  EXPECT_EQ(*check_plugin_config(table("{}"), "{}", "x"), "{}");
}

TEST(PluginConfig, TellsEveryProblemWithItsPlace) {
  EXPECT_EQ(
      check_plugin_config(
          table(R"({"transport":"pigeon","port":0,"comand":"x","ratio":1,"fast":"yes","args":[1],)"
                R"("command":7})"),
          kSchema, "x")
          .error()
          .message(),
      "c.toml:4:1: plugin.x.transport: expected one of \"run\", \"server\", found \"pigeon\"\n"
      "c.toml:5:1: plugin.x.port: expected at least 1, found 0\n"
      "c.toml:6:1: unknown key 'plugin.x.comand', did you mean 'plugin.x.command'?\n"
      "c.toml:7:1: plugin.x.ratio: expected at most 0.5, found 1\n"
      "c.toml:8:1: plugin.x.fast: expected true or false, found a string\n"
      "c.toml:9:1: plugin.x.args: expected an array of strings, found an array\n"
      "c.toml:10:1: plugin.x.command: expected a string, found a number\n"
      "c.toml:3:1: missing key 'plugin.x.key': give it a string");
  EXPECT_THAT(check_plugin_config(table(R"({"key":"k","port":70000})"), kSchema, "x"),
              FailsWith(Errc::Invalid, "expected at most 65535, found 70000"));
  EXPECT_THAT(check_plugin_config(table(R"({"port":1.5})"), kSchema, "x"),
              FailsWith(Errc::Invalid, "plugin.x.port: expected a whole number, found a number"));
  EXPECT_THAT(
      check_plugin_config(table(R"({"zzzzzz":1})"), "", "x"),
      FailsWith(Errc::Invalid, "unknown key 'plugin.x.zzzzzz', this plugin has no settings"));
}

TEST(PluginConfig, ABrokenSchemaIsThePluginsBug) {
  const std::pair<std::string, std::string> cases[] = {
      {"{", "1:2"},
      {"[]", "top level: expected an object, found an array"},
      {R"({"properties":{"a":{"type":"object"}}})", "the type \"object\" is not known"},
      {R"({"properties":{"a":{}}})", "properties.a.type: missing, expected a string"},
      {R"({"properties":{"a":{"type":"array"}}})", "properties.a.items: missing"},
      {R"({"properties":{"a":{"type":"array","items":{"type":"integer"}}}})",
       "only arrays of strings"},
      {R"({"properties":{"a":{"type":"integer","default":"x"}}})",
       "properties.a.default: expected a whole number, found a string"},
      {R"({"properties":{"a":{"type":"integer","minimum":"x"}}})", "properties.a.minimum"},
      {R"({"properties":{},"required":["a"]})", "required: there is no property \"a\""},
  };
  for (const auto& [schema, message] : cases) {
    EXPECT_THAT(check_plugin_config(table("{}"), schema, "x"), FailsWith(Errc::Internal, message));
    EXPECT_THAT(
        check_plugin_config(table("{}"), schema, "x"),
        FailsWith(Errc::Internal,
                  "cannot use the configuration schema of plugin 'x', a bug of that plugin: "));
  }
}

}  // namespace
}  // namespace director::config
