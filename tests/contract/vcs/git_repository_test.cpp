// What vcs-git promises about the user's repository.
#include <map>
#include <set>

#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

class GitRepository : public GitFixture {
 protected:
  /// Every file of the repository and its bytes, without objects and director's own refs.
  std::map<std::string, std::string> everything() {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(repo())) {
      const std::string path = entry.path().lexically_relative(repo()).string();
      if (entry.is_regular_file() && path.find(".git/objects/") != 0 &&
          path.find("/director/") == std::string::npos) {
        files[path] = read_bytes(entry.path());
      }
    }
    return files;
  }
};

TEST_F(GitRepository, NothingButObjectsAndOwnRefsIsWritten) {
  git(repo(), "config core.logAllRefUpdates always");
  write_file(repo() / "README", "uncommitted\n");
  write_file(repo() / "staged", "staged\n");
  git(repo(), "add staged");
  const auto before = everything();
  write_file(at("README"), "second\n");
  ASSERT_VALUE(const auto taken, vcs_->snapshot(slot_, head_.tree, {}));
  ASSERT_VALUE(const std::string made, vcs_->commit(taken.tree, head_.oid, "second\n"));
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", "", head_.oid));
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", head_.oid, made));
  ASSERT_OK(vcs_->update_ref("refs/director/keep", "", made));
  ASSERT_OK(vcs_->update_ref("refs/director/keep", made, ""));
  ASSERT_OK(vcs_->user_checkout());
  ASSERT_OK(vcs_->checkout(slot_, made, "", {}));
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(git(repo(), "worktree list --porcelain").find("slot"), std::string::npos);
  EXPECT_FALSE(fs::exists(repo() / ".git/logs/refs/heads/director"));
  git(repo(), "fsck --strict");
}

TEST_F(GitRepository, AuthorIsTheUserAndCommitterIsDirector) {
  ASSERT_VALUE(const std::string plain, vcs_->commit(head_.tree, head_.oid, "x\n"));
  git(repo(), "config user.name 'Ada L'");
  git(repo(), "config user.email ada@localhost");
  ASSERT_VALUE(const auto again, open(repo()));
  ASSERT_VALUE(const std::string named, again->commit(head_.tree, head_.oid, "x\n"));
  EXPECT_EQ(git(repo(), "show -s --format='%an <%ae> %cn <%ce>' " + named),
            "Ada L <ada@localhost> director <director@localhost>\n");
  EXPECT_NE(git(repo(), "show -s --format='%cn <%ce>' " + plain).find("director@localhost"),
            std::string::npos);
}

TEST_F(GitRepository, BranchThatSomebodyHasCheckedOutIsNotMoved) {
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", "", head_.oid));
  ASSERT_VALUE(const std::string made, vcs_->commit(head_.tree, head_.oid, "x\n"));
  git(repo(), "worktree add -q ../linked director/job");
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/job", head_.oid, made));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/job", head_.oid, ""));
  git(temp_.path() / "linked", "checkout -q --detach");
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", head_.oid, made));
  git(repo(), "checkout -q director/job");
  const Status refused = vcs_->update_ref("refs/heads/director/job", made, head_.oid);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("switch that checkout"), std::string::npos)
      << refused.error().message();
}

TEST_F(GitRepository, SymbolicRefIsNotWrittenThrough) {
  git(repo(), "symbolic-ref refs/heads/director/alias refs/heads/main");
  ASSERT_VALUE(const std::string made, vcs_->commit(head_.tree, head_.oid, "x\n"));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/alias", head_.oid, made));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/alias", "", made));
  EXPECT_EQ(git(repo(), "rev-parse main"), head_.oid + "\n");
}

TEST_F(GitRepository, PackedRefsMoveAndGo) {
  ASSERT_VALUE(const std::string made, vcs_->commit(head_.tree, head_.oid, "x\n"));
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", "", head_.oid));
  git(repo(), "pack-refs --all");
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/job", "", made));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref("refs/heads/director/job/inner", "", made));
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", head_.oid, made));
  git(repo(), "pack-refs --all");
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", made, ""));
  EXPECT_EQ(git(repo(), "for-each-ref refs/heads/director"), "");
}

