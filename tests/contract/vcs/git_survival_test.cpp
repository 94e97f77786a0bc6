// What vcs-git makes of garbage collection, repacking and leftovers of killed processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "backend.hpp"
#include "git_fixture.hpp"
#include "git_vcs.hpp"
#include "tests/unit/matchers.hpp"

namespace director::vcs_test {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;

class GitSurvival : public GitFixture {
 protected:
  /// A commit that only what made it knows of: one new file on HEAD.
  std::string unnamed_commit() {
    EXPECT_THAT(vcs_->checkout(slot_, head_.oid, "", {}), IsOk());
    write_file(fs::path(slot_.dir) / "folder" / "new.txt", "made by an agent\n");
    const Result<snapshot_result> taken = vcs_->snapshot(slot_, head_.tree, {});
    EXPECT_THAT(taken, IsOk());
    Result<std::string> made = vcs_->commit(taken->tree, head_.oid, "candidate");
    EXPECT_THAT(made, IsOk());
    return made ? *made : std::string();
  }
  void make_old(const fs::path& path) {
    const struct timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
};

TEST_F(GitSurvival, CommitWithARefOutlivesEveryKindOfTidyingUp) {
  const std::string commit = unnamed_commit();
  ASSERT_THAT(vcs_->update_ref("refs/director/flight/j/n/candidate", "", commit), IsOk());
  for (const char* command : {"gc -q --prune=now", "repack -q -a -d", "pack-refs --all --prune",
                              "worktree prune", "prune --expire=now"}) {
    git(repo(), command);
    const Result<commit_info> found = vcs_->resolve("refs/director/flight/j/n/candidate");
    ASSERT_THAT(found, IsOk()) << command;
    EXPECT_EQ(vcs_->read_file(found->tree, "folder/new.txt").value_or(""), "made by an agent\n");
    EXPECT_THAT(vcs_->checkout(slot_, commit, "", {}), IsOk()) << command;
  }
  // It lands, and its ref goes, packed as it is.
  EXPECT_THAT(vcs_->update_ref("refs/heads/director/job-1", "", commit), IsOk());
  EXPECT_THAT(vcs_->update_ref("refs/director/flight/j/n/candidate", commit, ""), IsOk());
  EXPECT_THAT(vcs_->resolve("refs/director/flight/j/n/candidate"), FailsWith(Errc::NotFound, ""));
  git(repo(), "fsck --strict");
}

TEST_F(GitSurvival, NoRefIsMadeToWhatGarbageCollectionTook) {
  const std::string commit = unnamed_commit();
  git(repo(), "gc -q --prune=now");
  EXPECT_THAT(vcs_->update_ref("refs/director/flight/j/n/candidate", "", commit),
              FailsWith(Errc::NotFound, commit));
  EXPECT_THAT(vcs_->update_ref("refs/heads/director/job-1", "", commit),
              FailsWith(Errc::NotFound, commit));
  git(repo(), "fsck --strict");
  EXPECT_EQ(unnamed_commit().size(), 40U) << "the same work is taken again, cache and all";
  EXPECT_THAT(vcs_->update_ref("refs/heads/director/job-1", "", unnamed_commit()), IsOk());
  git(repo(), "fsck --strict");
}

// What was journaled already may be on the disk, and the objects that it names without their bytes.
TEST_F(GitSurvival, ObjectsThatAPowerCutEmptiedAreWrittenAgain) {
  const auto objects = [&] {
    std::set<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(repo() / ".git" / "objects")) {
      if (entry.is_regular_file()) {
        all.insert(entry.path());
      }
    }
    return all;
  };
  const std::set<fs::path> before = objects();
  const std::string lost = unnamed_commit();
  for (const fs::path& path : objects()) {
    if (!before.contains(path)) {
      ASSERT_TRUE(fs::remove(path));
      write_file(path, "");
    }
  }
  start();
  EXPECT_FALSE(vcs_->resolve(lost));
  const std::string again = unnamed_commit();
  ASSERT_THAT(vcs_->update_ref("refs/heads/director/job-1", "", again), IsOk());
  git(repo(), "fsck --strict");
}

TEST_F(GitSurvival, NoRefIsMadeToACommitThatLostOneFile) {
  const std::string commit = unnamed_commit();
  const std::string blob = git(repo(), "rev-parse " + commit + ":folder/new.txt").substr(0, 40);
  ASSERT_TRUE(fs::remove(repo() / ".git" / "objects" / blob.substr(0, 2) / blob.substr(2)));
  EXPECT_THAT(vcs_->update_ref("refs/heads/director/job-1", "", commit),
              FailsWith(Errc::NotFound, "folder/new.txt"));
  EXPECT_THAT(vcs_->resolve("refs/heads/director/job-1"), FailsWith(Errc::NotFound, ""));
}

// A collection that looked for refs before this one was made takes what it names.
TEST_F(GitSurvival, RefToWhatIsGoneIsStillListedMovedAndDeleted) {
  constexpr const char* kRef = "refs/director/flight/j/n/candidate";
  const std::string gone = unnamed_commit();
  ASSERT_THAT(vcs_->update_ref(kRef, "", gone), IsOk());
  ASSERT_TRUE(fs::remove(repo() / ".git" / "objects" / gone.substr(0, 2) / gone.substr(2)));
  ASSERT_VALUE(vcs_, open(repo()));
  EXPECT_THAT(vcs_->resolve(kRef), FailsWith(Errc::NotFound, ""));
  ASSERT_VALUE(const std::vector<ref> listed, vcs_->list_refs(kRef));
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].oid, gone);
  EXPECT_THAT(vcs_->update_ref(kRef, "", head_.oid), FailsWith(Errc::Conflict, gone));
  EXPECT_THAT(vcs_->update_ref(kRef, gone, head_.oid), IsOk());
  EXPECT_THAT(vcs_->update_ref(kRef, head_.oid, ""), IsOk());
  git(repo(), "fsck --strict");
}

