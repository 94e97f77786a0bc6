/// The ABI only grows: today's headers against what every released version laid down.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "core/base/sha256.hpp"
#include "director/plugin.h"
#include "layout_facts.h"
#include "tests/abi/header_text.hpp"

extern "C" std::size_t director_abi_test_c_sizes(std::size_t which);

namespace director::abi_test {
namespace {

namespace fs = std::filesystem;

struct Version {
  std::string name;
  layout_facts_fn* facts;
};

std::vector<Version> frozen() {
  return {
#define FROZEN(suffix, version) {version, &layout_facts_of_##suffix},
#include "frozen_versions.inc"
#undef FROZEN
  };
}

fs::path frozen_headers(const std::string& version) { return fs::path(DIRECTOR_FROZEN) / version; }

std::string name_of(const layout_fact& fact) {
  return *fact.field == '\0' ? fact.name : std::string(fact.name) + "." + fact.field;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

#if defined(__LP64__)

void expect_held(const layout_fact* fact, const std::string& where) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> sizes;  // as they are, as last said
  for (; fact->name != nullptr; ++fact) {
    switch (fact->kind) {
      case LAYOUT_SIZE: {
        const auto [known, is_first] = sizes.try_emplace(fact->name, fact->is, fact->golden);
        EXPECT_TRUE(is_first || known->second.second < fact->golden)
            << fact->name << " is said to shrink";
        known->second.second = fact->golden;
        break;
      }
      case LAYOUT_OFFSET:
        EXPECT_EQ(fact->is, fact->golden) << name_of(*fact) << " has moved in " << where;
        break;
      case LAYOUT_CONSTANT:
        EXPECT_EQ(fact->is, fact->golden) << fact->name << " has another value in " << where;
        break;
      case LAYOUT_ID:
        EXPECT_STREQ(fact->is_text, fact->golden_text) << fact->name << " in " << where;
        break;
    }
  }
  EXPECT_FALSE(sizes.empty());
  for (const auto& [name, size] : sizes) {
    EXPECT_EQ(size.first, size.second) << name << " has another size in " << where;
  }
}

TEST(Layout, TodaysHeadersKeepWhatEveryVersionLaidDown) {
  expect_held(layout_facts_of_current(), "sdk/include");
}

TEST(Layout, FrozenHeadersAreWhatTheirVersionLaidDown) {
  for (const Version& version : frozen()) {
    expect_held(version.facts(), version.name);
  }
}

// What the two tests above rest on: a moved field, a shrunken struct and a new value are seen.
TEST(Layout, AChangeWouldBeSeen) {
  const layout_fact end{LAYOUT_SIZE, nullptr, nullptr, 0, 0, nullptr, nullptr};
  const layout_fact moved[] = {{LAYOUT_OFFSET, "a", "b", 8, 16, "", ""}, end};
  const layout_fact shrunk[] = {{LAYOUT_SIZE, "a", "", 16, 24, "", ""}, end};
  const layout_fact grown_unsaid[] = {{LAYOUT_SIZE, "a", "", 32, 24, "", ""}, end};
  const layout_fact renumbered[] = {{LAYOUT_CONSTANT, "A", "", 2, 1, "", ""}, end};
  const layout_fact renamed[] = {{LAYOUT_ID, "A", "", 0, 0, "director.a/2", "director.a/1"}, end};
  for (const layout_fact* changed : {moved, shrunk, grown_unsaid, renumbered, renamed}) {
    testing::TestPartResultArray seen;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &seen);
      expect_held(changed, "a test");
    }
    EXPECT_GT(seen.size(), 0) << name_of(*changed);
  }
}

// And in headers that were changed, as it would be in ours.
TEST(Layout, FieldsThatChangedPlacesAreSeen) {
  testing::TestPartResultArray seen;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &seen);
    expect_held(layout_facts_of_broken(), "the broken headers");
  }
  ASSERT_EQ(seen.size(), 2);
  EXPECT_NE(std::string(seen.GetTestPartResult(0).message())
                .find("director_gate_verdict.outcome has moved in the broken headers"),
            std::string::npos);
}

#endif

std::set<std::string> laid_down(const layout_fact* fact) {
  std::set<std::string> names;
  for (; fact->name != nullptr; ++fact) {
    names.insert(name_of(*fact));
  }
  return names;
}

TEST(Layout, EveryDeclarationIsLaidDown) {
  std::vector<Version> all = frozen();
  all.push_back({"current", &layout_facts_of_current});
  for (const Version& version : all) {
    const bool is_current = version.name == "current";
    const fs::path headers =
        is_current ? fs::path(DIRECTOR_SDK_HEADERS) : frozen_headers(version.name) / "director";
    const std::set<std::string> known = laid_down(version.facts());
    const std::set<std::string> declared = declared_in(headers);
    EXPECT_GT(declared.size(), 100U) << headers;
    for (const std::string& name : declared) {
      EXPECT_TRUE(known.contains(name))
          << "'" << name << "' of " << headers << " stands in no file of tests/abi/layout";
    }
    for (const std::string& name : known) {
      EXPECT_TRUE(declared.contains(name)) << "'" << name << "' was not found in " << headers;
    }
  }
}

TEST(Layout, DeclarationsAreReadAsTheyAreWritten) {
  const std::set<std::string> expected{"director_x",   "director_x.a",
                                       "director_x.b", "director_x.c",
                                       "director_n",   "DIRECTOR_NEW",
                                       "DIRECTOR_ID",  "DIRECTOR_LONG_ID",
                                       "DIRECTOR_TWO", "DIRECTOR_THREE without a value"};
  EXPECT_EQ(declarations(R"(
#define DIRECTOR_ID "director.id/1"
#define DIRECTOR_LONG_ID \
  "director.id/2"
typedef int32_t director_n; /* typedef int32_t not_this; */
enum { DIRECTOR_NEW = 1 /* a flag */, DIRECTOR_TWO = 2,
       DIRECTOR_THREE };
typedef struct director_x {
  uint32_t a;
  const director_change* const* b; /* ; } */
  director_status (*c)(void* instance,
                       director_string d);
} director_x;
)"),
            expected);
}

TEST(Layout, WhatIsFrozenStaysAsItIs) {
  for (const Version& version : frozen()) {
    const fs::path folder = frozen_headers(version.name);
    std::ifstream sums(folder / "SHA256SUMS");
    std::size_t files = 0;
    for (std::string hash, name; sums >> hash >> name; ++files) {
      EXPECT_EQ(sha256_hex(text_of(folder / name)), hash) << folder / name;
    }
    std::size_t found = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "director")) {
      found += entry.is_regular_file() ? 1 : 0;
    }
    EXPECT_GT(files, 0U);
    EXPECT_EQ(files, found) << folder;
  }
}

TEST(Layout, CAndCppSeeTheSameSizes) {
  const std::size_t sizes[] = {sizeof(director_plugin),       sizeof(director_host),
                               sizeof(director_gate_request), sizeof(director_run_request),
                               sizeof(director_agent_event),  sizeof(director_vcs),
                               sizeof(director_exec_request), sizeof(director_launch_request)};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    EXPECT_EQ(sizes[i], director_abi_test_c_sizes(i)) << i;
  }
  EXPECT_EQ(director_abi_test_c_sizes(std::size(sizes)), 0U);
}

}  // namespace
}  // namespace director::abi_test
