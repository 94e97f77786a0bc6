#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "backend.hpp"

namespace director::vcs_test {
namespace {

using Lines = std::vector<std::string>;

class VcsContract : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    write_file(repo() / "README", "read me\n");
    write_file(repo() / "src/a.txt", "one\n");
    write_file(repo() / "src/deep/b.txt", "two\n");
    write_file(repo() / "run.sh", "#!/bin/sh\n");
    fs::permissions(repo() / "run.sh", fs::perms(0755));
    fs::create_symlink("README", repo() / "link");
    GetParam().initialise(repo());
    ASSERT_VALUE(vcs_, open());
    ASSERT_VALUE(head_, vcs_->resolve("HEAD"));
    ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  }

  [[nodiscard]] Result<std::unique_ptr<vcs>> open() const {
    return GetParam().open({"{}", repo().string(), (repo() / ".director").string(),
                            (temp_.path() / "cache").string()});
  }
  [[nodiscard]] fs::path repo() const { return temp_.path() / "repo"; }
  [[nodiscard]] fs::path at(const std::string& path) const { return fs::path(slot_.dir) / path; }

  snapshot_result snapshot(const std::vector<std::string>& ignore = {}) {
    Result<snapshot_result> taken = vcs_->snapshot(slot_, head_.tree, ignore);
    EXPECT_TRUE(taken) << (taken ? "" : taken.error().message());
    return taken ? *taken : snapshot_result{};
  }
  std::string commit(const std::string& tree, const std::string& parent, const std::string& text) {
    Result<std::string> made = vcs_->commit(tree, parent, text);
    EXPECT_TRUE(made) << (made ? "" : made.error().message());
    return made ? *made : "";
  }

  TempFolder temp_;
  slot slot_{(temp_.path() / "slot").string(), (temp_.path() / "meta").string()};
  std::unique_ptr<vcs> vcs_;
  commit_info head_;
};

TEST_P(VcsContract, CheckoutGivesEveryFileAsInTheTree) {
  EXPECT_EQ(read_bytes(at("src/deep/b.txt")), "two\n");
  EXPECT_EQ(fs::read_symlink(at("link")), "README");
  struct stat seen {};
  ASSERT_EQ(::stat(at("run.sh").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777U, 0755U);
  ASSERT_EQ(::stat(at("README").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777U, 0644U);
}

TEST_P(VcsContract, UntouchedSlotIsTheBaseTree) {
  const snapshot_result taken = snapshot();
  EXPECT_EQ(taken.tree, head_.tree);
  EXPECT_TRUE(taken.changes.empty());
}

TEST_P(VcsContract, SnapshotListsEachKindOfChange) {
  write_file(at("README"), "changed\n");
  write_file(at("new dir/new \"file\"\n\xff"), "new\n");
  fs::remove(at("src/a.txt"));
  fs::permissions(at("run.sh"), fs::perms(0644));
  fs::remove(at("link"));
  write_file(at("link"), "now a file\n");
  fs::create_directory(at("empty"));
  const snapshot_result taken = snapshot();
  EXPECT_EQ(show(taken.changes), (Lines{"M README", "M link", "A new dir/new \"file\"\n\xff",
                                        "M run.sh", "D src/a.txt"}));
  ASSERT_VALUE(const auto again, vcs_->changes(head_.tree, taken.tree));
  EXPECT_EQ(show(again), show(taken.changes));
}

TEST_P(VcsContract, WhatWasSnapshotIsByteForByteWhatIsCheckedOut) {
  const std::string binary("\0\r\n$Id$\xff\n", 9);
  write_file(at("data.bin"), binary);
  write_file(at("src/a.txt"), "dos\r\n");
  const snapshot_result taken = snapshot();
  slot other{(temp_.path() / "other").string(), (temp_.path() / "other-meta").string()};
  ASSERT_OK(vcs_->checkout(other, head_.oid, taken.tree, {}));
  EXPECT_EQ(read_bytes(fs::path(other.dir) / "data.bin"), binary);
  EXPECT_EQ(read_bytes(fs::path(other.dir) / "src/a.txt"), "dos\r\n");
  ASSERT_VALUE(const auto same, vcs_->snapshot(other, taken.tree, {}));
  EXPECT_EQ(same.tree, taken.tree);
  EXPECT_TRUE(same.changes.empty());
}

TEST_P(VcsContract, FilesFoldersAndLinksReplaceEachOther) {
  fs::remove_all(at("src"));
  write_file(at("src"), "a file now\n");
  fs::remove(at("README"));
  write_file(at("README/inside"), "a folder now\n");
  fs::remove(at("link"));
  fs::create_directory(at("link"));
  write_file(at("link/x"), "x\n");
  const snapshot_result taken = snapshot();
  EXPECT_EQ(show(taken.changes), (Lines{"D README", "A README/inside", "D link", "A link/x",
                                        "A src", "D src/a.txt", "D src/deep/b.txt"}));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  EXPECT_EQ(snapshot().tree, head_.tree);
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, taken.tree, {}));
  EXPECT_EQ(snapshot().tree, taken.tree);
}

