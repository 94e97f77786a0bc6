// What survives in folders that `keep` names: what the tree's rules ignore there, whether the slot
// is looked at or not. Files of a tree, and files that could become one's, never do.
#include <functional>

#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

const std::vector<std::string> kKeep{"vendor", "build"};

/// Everything below a folder, without folders that hold something.
Lines listed(const fs::path& folder) {
  Lines names;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_directory() || fs::is_empty(entry.path())) {
        names.push_back(entry.path().lexically_relative(folder).string());
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// By a look at everything, and by what is remembered.
class KeptFolder : public GitFixture, public testing::WithParamInterface<bool> {
 protected:
  void populate() override {
    write_file(repo() / ".gitignore", "*.log\n!kept.log\nbuild/\n/vendor/*\n!/vendor/patches\n");
  }
  void set_up() {
    write_file(at("vendor/autoload.php"), "made\n");
    write_file(at("vendor/lib/check"), "made\n");
    write_file(at("build/x"), "made\n");
  }
  /// What the user commits, whatever is ignored.
  std::string committed(const std::string& path) {
    write_file(repo() / path, "tracked\n");
    git(repo(), "add -f -- " + path);
    git(repo(), "commit -q -m " + path);
    const std::string made = git(repo(), "rev-parse HEAD");
    return made.substr(0, made.size() - 1);
  }
  void checkout(const std::string& commit) {
    ASSERT_OK(GetParam() ? vcs_->checkout_untouched(slot_, commit, "", kKeep)
                         : vcs_->checkout(slot_, commit, "", kKeep));
  }
  void expect_as_set_up() {
    EXPECT_EQ(listed(at("vendor")), (Lines{"autoload.php", "lib/check"}));
    EXPECT_EQ(listed(at("build")), (Lines{"x"}));
  }
};

TEST_P(KeptFolder, KeepsWhatIsIgnoredRightInItAndBelow) {
  set_up();
  (void)snapshot();
  for (int i = 0; i < 3; ++i) {
    checkout(head_.oid);
    expect_as_set_up();
  }
}

TEST_P(KeptFolder, DoesNotKeepWhatTheLastTreeHadThere) {
  for (const std::string path : {"vendor/patches/shim.sh", "vendor/own.php", "build/deep/forced"}) {
    SCOPED_TRACE(path);
    const std::string with = committed(path);
    set_up();
    (void)snapshot();
    checkout(with);
    EXPECT_EQ(read_bytes(at(path)), "tracked\n");
    EXPECT_EQ(read_bytes(at("vendor/autoload.php")), "made\n") << "beside a file of the tree";
    EXPECT_EQ(read_bytes(at("build/x")), "made\n") << "beside a file of the tree";
    checkout(head_.oid);
    expect_as_set_up();
    git(repo(), "reset -q --hard " + head_.oid);
  }
}

TEST_P(KeptFolder, DoesNotKeepWhatASnapshotTookForACandidate) {
  set_up();
  write_file(at("vendor/patches/shim.sh"), "left behind\n");
  write_file(at("vendor/patches/deep/shim.sh"), "left behind\n");
  EXPECT_EQ(changes(), (Lines{"A vendor/patches/deep/shim.sh", "A vendor/patches/shim.sh"}));
  checkout(head_.oid);
  expect_as_set_up();
}

TEST_P(KeptFolder, IsLookedAtWhereTheRulesAreOthersThanTheyWere) {
  set_up();
  write_file(at("vendor/lib/patch"), "made\n");
  (void)snapshot();
  checkout(head_.oid);
  write_file(repo() / ".gitignore", "build/\n/vendor/*\n!/vendor/lib\n/vendor/lib/check\n");
  git(repo(), "commit -q -a -m rules");
  std::string other = git(repo(), "rev-parse HEAD");
  other.pop_back();
  checkout(other);
  expect_as_set_up();
}

TEST_P(KeptFolder, OfWhichNoRuleSpeaksIsKeptWhole) {
  write_file(at("loose/a"), "made\n");
  write_file(at("loose/deep/b"), "made\n");
  write_file(at("loose/kept.log"), "made\n");  // one exception anywhere does not open them all
  (void)snapshot({"loose/"});
  ASSERT_OK(GetParam() ? vcs_->checkout_untouched(slot_, head_.oid, "", {"loose"})
                       : vcs_->checkout(slot_, head_.oid, "", {"loose"}));
  EXPECT_EQ(listed(at("loose")), (Lines{"a", "deep/b", "kept.log"}));
}

TEST_P(KeptFolder, MayHaveAFileOrALinkWhereTheLastTreeHadAFolder) {
  const std::string with = committed("build/z/y");
  git(repo(), "rm -q build/z/y");
  const std::string file = committed("build/z");
  fs::remove(repo() / "build/z");
  fs::create_symlink("elsewhere", repo() / "build/z");
  git(repo(), "add -f build/z");
  const std::string link = committed("another");
  for (const std::string& next : {file, link}) {
    set_up();
    checkout(with);
    checkout(next);
    EXPECT_FALSE(fs::is_directory(fs::symlink_status(at("build/z"))));
    EXPECT_EQ(read_bytes(at("build/x")), "made\n");
  }
}

TEST_P(KeptFolder, DoesNotKeepWhatTheLastTreeHadThereInTheNextProcess) {
  const std::string with = committed("build/deep/forced");
  set_up();
  checkout(with);
  vcs_.reset();
  ASSERT_VALUE(vcs_, open(repo()));
  checkout(head_.oid);
  expect_as_set_up();
}

TEST_P(KeptFolder, GoesWhenItIsNotKeptAnyMore) {
  set_up();
  (void)snapshot();
  checkout(head_.oid);
  ASSERT_OK(GetParam() ? vcs_->checkout_untouched(slot_, head_.oid, "", {})
                       : vcs_->checkout(slot_, head_.oid, "", {}));
  EXPECT_FALSE(fs::exists(at("vendor")));
  EXPECT_FALSE(fs::exists(at("build")));
}

// As after an agent that was stopped: there was no snapshot, and this may be another process.
TEST_P(KeptFolder, DoesNotKeepWhatIsNotIgnoredAndNobodyLookedAt) {
  set_up();
  write_file(at("vendor/patches/shim.sh"), "left behind\n");
  write_file(at("vendor/patches/shim.log"), "ignored\n");
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", kKeep));
  checkout(head_.oid);
  EXPECT_EQ(listed(at("vendor")), (Lines{"autoload.php", "lib/check", "patches/shim.log"}));
}

TEST_P(KeptFolder, DoesNotKeepALinkInItsPlace) {
  write_file(temp_.path() / "outside/precious", "precious\n");
  fs::create_directory_symlink(temp_.path() / "outside", at("vendor"));
  (void)snapshot();
  checkout(head_.oid);
  EXPECT_FALSE(fs::exists(fs::symlink_status(at("vendor"))));
  EXPECT_EQ(read_bytes(temp_.path() / "outside/precious"), "precious\n");
}

INSTANTIATE_TEST_SUITE_P(Untouched, KeptFolder, testing::Bool());

}  // namespace
}  // namespace director::vcs_test
