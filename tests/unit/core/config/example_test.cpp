// The example that people start from: it loads, its values are the defaults, its variants load too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/base/text.hpp"
#include "core/config/load.hpp"
#include "tests/unit/matchers.hpp"

namespace director::config {
namespace {

using testing::IsOk;

std::string read_example() {
  std::ifstream file(DIRECTOR_AGENTS_DIR "/config.example.toml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<Loaded> load_text(const std::string& text) {
  Sources sources;
  sources.repository = SourceFile{"config.example.toml", text};
  return load(sources);
}

TEST(ExampleConfig, LoadsWithoutAWarning) {
  const auto loaded = load_text(read_example());
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->warnings, ::testing::IsEmpty());
}

TEST(ExampleConfig, ItsValuesAreTheDefaults) {
  const auto example = load_text(read_example());
  ASSERT_THAT(example, IsOk());
  std::string tiers = "[tiers]\n";
  for (const Role role : kRoles) {
    tiers += std::string(to_string(role)) + " = '" + example->settings.tiers.at(role).text + "'\n";
  }
  const auto defaults = load_text(tiers);
  ASSERT_THAT(defaults, IsOk());
  std::map<std::string, std::string> expected;
  for (const Item& item : defaults->items) {
    expected[item.key] = item.value;
  }
  for (const Item& item : example->items) {
    if (!item.key.starts_with("pricing.") && !item.key.starts_with("plugin.")) {
      EXPECT_EQ(item.value, expected[item.key]) << item.key;
      EXPECT_TRUE(item.origin.source != "default" || item.key == "plugins.launcher")
          << item.key << " does not stand in the example";
    }
  }
}

/// The example with its n-th commented [tiers] table, and every commented price, in force.
std::string variant(const std::string& example, int wanted) {
  std::string text;
  int seen = 0;
  enum class Part { Keep, Drop, Uncomment } part = Part::Keep;
  for (const std::string_view line : text::split_lines(example)) {
    const bool is_commented = line.starts_with("# ");
    const std::string_view bare = is_commented ? line.substr(2) : line;
    if (bare == "[tiers]") {
      part = (is_commented ? ++seen : 0) == wanted ? Part::Uncomment : Part::Drop;
    } else if (bare.starts_with("[pricing.")) {
      part = Part::Uncomment;
    } else if (bare.empty() || line.starts_with("# ----") || !line.starts_with("#")) {
      part = part == Part::Drop && !is_commented && !line.starts_with("[") && !line.empty()
                 ? Part::Drop
                 : Part::Keep;
    }
    const bool is_value = bare.starts_with("[") || bare.find(" = ") != std::string_view::npos;
    if (part == Part::Uncomment && is_value) {
      text += std::string(bare) + "\n";
    } else if (part == Part::Keep) {
      text += std::string(line) + "\n";
    }
  }
  return text;
}

TEST(ExampleConfig, ItsCommentedVariantsLoad) {
  const std::string example = read_example();
  std::set<std::string> executors;
  for (int wanted = 0; wanted <= 2; ++wanted) {
    const auto loaded = load_text(variant(example, wanted));
    ASSERT_THAT(loaded, IsOk()) << variant(example, wanted);
    executors.insert(loaded->settings.tiers.at(Role::Executor).text);
    for (const std::string& warning : loaded->warnings) {
      EXPECT_THAT(warning, ::testing::HasSubstr("no tier uses this model"));
    }
  }
  EXPECT_EQ(executors.size(), 3U);
}

}  // namespace
}  // namespace director::config
