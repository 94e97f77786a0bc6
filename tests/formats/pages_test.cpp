// The pages of docs/formats: their examples are as their schemas say, and they link to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/unit/matchers.hpp"

namespace director::support {
namespace {

namespace fs = std::filesystem;
using director::testing::IsOk;
using ::testing::HasSubstr;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> schema_names() {
  std::vector<std::string> names;
  const std::string end = ".schema.json";
  for (const auto& entry : fs::directory_iterator(DIRECTOR_FORMATS)) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(end)) {
      names.push_back(file.substr(0, file.size() - end.size()));
    }
  }
  return names;
}

/// The JSON values in the page's ```json blocks, one after the other.
std::vector<std::string> examples(const std::string& page) {
  std::vector<std::string> found;
  const std::string fence = "```json\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    std::string_view block = std::string_view(page).substr(at, page.find("```", at) - at);
    at += block.size();
    while (!text::trim(block).empty()) {
      const JsonPrefix prefix = parse_json_prefix(block, JsonDialect::Strict);
      if (!prefix.value) {
        ADD_FAILURE() << prefix.problem << " in:\n" << block;
        break;
      }
      found.emplace_back(block.substr(0, prefix.end));
      block.remove_prefix(prefix.end);
    }
  }
  return found;
}

class Page : public ::testing::TestWithParam<std::string> {};

TEST_P(Page, ExamplesAreAsTheSchemaSaysAndItIsLinked) {
  const std::string page = read(fs::path(DIRECTOR_FORMATS) / (GetParam() + ".md"));
  EXPECT_THAT(page, HasSubstr("(" + GetParam() + ".schema.json)"));
  const Result<JsonSchema> schema = JsonSchema::load(GetParam());
  ASSERT_THAT(schema, IsOk());
  const std::vector<std::string> documents = examples(page);
  EXPECT_FALSE(documents.empty()) << "the page shows no example";
  for (const std::string& document : documents) {
    EXPECT_THAT(schema->check(document), IsOk()) << document;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Page, ::testing::ValuesIn(schema_names()),
                         [](const auto& one) { return one.param; });

TEST(Pages, EveryFormatHasASchema) {
  EXPECT_THAT(schema_names(), ::testing::IsSupersetOf({"plan", "plan_stage", "state", "journal",
                                                       "costs", "metrics", "status"}));
}

}  // namespace
}  // namespace director::support