TEST_F(GitRepository, LockOfAKilledProcessIsBroken) {
  const fs::path lock = repo() / ".git/refs/heads/director/job.lock";
  write_file(lock, "");
  fs::last_write_time(lock, fs::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job", "", head_.oid));
  EXPECT_FALSE(fs::exists(lock));
}

TEST_F(GitRepository, OpensFromASubfolderAndALinkedWorktree) {
  git(repo(), "worktree add -q -b side ../linked");
  write_file(temp_.path() / "linked/side.txt", "side\n");
  git(temp_.path() / "linked", "add .");
  git(temp_.path() / "linked", "commit -q -m side");
  ASSERT_VALUE(const auto linked, open(temp_.path() / "linked"));
  ASSERT_VALUE(const commit_info side, linked->resolve("HEAD"));
  EXPECT_EQ(side.message, "side\n");
  ASSERT_OK(linked->checkout(slot_, side.oid, "", {}));
  EXPECT_EQ(read_bytes(at("side.txt")), "side\n");
  ASSERT_VALUE(const auto inner, open(repo() / "src"));
  ASSERT_VALUE(const commit_info same, inner->resolve("HEAD"));
  EXPECT_EQ(same.oid, head_.oid);
}

TEST_F(GitRepository, WhatIsNoRepositoryOrTooNewIsRefusedClearly) {
  TempFolder elsewhere;
  const auto none = open(elsewhere.path());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Errc::NotFound);
  EXPECT_NE(none.error().message().find("git init"), std::string::npos);
  git(elsewhere.path(), "init -q --object-format=sha256 .");
  const auto sha256 = open(elsewhere.path());
  ASSERT_FALSE(sha256);
  EXPECT_EQ(sha256.error().code(), Errc::Invalid) << sha256.error().message();
}

TEST_F(GitRepository, UnbornAndDetachedHeadsAreSaid) {
  TempFolder fresh;
  git(fresh.path(), "init -q .");
  ASSERT_VALUE(const auto unborn, open(fresh.path()));
  ASSERT_VALUE(const checkout_state state, unborn->user_checkout());
  EXPECT_TRUE(state.unborn);
  const auto head = unborn->resolve("HEAD");
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code(), Errc::NotFound);
  EXPECT_NE(head.error().message().find("no commit yet"), std::string::npos);
  git(repo(), "checkout -q --detach");
  ASSERT_VALUE(const checkout_state detached, vcs_->user_checkout());
  EXPECT_TRUE(detached.detached);
}

TEST_F(GitRepository, ShallowCloneWorks) {
  git(repo(), "commit -q --allow-empty -m second");
  git(temp_.path(), "clone -q --depth 1 file://" + repo().string() + " shallow");
  ASSERT_VALUE(vcs_, open(temp_.path() / "shallow"));
  ASSERT_VALUE(head_, vcs_->resolve("HEAD"));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  ASSERT_VALUE(const auto commits, vcs_->history(head_.oid, ""));
  EXPECT_EQ(commits.size(), 1U);
  EXPECT_EQ(git(slot_.dir, "log --format=%s"), "second\n");
  expect_clean();
}

TEST_F(GitRepository, SubmodulesAreCarriedOverAndLeftEmpty) {
  const fs::path library = temp_.path() / "library";
  write_file(library / "lib.txt", "lib\n");
  git_backend().initialise(library);
  git(repo(), "submodule --quiet add '" + library.string() + "' sub");
  git(repo(), "commit -q -m submodule");
  ASSERT_VALUE(head_, vcs_->resolve("HEAD"));
  restore();
  EXPECT_TRUE(fs::is_empty(at("sub")));
  expect_clean();
  fs::remove(at("sub"));
  EXPECT_EQ(changes(), Lines{});
  write_file(at("sub/planted.txt"), "x\n");
  const snapshot_result planted = snapshot();
  EXPECT_EQ(show(planted.changes), Lines{"M sub:other"});
  EXPECT_EQ(planted.tree, head_.tree);
  write_file(at("README"), "edited\n");
  fs::remove_all(at("sub"));
  const snapshot_result taken = snapshot();
  EXPECT_EQ(show(taken.changes), Lines{"M README"});
  EXPECT_NE(git(repo(), "ls-tree " + taken.tree).find("160000"), std::string::npos);
  restore();
  expect_clean();
}