// A branch moves past several commits at once, and only the last of them had a ref.
TEST_F(GitSurvival, BranchIsNotMovedPastACommitThatIsGone) {
  constexpr const char* kBranch = "refs/heads/director/job-1";
  ASSERT_THAT(vcs_->update_ref(kBranch, "", head_.oid), IsOk());
  const std::string first = unnamed_commit();
  const std::string tree = git(repo(), "rev-parse " + first + "^{tree}").substr(0, 40);
  const std::string blob = git(repo(), "rev-parse " + first + ":folder/new.txt").substr(0, 40);
  ASSERT_VALUE(const std::string second, vcs_->commit(tree, first, "second"));
  ASSERT_VALUE(const std::string third, vcs_->commit(tree, second, "third"));
  ASSERT_THAT(vcs_->update_ref("refs/director/flight/j/n/merged", "", third), IsOk());
  for (const std::string& lost : {first, blob}) {
    const fs::path loose = repo() / ".git" / "objects" / lost.substr(0, 2) / lost.substr(2);
    fs::rename(loose, temp_.path() / "lost");
    EXPECT_THAT(vcs_->update_ref(kBranch, head_.oid, third), FailsWith(Errc::NotFound, first));
    fs::rename(temp_.path() / "lost", loose);
  }
  EXPECT_EQ(vcs_->resolve(kBranch)->oid, head_.oid);
  EXPECT_THAT(vcs_->update_ref(kBranch, head_.oid, third), IsOk());
  git(repo(), "fsck --strict");
}