TEST_P(VcsContract, IgnorePatternsHideOnlyWhatIsNotTracked) {
  write_file(at("build/out.o"), "object\n");
  write_file(at("src/x.log"), "log\n");
  write_file(at("src/a.txt"), "changed\n");
  const snapshot_result taken = snapshot({"build/", "*.log", "a.txt"});
  EXPECT_EQ(show(taken.changes), (Lines{"M src/a.txt"}));
}

TEST_P(VcsContract, WhatNoTreeHoldsIsListedAndNotInTheTree) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  write_file(at("nested/.git/HEAD"), "ref: refs/heads/main\n");
  write_file(at("nested/file"), "file\n");
  const snapshot_result taken = snapshot();
  Lines lines = show(taken.changes);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (Lines{"A nested:other", "A pipe:other"}));
  EXPECT_EQ(taken.tree, head_.tree);
}

TEST_P(VcsContract, CheckoutRemovesAllButWhatKeepNames) {
  write_file(at("build/cache/x"), "keep\n");
  write_file(at("build/y"), "remove\n");
  write_file(at("stray"), "remove\n");
  write_file(at("src/stray"), "remove\n");
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {"build/cache", "src"}));
  EXPECT_EQ(read_bytes(at("build/cache/x")), "keep\n");
  EXPECT_FALSE(fs::exists(at("build/y")));
  EXPECT_FALSE(fs::exists(at("stray")));
  EXPECT_FALSE(fs::exists(at("src/stray"))) << "a folder of the tree is not kept";
  EXPECT_EQ(read_bytes(at("src/a.txt")), "one\n");
}

TEST_P(VcsContract, KeepDoesNotProtectWhatTheLastTreeHad) {
  write_file(at("cache/own"), "tracked\n");
  const snapshot_result taken = snapshot();
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, taken.tree, {"cache"}));
  EXPECT_EQ(read_bytes(at("cache/own")), "tracked\n");
  write_file(at("cache/made"), "made\n");
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {"cache"}));
  EXPECT_FALSE(fs::exists(at("cache/own")));
  EXPECT_EQ(read_bytes(at("cache/made")), "made\n");
}

TEST_P(VcsContract, KeepDoesNotProtectALink) {
  write_file(temp_.path() / "outside/precious", "precious\n");
  fs::create_directory_symlink(temp_.path() / "outside", at("cache"));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {"cache"}));
  EXPECT_FALSE(fs::exists(fs::symlink_status(at("cache"))));
  EXPECT_EQ(read_bytes(temp_.path() / "outside/precious"), "precious\n");
}

TEST_P(VcsContract, CheckoutFollowsNoLinkOutOfTheSlot) {
  write_file(temp_.path() / "outside/a.txt", "precious\n");
  fs::remove_all(at("src"));
  fs::create_directory_symlink(temp_.path() / "outside", at("src"));
  fs::remove(at("README"));
  fs::create_symlink(temp_.path() / "outside/a.txt", at("README"));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  EXPECT_EQ(read_bytes(temp_.path() / "outside/a.txt"), "precious\n");
  EXPECT_EQ(read_bytes(at("src/a.txt")), "one\n");
  EXPECT_EQ(snapshot().tree, head_.tree);
}