TEST_F(GitRepository, BothSidesOfAFileMergeWhereTheirLinesAreApart) {
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += "line " + std::to_string(i) + "\n";
  }
  const auto tree_with = [&](const std::string& text) {
    write_file(at("long.txt"), text);
    return snapshot().tree;
  };
  const std::string base = tree_with(lines);
  const std::string ours = tree_with("first\n" + lines);
  const std::string theirs = tree_with(lines + "last\n");
  ASSERT_VALUE(const merge_result merged, vcs_->merge(base, ours, theirs));
  ASSERT_TRUE(merged.merged);
  ASSERT_VALUE(const std::string text, vcs_->read_file(merged.tree, "long.txt"));
  EXPECT_EQ(text, "first\n" + lines + "last\n");
  // The attributes of the user's checkout have no say in what a merge gives.
  write_file(repo() / ".gitattributes", "* merge=union\n");
  const std::string clash = tree_with("other\n" + lines);
  ASSERT_VALUE(const merge_result refused, vcs_->merge(base, ours, clash));
  EXPECT_EQ(refused.conflicts, Lines{"long.txt"});
}

TEST_F(GitRepository, CollectedGarbageOfAnEarlierAttemptDoesNoHarm) {
  write_file(at("README"), "candidate\n");
  const snapshot_result taken = snapshot();
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, taken.tree, {}));
  git(repo(), "gc -q --prune=now");
  ASSERT_VALUE(vcs_, open(repo()));
  EXPECT_EQ(show(snapshot().changes), Lines{"M README"});
  restore();
  expect_clean();
}

TEST_F(GitRepository, BlobsThatTheCacheKnowsMayBeCollected) {
  for (int i = 0; i < 400; ++i) {
    write_file(at("many/" + std::to_string(i)), std::to_string(i) + "\n");
  }
  const snapshot_result taken = snapshot();
  EXPECT_EQ(taken.changes.size(), 400U);
  git(repo(), "gc -q --prune=now");
  ASSERT_VALUE(vcs_, open(repo()));
  EXPECT_EQ(snapshot().tree, taken.tree);
  EXPECT_EQ(git(repo(), "ls-tree -r " + taken.tree).find("missing"), std::string::npos);
  git(repo(), "cat-file -e " + taken.tree + ":many/399");
}

TEST_F(GitRepository, RevisionsOfEveryKindResolve) {
  git(repo(), "commit -q --allow-empty -m second");
  git(repo(), "tag -a -m tag v1");
  const std::string tip = git(repo(), "rev-parse HEAD").substr(0, 40);
  for (const std::string& revision :
       {std::string("HEAD"), std::string("main"), std::string("refs/heads/main"), std::string("v1"),
        tip, tip.substr(0, 10), std::string("main^{commit}"), std::string("HEAD@{0}")}) {
    ASSERT_VALUE(const commit_info found, vcs_->resolve(revision));
    EXPECT_EQ(found.oid, tip) << revision;
  }
  ASSERT_VALUE(const commit_info parent, vcs_->resolve("HEAD~1"));
  EXPECT_EQ(parent.oid, head_.oid);
  EXPECT_FAILS(Errc::NotFound, vcs_->resolve("HEAD:README"));
  EXPECT_FAILS(Errc::NotFound, vcs_->resolve(std::string(40, 'a')));
}

}  // namespace
}  // namespace director::vcs_test
