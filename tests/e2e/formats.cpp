#include "tests/e2e/formats.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/base/text.hpp"
#include "tests/e2e/support.hpp"
#include "tests/support/json_schema.hpp"

namespace director::e2e {
namespace {

/// Files that programs read are as their schemas say. One that no schema is known for fails.
void check_folder(const fs::path& folder) {
  static const std::map<std::string, std::string> kDocuments{{"plan.json", "plan"},
                                                             {"plan_stage.json", "plan_stage"},
                                                             {"state.json", "state"},
                                                             {"summary.json", "bench"},
                                                             {"bench.json", "bench_job"}};
  static const std::map<std::string, std::string> kLines{
      {"journal.jsonl", "journal"}, {"costs.jsonl", "costs"}, {"metrics.jsonl", "metrics"}};
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".metrics.jsonl")) {
      name = "metrics.jsonl";  // a bench has one for each profile
    }
    if (const auto document = kDocuments.find(name); document != kDocuments.end()) {
      check_document(document->second, read_file(entry.path()), entry.path());
    } else if (const auto lines = kLines.find(name); lines != kLines.end()) {
      const std::string bytes = read_file(entry.path());
      for (const std::string_view line : text::split_lines(bytes)) {
        check_document(lines->second, line, entry.path());
      }
    } else {
      EXPECT_FALSE(name.ends_with(".json") || name.ends_with(".jsonl"))
          << "no schema is known for " << entry.path();
    }
  }
}

}  // namespace

void check_document(const std::string& format, std::string_view document, const fs::path& where) {
  const Result<support::JsonSchema> schema = support::JsonSchema::load(format);
  ASSERT_TRUE(schema) << schema.error().message();
  const Status status = schema->check(document);
  EXPECT_TRUE(status) << where << ": " << status.error().message() << "\n" << document;
}

void check_formats(const fs::path& state) {
  check_folder(state);
  for (const char* folder : {"history", "bench"}) {
    if (!fs::exists(state / folder)) {
      continue;
    }
    for (const auto& entry : fs::directory_iterator(state / folder)) {
      if (entry.is_directory()) {
        check_folder(entry.path());
      }
    }
  }
  if (fs::exists(state / "bench")) {
    check_folder(state / "bench");
  }
}

}  // namespace director::e2e
