#include "core/config/toml_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using director::testing::FailsWith;

TEST(TomlToJson, TablesAreObjectsWithSortedKeys) {
  const Result<std::string> json = toml_to_json("kit.toml", R"(
b = "text \"quoted\""
[table]
whole = 7
part = 0.5
flag = true
[table.inner]
texts = ["x", "y"]
[empty]
)");
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(*json, R"({"b":"text \"quoted\"","empty":{},"table":{"flag":true,)"
                   R"("inner":{"texts":["x","y"]},"part":0.5,"whole":7}})");
}

TEST(TomlToJson, WhatJsonCannotHoldIsNamedWithItsPlace) {
  EXPECT_THAT(toml_to_json("kit.toml", "ok = 1\nday = 2026-01-01\n"),
              FailsWith(Errc::Invalid, "kit.toml:2:"));
  EXPECT_THAT(toml_to_json("kit.toml", "list = [1, 2]\n"), FailsWith(Errc::Invalid, "list"));
}

TEST(TomlToJson, EverySyntaxErrorIsAnError) {
  EXPECT_THAT(toml_to_json("kit.toml", "a = \n"), FailsWith(Errc::Invalid, "kit.toml:1:"));
}

TEST(TomlToJson, NothingIsAnEmptyObject) { EXPECT_EQ(toml_to_json("kit.toml", "").value(), "{}"); }

}  // namespace
}  // namespace director::config
