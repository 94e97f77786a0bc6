// What vcs-git remembers of a slot must never stand in for what the slot holds.
#include <fcntl.h>
#include <sys/stat.h>

#include <functional>
#include <map>

#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

class SlotMemory : public GitFixture {
 protected:
  /// As another process would go on: with what is on disk.
  void forget() {
    vcs_.reset();
    ASSERT_VALUE(vcs_, open(repo()));
  }
  /// The slot's repository: every name in it, and the bytes of all but the index.
  std::map<std::string, std::string> clone() {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(at(".git"))) {
      const std::string name = entry.path().lexically_relative(at(".git")).string();
      found[name] =
          entry.is_regular_file() && name != "index" ? read_bytes(entry.path()) : std::string();
    }
    return found;
  }
  /// Other bytes of the same size under the same times.
  void forge(const fs::path& path) {
    struct stat before {};
    ASSERT_EQ(::stat(path.c_str(), &before), 0);
    std::string bytes = read_bytes(path);
    bytes[0] = static_cast<char>(bytes[0] ^ 1);
    write_file(path, bytes);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
};

TEST_F(SlotMemory, ForgedFileOfAGateDoesNotReachTheNext) {
  for (int i = 0; i < 100; ++i) {
    forge(at("src/a.txt"));  // at once: in the very tick that the file was written in
    restore();
    ASSERT_EQ(read_bytes(at("src/a.txt")), "one\n") << "round " << i;
  }
}

TEST_F(SlotMemory, ForgedFileIsInTheSnapshotThatFollowsAtOnce) {
  for (int i = 0; i < 50; ++i) {
    const std::string before = snapshot().tree;
    forge(at("src/a.txt"));
    ASSERT_NE(snapshot().tree, before) << "round " << i;
  }
}

TEST_F(SlotMemory, NothingIsLeftOfWhatACommandDidToTheRepository) {
  restore();
  const auto pristine = clone();
  const std::map<std::string, std::function<void()>> attacks = {
      {"forged config", [&] { forge(at(".git/config")); }},
      {"forged HEAD", [&] { forge(at(".git/HEAD")); }},
      {"forged alternates", [&] { forge(at(".git/objects/info/alternates")); }},
      {"forged index", [&] { forge(at(".git/index")); }},
      {"no index", [&] { fs::remove(at(".git/index")); }},
      {"hook", [&] { write_file(at(".git/hooks/post-checkout"), "#!/bin/sh\n"); }},
      {"empty folder", [&] { fs::create_directory(at(".git/refs/heads/message")); }},
      {"repository inside", [&] { write_file(at(".git/.git/message"), "for the next gate"); }},
      {"second name",
       [&] { fs::create_hard_link(at(".git/config"), temp_.path() / "second-name"); }},
      {"mode", [&] { fs::permissions(at(".git/config"), fs::perms(0600)); }},
      {"mode of a folder", [&] { fs::permissions(at(".git/info"), fs::perms(0777)); }},
      {"moved away behind a link",
       [&] {
         fs::rename(at(".git"), temp_.path() / "moved");
         fs::create_directory_symlink(temp_.path() / "moved", at(".git"));
       }},
      {"folder behind a link",
       [&] {
         fs::rename(at(".git/info"), temp_.path() / "moved-info");
         fs::create_directory_symlink(temp_.path() / "moved-info", at(".git/info"));
       }},
      {"a commit", [&] { git(slot_.dir, "commit -q --allow-empty -m mine"); }},
      {"gone", [&] { fs::remove_all(at(".git")); }},
  };
  for (const auto& [name, attack] : attacks) {
    attack();
    restore();
    EXPECT_EQ(clone(), pristine) << name;
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(at(".git")))) << name;
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(at(".git/info")))) << name;
    EXPECT_EQ(git(slot_.dir, "status --porcelain"), "") << name;
    fs::remove_all(temp_.path() / "moved");
    fs::remove_all(temp_.path() / "moved-info");
    fs::remove(temp_.path() / "second-name");
  }
}

TEST_F(SlotMemory, RepositoryFollowsTheSlotFromTreeToTree) {
  write_file(at("extra.txt"), "extra\n");
  const std::string with_extra = snapshot().tree;
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, with_extra, {}));
  EXPECT_EQ(git(slot_.dir, "diff --cached --name-only"), "extra.txt\n");
  EXPECT_EQ(changes(), Lines{"A extra.txt"});
  restore();
  EXPECT_EQ(git(slot_.dir, "ls-files extra.txt"), "");
  expect_clean();
  ASSERT_VALUE(const std::string next, vcs_->commit(head_.tree, head_.oid, "same files\n"));
  ASSERT_OK(vcs_->checkout(slot_, next, "", {}));
  EXPECT_EQ(git(slot_.dir, "rev-parse HEAD"), next + "\n");
  EXPECT_EQ(git(slot_.dir, "status --porcelain"), "");
}

TEST_F(SlotMemory, KeptFolderIsTheTreesAsSoonAsThatHasAFileInIt) {
  write_file(at("kept/3"), "three\n");
  const std::string other = snapshot().tree;
  for (const char* path : {"kept/1", "kept/2"}) {
    write_file(at(path), "left\n");
  }
  ASSERT_EQ(show(snapshot({"1", "2"}).changes), Lines{"A kept/3"});
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {"kept"}));
  ASSERT_TRUE(fs::exists(at("kept/1")));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, other, {"kept"}));
  EXPECT_FALSE(fs::exists(at("kept/1")));
  EXPECT_EQ(changes(), Lines{"A kept/3"});
  restore();
  expect_clean();
}

TEST_F(SlotMemory, ProcessThatGoesOnKnowsLessAndIsRight) {
  write_file(at("src/new.txt"), "new\n");
  write_file(at("README"), "second\n");
  const std::string other = snapshot().tree;
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, other, {}));
  forget();
  EXPECT_EQ(changes(), (Lines{"M README", "A src/new.txt"}));
  forget();
  forge(at("README"));
  restore();
  expect_clean();
}

TEST_F(SlotMemory, BlobThatGarbageCollectionTookIsWrittenAgain) {
  write_file(at("new.txt"), "new\n");
  const std::string tree = snapshot().tree;
  git(repo(), "prune --expire=now");
  ASSERT_EQ(snapshot().tree, tree);
  EXPECT_EQ(git(repo(), "cat-file blob " + tree + ":new.txt"), "new\n");
}

TEST_F(SlotMemory, SlotThatWasDeletedIsFilledAgain) {
  fs::remove_all(slot_.dir);
  restore();
  expect_clean();
  fs::remove_all(slot_.dir);
  fs::remove_all(slot_.meta_dir);
  restore();
  expect_clean();
}

}  // namespace
}  // namespace director::vcs_test
