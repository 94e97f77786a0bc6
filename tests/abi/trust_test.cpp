#include "core/plugin/trust.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/abi/support.hpp"

namespace director::abi_test {
namespace {

namespace fs = std::filesystem;

class Trust : public PluginTest {
 protected:
  Trust() : path(install("good-gate", "a/b")) {}
  [[nodiscard]] Status check(bool found_by_search = true) const {
    return plugin::check_trust(path, found_by_search, trust());
  }
  void mode(const fs::path& node, mode_t bits) const { ASSERT_EQ(::chmod(node.c_str(), bits), 0); }

  fs::path path;
};

TEST_F(Trust, AcceptsTheUsersOwnFileInTheUsersOwnFolders) {
  const Status status = check();
  EXPECT_TRUE(status) << status.error().message();
}

TEST_F(Trust, RefusesAFileThatOthersCanWrite) {
  mode(path, 0777);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {path.string(), "writable by others", "chmod"}));
}

TEST_F(Trust, RefusesAnyParentFolderThatOthersCanWrite) {
  mode(folder / "a", 0777);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"folder", "/a'", "writable by others"}));
  mode(folder / "a", 0700);
  mode(folder / "a/b", 0757);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"folder", "/a/b'", "writable by others"}));
}

TEST_F(Trust, StickyFolderWillDoAboveButNotAsItsOwn) {
  mode(folder / "a", 01777);
  EXPECT_TRUE(check());
  mode(folder / "a/b", 01777);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"writable by others"}));
}

TEST_F(Trust, RefusesAnotherUsersFileOrFolder) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to give a file away";
  }
  ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"belongs to another user"}));
  ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown((folder / "a").c_str(), 12345, 0), 0);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"/a'", "belongs to another user"}));
}

TEST_F(Trust, RefusesAForeignGroupsWritableFile) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to give a file away";
  }
  ASSERT_EQ(::chown(path.c_str(), 0, 12345), 0);
  mode(path, 0664);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"writable by its group"}));
}

TEST_F(Trust, FollowsSymlinksToTheEnd) {
  install("good-runner", "open");
  const fs::path target = folder / "open/good-runner.so";
  path = folder / "a/b/link.so";
  fs::create_symlink(target, path);
  EXPECT_TRUE(check());
  mode(folder / "open", 0777);
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"/open'", "writable by others"}));
}

TEST_F(Trust, RefusesALinkThatOthersCouldReplace) {
  fs::create_directory(folder / "loose");
  fs::create_symlink(path, folder / "loose/link.so");
  mode(folder / "loose", 0777);
  path = folder / "loose/link.so";
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"/loose'", "writable by others"}));
}

TEST_F(Trust, NeverFromTheRepositoryHoweverItWasNamed) {
  path = install("good-runner", "repo/tools");
  EXPECT_TRUE(fails_with(check(true), Errc::Invalid, {"inside the repository"}));
  EXPECT_TRUE(fails_with(check(false), Errc::Invalid, {"inside the repository"}));
  fs::create_symlink(path, folder / "a/b/hidden.so");
  path = folder / "a/b/hidden.so";
  EXPECT_TRUE(fails_with(check(false), Errc::Invalid, {"inside the repository"}));
}

TEST_F(Trust, NeverFromTheCurrentFolderBySearch) {
  plugin::TrustRules rules = trust();
  rules.working_dir = folder / "a/b";
  EXPECT_TRUE(fails_with(plugin::check_trust(path, true, rules), Errc::Invalid,
                         {"never taken from the current folder"}));
  EXPECT_TRUE(plugin::check_trust(path, false, rules));
  rules.working_dir = "/";
  EXPECT_TRUE(plugin::check_trust(path, true, rules));
}

TEST_F(Trust, MissingOrNoFile) {
  path = folder / "none.so";
  EXPECT_TRUE(fails_with(check(), Errc::NotFound, {"none.so"}));
  path = folder / "a";
  EXPECT_TRUE(fails_with(check(), Errc::Invalid, {"not a file"}));
}

}  // namespace
}  // namespace director::abi_test
