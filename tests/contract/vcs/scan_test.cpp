// A look at a folder large enough for several threads, against a walk that is too simple to be
// wrong.
#include "scan.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/contract/vcs/backend.hpp"
#include "tests/unit/matchers.hpp"

namespace director::vcs_git {
namespace {

namespace fs = std::filesystem;
using director::testing::IsOk;

/// Enters everything but what is named, and notes what it was asked.
class Rules final : public ScanRules {
 public:
  Visit enter(const std::string& path) override {
    note(path);
    if (path.ends_with("/skipped")) {
      return Visit::Skip;
    }
    return path.ends_with("/reported") ? Visit::Report : Visit::Enter;
  }
  bool is_nested_repository(const std::string& path) override { return path.ends_with("/nested"); }

  std::set<std::string> asked;
  bool in_order = true;
  bool one_at_a_time = true;

 private:
  void note(const std::string& path) {
    one_at_a_time = one_at_a_time && inside_++ == 0;
    const std::size_t slash = path.rfind('/');
    in_order = in_order && (slash == std::string::npos || asked.contains(path.substr(0, slash)));
    asked.insert(path);
    --inside_;
  }
  std::atomic<int> inside_ = 0;
};

class ScanOfMuch : public ::testing::Test {
 protected:
  static constexpr int kFolders = 60;
  static constexpr int kFiles = 50;

  ScanOfMuch() {
    for (int i = 0; i < kFolders; ++i) {
      // Names that sort otherwise as paths than as names: "a-b" comes before "a/".
      const fs::path folder =
          temp_.path() / ("f" + std::to_string(i % 7)) / ("g-" + std::to_string(i));
      for (int j = 0; j < kFiles; ++j) {
        write(folder / ("file" + std::to_string(j)));
      }
      write(folder / "deeper" / "one");
      write(folder / "deeper-still");
      write(folder / "skipped" / "unseen");
      write(folder / "reported" / "unseen");
      write(folder / "nested" / ".git" / "HEAD");
      write(folder / "nested" / "unseen");
    }
    write(temp_.path() / ".git" / "HEAD");
  }

  static void write(const fs::path& path) { vcs_test::write_file(path, "some text\n"); }

  [[nodiscard]] std::vector<std::string> expected() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(temp_.path())) {
      const std::string path = entry.path().lexically_relative(temp_.path()).string();
      const bool is_hidden = path.starts_with(".git") || path.find("/skipped") != path.npos ||
                             path.find("/reported/") != path.npos ||
                             path.find("/nested/") != path.npos;
      const bool is_entry =
          !entry.is_directory() || path.ends_with("/reported") || path.ends_with("/nested");
      if (!is_hidden && is_entry) {
        paths.push_back(path);
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  [[nodiscard]] Result<std::vector<Found>> look(Rules& rules) const {
    const UniqueFd root(::open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return scan(root.get(), rules, 0);
  }

  vcs_test::TempFolder temp_;
};

TEST_F(ScanOfMuch, FindsWhatASimpleWalkFindsSorted) {
  const std::vector<std::string> all = expected();
  for (int round = 0; round < 20; ++round) {
    Rules rules;
    const auto found = look(rules);
    ASSERT_THAT(found, IsOk());
    std::vector<std::string> paths;
    for (const Found& one : *found) {
      paths.push_back(one.path);
      const FoundKind kind = one.path.ends_with("/reported") ? FoundKind::Directory
                             : one.path.ends_with("/nested") ? FoundKind::Other
                                                             : FoundKind::Regular;
      ASSERT_EQ(one.kind, kind) << one.path;
      ASSERT_NE(one.stat.inode, 0U) << one.path;
    }
    ASSERT_EQ(paths, all);
    EXPECT_TRUE(rules.in_order);
    EXPECT_TRUE(rules.one_at_a_time);
  }
}

TEST_F(ScanOfMuch, FolderThatGoesMeanwhileTakesNothingElseAlong) {
  const std::jthread remover([this](const std::stop_token& over) {
    while (!over.stop_requested()) {
      fs::remove_all(temp_.path() / "f3" / "g-3");
      write(temp_.path() / "f3" / "g-3" / "file0");
    }
  });
  for (int round = 0; round < 20; ++round) {
    Rules rules;
    const auto found = look(rules);
    ASSERT_THAT(found, IsOk());
    const auto count = std::count_if(found->begin(), found->end(), [](const Found& one) {
      return !one.path.starts_with("f3/g-3/");
    });
    EXPECT_EQ(count, (kFolders - 1) * (kFiles + 4));
  }
}

}  // namespace
}  // namespace director::vcs_git