TEST_P(VcsContract, CommitIsSeenByOtherInstancesOnceARefNamesIt) {
  write_file(at("README"), "second\n");
  const snapshot_result taken = snapshot();
  const std::string made = commit(taken.tree, head_.oid, "second\n\nDirector-Node: n1\n");
  ASSERT_OK(vcs_->update_ref("refs/heads/director/job-1", "", made));
  ASSERT_VALUE(const auto other, open());
  ASSERT_VALUE(const commit_info seen, other->resolve("director/job-1"));
  EXPECT_EQ(seen.oid, made);
  EXPECT_EQ(seen.tree, taken.tree);
  EXPECT_EQ(seen.message, "second\n\nDirector-Node: n1\n");
  ASSERT_VALUE(const std::string bytes, other->read_file(seen.tree, "README"));
  EXPECT_EQ(bytes, "second\n");
  ASSERT_VALUE(const std::string target, other->read_file(seen.tree, "link"));
  EXPECT_EQ(target, "README");
  EXPECT_FAILS(Errc::NotFound, other->read_file(seen.tree, "absent"));
}

TEST_P(VcsContract, HistoryIsNewestFirstAndWithoutBase) {
  const std::string second = commit(head_.tree, head_.oid, "second\n");
  const std::string third = commit(head_.tree, second, "third\n");
  ASSERT_VALUE(const auto commits, vcs_->history(third, head_.oid));
  ASSERT_EQ(commits.size(), 2U);
  EXPECT_EQ(commits[0].oid, third);
  EXPECT_EQ(commits[1].message, "second\n");
  ASSERT_VALUE(const auto none, vcs_->history(third, third));
  EXPECT_TRUE(none.empty());
  ASSERT_VALUE(const auto all, vcs_->history(third, ""));
  EXPECT_EQ(all.size(), 3U);
  EXPECT_FAILS(Errc::Conflict, vcs_->history(head_.oid, third));
}

TEST_P(VcsContract, RefsMoveOnlyFromWhatWasExpected) {
  const std::string name = "refs/heads/director/job-1";
  const std::string second = commit(head_.tree, head_.oid, "second\n");
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref(name, head_.oid, second));
  ASSERT_OK(vcs_->update_ref(name, "", head_.oid));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref(name, "", second));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref(name, second, head_.oid));
  EXPECT_FAILS(Errc::Conflict, vcs_->update_ref(name, second, ""));
  ASSERT_OK(vcs_->update_ref(name, head_.oid, second));
  ASSERT_VALUE(const auto refs, vcs_->list_refs("refs/heads/director/"));
  ASSERT_EQ(refs.size(), 1U);
  EXPECT_EQ(refs[0].oid, second);
  ASSERT_OK(vcs_->update_ref(name, second, ""));
  ASSERT_VALUE(const auto gone, vcs_->list_refs("refs/heads/director/"));
  EXPECT_TRUE(gone.empty());
}

TEST_P(VcsContract, OnlyItsOwnRefsAreWritten) {
  for (const char* name :
       {"refs/heads/main", "refs/heads/director", "refs/heads/director/", "HEAD", "refs/tags/v1",
        "refs/director/../heads/main", "refs/heads/directory/x", "refs/heads/director/a b"}) {
    EXPECT_FAILS(Errc::Invalid, vcs_->update_ref(name, "", head_.oid));
  }
  ASSERT_VALUE(const commit_info still, vcs_->resolve("HEAD"));
  EXPECT_EQ(still.oid, head_.oid);
}

TEST_P(VcsContract, OneOfEightRacersWinsEachRound) {
  constexpr int kRacers = 8;
  constexpr int kRounds = 12;
  const std::string name = "refs/heads/director/race";
  std::vector<std::unique_ptr<vcs>> instances;
  std::vector<std::string> commits;
  for (int i = 0; i < kRacers; ++i) {
    ASSERT_VALUE(std::unique_ptr<vcs> one, open());
    instances.push_back(std::move(one));
    commits.push_back(commit(head_.tree, head_.oid, "racer " + std::to_string(i) + "\n"));
  }
  std::string current;
  for (int round = 0; round < kRounds; ++round) {
    // Create, move, delete in turn. Everybody wants something else, so one success shuts out
    // others.
    const bool removes = round % 3 == 2;
    std::atomic<int> wins{0};
    std::atomic<int> winner{-1};
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; ++i) {
      racers.emplace_back([&, i] {
        const auto index = static_cast<std::size_t>(i);
        const std::string wanted = removes ? "" : commits[index];
        if (wanted == current) {
          return;
        }
        const Status moved = instances[index]->update_ref(name, current, wanted);
        if (moved) {
          ++wins;
          winner = i;
        } else {
          EXPECT_EQ(moved.error().code(), Errc::Conflict) << moved.error().message();
        }
      });
    }
    for (std::thread& racer : racers) {
      racer.join();
    }
    ASSERT_EQ(wins, 1) << "round " << round;
    current = removes ? "" : commits[static_cast<std::size_t>(winner.load())];
    ASSERT_VALUE(const auto refs, vcs_->list_refs(name));
    ASSERT_EQ(refs.empty() ? "" : refs[0].oid, current);
  }
}

