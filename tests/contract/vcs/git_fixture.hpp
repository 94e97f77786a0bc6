/// A repository, a slot and an instance of vcs-git, for tests that attack it.
#pragma once

#include <algorithm>

#include "backend.hpp"
#include "core/plugin/checked_vcs.hpp"

namespace director::vcs_test {

using Lines = std::vector<std::string>;

class GitFixture : public testing::Test {
 protected:
  void SetUp() override {
    write_file(repo() / "README", "read me\n");
    write_file(repo() / "src/a.txt", "one\n");
    write_file(repo() / "src/deep/b.txt", "two\n");
    populate();
    git_backend().initialise(repo());
    start();
  }
  /// What more the first commit holds.
  virtual void populate() {}

  void start() {
    ASSERT_VALUE(vcs_, open(repo()));
    ASSERT_VALUE(head_, vcs_->resolve("HEAD"));
    ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  }
  [[nodiscard]] Result<std::unique_ptr<vcs>> open(const fs::path& folder) const {
    DIRECTOR_TRY(std::unique_ptr<vcs> made,
                 git_backend().open({"{}", folder.string(), (folder / ".director").string(),
                                     (temp_.path() / "cache").string()}));
    return plugin::hold_to_its_word("vcs-git", std::move(made), watch_);
  }
  [[nodiscard]] fs::path repo() const { return temp_.path() / "repo"; }
  [[nodiscard]] fs::path at(const std::string& path) const { return fs::path(slot_.dir) / path; }

  snapshot_result snapshot(const std::vector<std::string>& ignore = {}) {
    Result<snapshot_result> taken = vcs_->snapshot(slot_, head_.tree, ignore);
    EXPECT_TRUE(taken) << (taken ? "" : taken.error().message());
    return taken ? *taken : snapshot_result{};
  }
  Lines changes() { return show(snapshot().changes); }
  void restore() { ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {})); }
  /// The slot is the tree, for us, for git and for the object database.
  void expect_clean() {
    EXPECT_EQ(git(slot_.dir, "status --porcelain"), "");
    EXPECT_EQ(git(slot_.dir, "fsck --strict --no-dangling --no-progress"), "");
    EXPECT_EQ(git(slot_.dir, "rev-parse HEAD"), head_.oid + "\n");
    EXPECT_EQ(snapshot().tree, head_.tree);
    EXPECT_EQ(changes(), Lines{});
  }

  TempFolder temp_;
  slot slot_{(temp_.path() / "slot").string(), (temp_.path() / "meta").string()};
  mutable plugin::VcsWatch watch_;
  std::unique_ptr<vcs> vcs_;
  commit_info head_;
};

}  // namespace director::vcs_test