TEST_F(GitSurvival, OldLocksAndHalfWrittenRefsOfItsOwnAreMendedAtTheNextStart) {
  const fs::path git_dir = repo() / ".git";
  const fs::path ours[] = {git_dir / "refs/heads/director/job-1.lock",
                           git_dir / "refs/director/kept/j/n/1.lock",
                           git_dir / "refs/director/tip/job-1"};
  const fs::path theirs[] = {git_dir / "refs/heads/main.lock", git_dir / "refs/heads/half",
                             git_dir / "index.lock"};
  for (const fs::path& path : ours) {
    write_file(path, "");
    make_old(path);
  }
  for (const fs::path& path : theirs) {
    write_file(path, "");
    make_old(path);
  }
  ASSERT_VALUE(const std::unique_ptr<vcs> next, open(repo()));
  for (const fs::path& path : ours) {
    EXPECT_FALSE(fs::exists(path)) << path;
  }
  for (const fs::path& path : theirs) {
    EXPECT_TRUE(fs::exists(path)) << path;
  }
}

TEST_F(GitSurvival, YoungLockOfItsOwnGoesOnlyIfNobodyIsAtWork) {
  const fs::path dead = repo() / ".git/refs/director/kept/j/n/1.lock";
  const fs::path from_the_future = repo() / ".git/refs/director/kept/j/n/2.lock";
  const fs::path held = repo() / ".git/refs/director/kept/j/n/3.lock";
  for (const fs::path& path : {dead, from_the_future, held}) {
    write_file(path, "");
  }
  fs::last_write_time(from_the_future, fs::file_time_type::clock::now() + std::chrono::hours(24));
  std::atomic<bool> opened = false;
  std::thread holder([&] {
    while (!opened) {
      write_file(held, "at work");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  const Result<std::unique_ptr<vcs>> next = open(repo());
  opened = true;
  holder.join();
  ASSERT_THAT(next, IsOk());
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_FALSE(fs::exists(from_the_future));
  EXPECT_TRUE(fs::exists(held)) << "somebody is about to use it";
}

TEST_F(GitSurvival, LinkAmongItsOwnRefsLeadsTheMendingNowhere) {
  const fs::path outside = temp_.path() / "outside";
  write_file(outside / "precious.lock", "mine");
  make_old(outside / "precious.lock");
  fs::create_directories(repo() / ".git/refs/director");
  fs::create_directory_symlink(outside, repo() / ".git/refs/director/kept");
  ASSERT_VALUE(const std::unique_ptr<vcs> next, open(repo()));
  EXPECT_TRUE(fs::exists(outside / "precious.lock"));
}

struct PackedLock {
  const char* name;
  const char* node;
  const char* bytes;
  bool old;
  bool open;
  bool removed;
};

TEST_F(GitSurvival, LockOfPackedRefsIsOnlyBrokenIfItIsADeadLibgit2s) {
  const fs::path lock = repo() / ".git" / "packed-refs.lock";
  constexpr PackedLock kCases[] = {{"dead libgit2's", "dead", "# pack-refs\n", true, false, true},
                                   {"git's, empty", "empty", "", true, false, false},
                                   {"fresh", "fresh", "# pack-refs\n", false, false, false},
                                   {"held open", "held", "# pack-refs\n", true, true, false}};
  for (const PackedLock& one : kCases) {
    SCOPED_TRACE(one.name);
    const std::string commit = unnamed_commit();
    const std::string ref = std::string("refs/director/kept/j/") + one.node + "/1";
    ASSERT_THAT(vcs_->update_ref(ref, "", commit), IsOk());
    git(repo(), "pack-refs --all");
    write_file(lock, one.bytes);
    if (one.old) {
      make_old(lock);
    }
    const int held = one.open ? ::open(lock.c_str(), O_RDONLY | O_CLOEXEC) : -1;
    const Status deleted = vcs_->update_ref(ref, commit, "");
    if (held >= 0) {
      ::close(held);
    }
    if (one.removed) {
      EXPECT_THAT(deleted, IsOk());
    } else {
      EXPECT_THAT(deleted, FailsWith(Errc::External, "packed-refs.lock"));
      fs::remove(lock);
      EXPECT_THAT(vcs_->update_ref(ref, commit, ""), IsOk());
    }
    EXPECT_THAT(vcs_->list_refs("refs/director/kept/").value(), ::testing::IsEmpty());
  }
}

}  // namespace
}  // namespace director::vcs_test