TEST_P(VcsContract, MergeTakesBothSides) {
  write_file(at("README"), "ours\n");
  const std::string ours = snapshot().tree;
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, "", {}));
  write_file(at("src/c.txt"), "theirs\n");
  fs::remove(at("src/a.txt"));
  const std::string theirs = snapshot().tree;
  ASSERT_VALUE(const merge_result merged, vcs_->merge(head_.tree, ours, theirs));
  ASSERT_TRUE(merged.merged);
  ASSERT_VALUE(const auto changes, vcs_->changes(head_.tree, merged.tree));
  EXPECT_EQ(show(changes), (Lines{"M README", "D src/a.txt", "A src/c.txt"}));
}

TEST_P(VcsContract, ConflictsOfAMergeAreAResult) {
  write_file(at("README"), "ours\n");
  const std::string ours = snapshot().tree;
  write_file(at("README"), "theirs, longer\n");
  const std::string theirs = snapshot().tree;
  ASSERT_VALUE(const merge_result merged, vcs_->merge(head_.tree, ours, theirs));
  EXPECT_FALSE(merged.merged);
  EXPECT_EQ(merged.conflicts, Lines{"README"});
}

TEST_P(VcsContract, DiffShowsTextAndNamesBinaries) {
  write_file(at("README"), "changed\n");
  write_file(at("data.bin"), std::string("\0\1\2", 3));
  ASSERT_VALUE(const std::string text, vcs_->diff(head_.tree, snapshot().tree));
  EXPECT_NE(text.find("-read me"), std::string::npos) << text;
  EXPECT_NE(text.find("+changed"), std::string::npos) << text;
  EXPECT_NE(text.find("data.bin"), std::string::npos) << text;
  EXPECT_EQ(text.find('\1'), std::string::npos);
}

TEST_P(VcsContract, DiffShowsWhatHidesBehindAFewBytesOfABinary) {
  write_file(at("README"),
             "read me\n# \xff" + std::string(1, '\0') +
                 " is nothing to a shell\nrm -rf everything that a reviewer does not see\n");
  write_file(at("new"),
             std::string(1, '\0') + " one byte of forty, and then a line\nhidden line\n");
  ASSERT_VALUE(const std::string text, vcs_->diff(head_.tree, snapshot().tree));
  EXPECT_NE(text.find("+rm -rf everything"), std::string::npos) << text;
  EXPECT_NE(text.find("+hidden line"), std::string::npos) << text;
}

TEST_P(VcsContract, UserCheckoutShowsUncommittedWork) {
  ASSERT_VALUE(const checkout_state clean, vcs_->user_checkout());
  EXPECT_FALSE(clean.uncommitted);
  EXPECT_FALSE(clean.unborn);
  EXPECT_FALSE(clean.detached);
  write_file(repo() / "untracked", "x\n");
  ASSERT_VALUE(const checkout_state untracked, vcs_->user_checkout());
  EXPECT_FALSE(untracked.uncommitted);
  write_file(repo() / "README", "work in progress\n");
  ASSERT_VALUE(const checkout_state dirty, vcs_->user_checkout());
  EXPECT_TRUE(dirty.uncommitted);
}

TEST_P(VcsContract, WhatDoesNotExistIsNotFound) {
  const std::string absent(40, '0');
  EXPECT_FAILS(Errc::NotFound, vcs_->resolve("no-such-branch"));
  EXPECT_FAILS(Errc::NotFound, vcs_->commit(absent, head_.oid, "x\n"));
  EXPECT_FAILS(Errc::NotFound, vcs_->update_ref("refs/heads/director/x", "", absent));
  EXPECT_FAILS(Errc::NotFound, vcs_->checkout(slot_, absent, "", {}));
  EXPECT_FAILS(Errc::NotFound, vcs_->snapshot(slot_, absent, {}));
}

INSTANTIATE_TEST_SUITE_P(Backends, VcsContract,
                         testing::Values(git_backend(), memory_backend(),
                                         held_to_its_word(git_backend()),
                                         held_to_its_word(memory_backend())),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace director::vcs_test
