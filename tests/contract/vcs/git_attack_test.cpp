// What a careless, wrong or cheating agent may do to its slot.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "git_fixture.hpp"

namespace director::vcs_test {
namespace {

class GitAttack : public GitFixture {
 protected:
  void populate() override {
    write_file(repo() / "tool.sh", "#!/bin/sh\n");
    fs::permissions(repo() / "tool.sh", fs::perms(0755));
    fs::create_symlink("src/a.txt", repo() / "link");
    write_file(repo() / ".gitignore", "*.o\n/out/\n");
    write_file(repo() / "src/.gitignore", "!keep.o\n");
    write_file(repo() / "out/tracked.txt", "tracked though ignored\n");
  }
};

TEST_F(GitAttack, SlotIsARepositoryThatGitFindsClean) {
  expect_clean();
  EXPECT_EQ(git(slot_.dir, "log --format=%s"), "first\n");
  EXPECT_EQ(git(slot_.dir, "remote"), "");
  EXPECT_EQ(git(slot_.dir, "for-each-ref"), "");
  EXPECT_EQ(git(slot_.dir, "config user.email"), "tester@localhost\n");
}

TEST_F(GitAttack, SameSizeEditWithForgedTimesIsSeen) {
  struct stat before {};
  ASSERT_EQ(::stat(at("src/a.txt").c_str(), &before), 0);
  write_file(at("src/a.txt"), "ONE\n");
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("src/a.txt").c_str(), times, 0), 0);
  EXPECT_EQ(changes(), Lines{"M src/a.txt"});
  restore();
  EXPECT_EQ(read_bytes(at("src/a.txt")), "one\n");
}

TEST_F(GitAttack, CommitsIndexTricksAndIgnoreFilesOfTheAgentHideNothing) {
  write_file(at("src/a.txt"), "edited\n");
  write_file(at("hidden.txt"), "hidden\n");
  write_file(at(".git/info/exclude"), "*\n");
  write_file(at(".gitignore"), "*\n");
  git(slot_.dir, "update-index --assume-unchanged README");
  git(slot_.dir, "update-index --skip-worktree src/a.txt");
  write_file(at("README"), "edited\n");
  git(slot_.dir, "add -f hidden.txt");
  git(slot_.dir, "commit -q -m mine");
  EXPECT_EQ(changes(), (Lines{"M .gitignore", "M README", "A hidden.txt", "M src/a.txt"}));
}

TEST_F(GitAttack, IgnoreRulesAreTheBaseTrees) {
  write_file(at("x.o"), "ignored\n");
  write_file(at("src/x.o"), "ignored\n");
  write_file(at("src/keep.o"), "re-included\n");
  write_file(at("out/new.txt"), "ignored\n");
  write_file(at("out/tracked.txt"), "changed\n");
  EXPECT_EQ(changes(), (Lines{"M out/tracked.txt", "A src/keep.o"}));
  restore();
  EXPECT_FALSE(fs::exists(at("x.o")));
  EXPECT_FALSE(fs::exists(at("out/new.txt")));
  expect_clean();
}

TEST_F(GitAttack, AttributesOfTheSlotAndOfTheBaseFilterNothing) {
  write_file(at(".gitattributes"), "* text eol=crlf ident filter=evil\n");
  write_file(at("id.txt"), "$Id$\nline\n");
  const snapshot_result taken = snapshot();
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, taken.tree, {}));
  EXPECT_EQ(read_bytes(at("id.txt")), "$Id$\nline\n");
  EXPECT_EQ(read_bytes(at("README")), "read me\n");
}

TEST_F(GitAttack, ReplacedRepositoryOfTheSlotIsMadeAnew) {
  const fs::path outside = temp_.path() / "outside";
  fs::create_directory(outside);
  git(outside, "init -q .");
  fs::remove_all(at(".git"));
  fs::create_directory_symlink(outside / ".git", at(".git"));
  EXPECT_EQ(changes(), Lines{});
  restore();
  EXPECT_FALSE(fs::is_symlink(at(".git")));
  EXPECT_TRUE(fs::exists(outside / ".git/HEAD")) << "what the link led to is not ours";
  fs::remove_all(at(".git"));
  write_file(at(".git"), "gitdir: " + (outside / ".git").string() + "\n");
  restore();
  write_file(at(".git/hooks/post-checkout"), "#!/bin/sh\ntouch pwned\n");
  write_file(at(".git/config"), "[core]\n\tfsmonitor = touch pwned\n\tworktree = /\n");
  restore();
  EXPECT_FALSE(fs::exists(at(".git/hooks")));
  fs::remove_all(at(".git"));
  restore();
  expect_clean();
}

TEST_F(GitAttack, NamesLikeDotGitAreListedAndNeverInTheTree) {
  write_file(at("src/.git/config"), "[core]\n");
  write_file(at("a/.GIT/config"), "[core]\n");
  write_file(at("a/ok"), "ok\n");
  write_file(at("b/.git "), "x\n");
  write_file(at("b/git~1"), "x\n");
  write_file(at("b/.g\xe2\x80\x8cit"), "x\n");
  write_file(at("sub/x/.git"), "gitdir: /\n");
  write_file(at("src/a.txt"), "edited\n");
  EXPECT_EQ(changes(),
            (Lines{"A a/.GIT:other", "A a/ok", "A b/.git :other", "A b/.g\xe2\x80\x8cit:other",
                   "A b/git~1:other", "A src/.git:other", "M src/a.txt", "A sub/x:other"}));
  restore();
  expect_clean();
}

TEST_F(GitAttack, DevicesSocketsAndPipesAreListedAndDoNotBlock) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  fs::remove(at("README"));
  ASSERT_EQ(::mkfifo(at("README").c_str(), 0600), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address {};
  address.sun_family = AF_UNIX;
  const fs::path previous = fs::current_path();
  fs::current_path(slot_.dir);
  std::copy_n("sock", 5, address.sun_path);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const struct sockaddr*>(&address), sizeof address), 0);
  fs::current_path(previous);
  ::close(fd);
  const snapshot_result taken = snapshot();
  EXPECT_EQ(show(taken.changes), (Lines{"M README:other", "A pipe:other", "A sock:other"}));
  EXPECT_FAILS(Errc::NotFound, vcs_->read_file(taken.tree, "README"));
  restore();
  expect_clean();
}

TEST_F(GitAttack, ManyLargeSparseFilesAreNotAllRead) {
  Lines expected;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "large-" + std::to_string(i);
    write_file(at(name), "");
    fs::resize_file(at(name), (std::uintmax_t{100} << 20U) - 1);
    expected.push_back("A " + name + (i < 2 ? "" : ":other"));
  }
  write_file(at("small"), "and what comes after them\n");
  expected.push_back("A small");
  EXPECT_EQ(changes(), expected);
}

TEST_F(GitAttack, HugeSparseFileIsListedAndNotRead) {
  write_file(at("huge"), "");
  fs::resize_file(at("huge"), std::uintmax_t{1} << 40);
  EXPECT_EQ(changes(), Lines{"A huge:other"});
}

TEST_F(GitAttack, FileMayBeAsLargeAsItWas) {
  constexpr std::uintmax_t kLarge = (std::uintmax_t{100} << 20) + 1;
  write_file(at("large"), "");
  fs::resize_file(at("large"), kLarge);
  EXPECT_EQ(changes(), Lines{"A large:other"});
  write_file(repo() / "large", "");
  fs::resize_file(repo() / "large", kLarge);
  git(repo(), "add large");
  git(repo(), "commit -q -m large");
  ASSERT_VALUE(head_, vcs_->resolve("HEAD"));
  restore();
  std::fstream(at("large")).put('x');
  EXPECT_EQ(changes(), Lines{"M large"});
  fs::resize_file(at("large"), kLarge + 1);
  EXPECT_EQ(changes(), Lines{"M large:other"});
}

TEST_F(GitAttack, BigFileIsStoredWhole) {
  std::string bytes(20U << 20, 'x');
  bytes[7] = '\0';
  write_file(at("big"), bytes);
  const snapshot_result taken = snapshot();
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, taken.tree, {}));
  EXPECT_TRUE(read_bytes(at("big")) == bytes);
}

TEST_F(GitAttack, HardLinkFromOutsideIsNotWrittenThrough) {
  const fs::path outside = temp_.path() / "precious";
  write_file(outside, "precious\n");
  fs::remove(at("README"));
  fs::create_hard_link(outside, at("README"));
  EXPECT_EQ(changes(), Lines{"M README"});
  restore();
  EXPECT_EQ(read_bytes(outside), "precious\n");
  // A second name for a file that is as it should be is a handle to change it by later.
  fs::create_hard_link(at("src/a.txt"), temp_.path() / "handle");
  EXPECT_EQ(changes(), Lines{});
  restore();
  write_file(temp_.path() / "handle", "changed from outside\n");
  EXPECT_EQ(read_bytes(at("src/a.txt")), "one\n");
  expect_clean();
}

TEST_F(GitAttack, ModesAreExactAfterwardsWhateverTheUmask) {
  const mode_t previous = ::umask(0077);
  fs::permissions(at("README"), fs::perms(0666));
  fs::permissions(at("tool.sh"), fs::perms(04777));
  fs::permissions(at("src"), fs::perms(0700));
  EXPECT_EQ(changes(), Lines{});
  fs::remove(at("src/a.txt"));
  fs::remove_all(at("out"));
  restore();
  ::umask(previous);
  struct stat seen {};
  for (const auto& [path, mode] : std::vector<std::pair<std::string, mode_t>>{{"README", 0644},
                                                                              {"tool.sh", 0755},
                                                                              {"src", 0755},
                                                                              {"src/a.txt", 0644},
                                                                              {"out", 0755}}) {
    ASSERT_EQ(::stat(at(path).c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 07777U, mode) << path;
  }
  expect_clean();
}

TEST_F(GitAttack, FoldersNestedBeyondReasonAreListedAndRemoved) {
  int folder = ::open(slot_.dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int depth = 0; depth < 3000; ++depth) {
    ASSERT_EQ(::mkdirat(folder, "deep", 0755), 0);
    const int next = ::openat(folder, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(folder);
    folder = next;
  }
  ::close(folder);
  const Lines lines = changes();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("A deep/deep/") && lines[0].ends_with(":other"));
  restore();
  EXPECT_FALSE(fs::exists(at("deep")));
  expect_clean();
}

TEST_F(GitAttack, InterruptedCheckoutHealsAtTheNextOne) {
  write_file(at("src/new.txt"), "new\n");
  write_file(at("README"), "second\n");
  fs::remove(at("tool.sh"));
  const std::string other = snapshot().tree;
  restore();
  // Killed at any instant is: some files of the new tree, some of the old, no cache saved, half a
  // clone. Mix them.
  write_file(at("README"), "second\n");
  write_file(at("src/new.txt"), "ne");
  fs::remove(at(".git/HEAD"));
  fs::remove(at("src/deep/b.txt"));
  ASSERT_OK(vcs_->checkout(slot_, head_.oid, other, {}));
  EXPECT_EQ(snapshot().tree, other);
  vcs_.reset();  // and with it what the process remembers
  fs::remove(fs::path(slot_.meta_dir) / "stat-cache");
  ASSERT_VALUE(vcs_, open(repo()));
  restore();
  expect_clean();
}

// What a kill leaves of a clone that was being written, file by file.
TEST_F(GitAttack, CloneThatWasCutOffAnywhereIsWholeAfterTheNextStart) {
  Lines parts;
  for (const auto& entry : fs::recursive_directory_iterator(at(".git"))) {
    parts.push_back(entry.path().lexically_relative(slot_.dir).string());
  }
  parts.emplace_back(".git");
  ASSERT_GT(parts.size(), 5U);
  for (const std::string& part : parts) {
    for (const double left : {-1.0, 0.0, 0.5}) {
      SCOPED_TRACE(part + " cut to " + std::to_string(left));
      vcs_.reset();  // and with it what the process remembers
      if (left < 0) {
        fs::remove_all(at(part));
      } else if (fs::is_regular_file(at(part))) {
        const std::string bytes = read_bytes(at(part));
        write_file(
            at(part),
            bytes.substr(0, static_cast<std::size_t>(static_cast<double>(bytes.size()) * left)));
      }
      write_file(at(".git/index.lock"), "");
      write_file(at(".git/objects/pack/tmp_pack_x"), "half");
      ASSERT_VALUE(vcs_, open(repo()));
      restore();
      expect_clean();
      EXPECT_FALSE(fs::exists(at(".git/index.lock")));
    }
  }
}

TEST_F(GitAttack, DamagedStatCacheIsNotBelieved) {
  const fs::path cache = fs::path(slot_.meta_dir) / "stat-cache";
  const std::string good = read_bytes(cache);
  ASSERT_GT(good.size(), 100U);
  write_file(at("README"), "edited\n");
  for (std::size_t size = 0; size < good.size(); size += 37) {
    vcs_.reset();  // and with it what the process remembers
    write_file(cache, good.substr(0, size));
    ASSERT_VALUE(vcs_, open(repo()));
    ASSERT_EQ(changes(), Lines{"M README"}) << "cut at " << size;
  }
  for (std::size_t flipped = 0; flipped < good.size(); flipped += 11) {
    std::string bad = good;
    bad[flipped] = static_cast<char>(bad[flipped] ^ 0x55);
    vcs_.reset();
    write_file(cache, bad);
    ASSERT_VALUE(vcs_, open(repo()));
    ASSERT_EQ(changes(), Lines{"M README"}) << "flipped at " << flipped;
  }
  restore();
  expect_clean();
}

TEST_F(GitAttack, SnapshotAgainstAnotherBaseListsAgainstThatOne) {
  write_file(at("README"), "second\n");
  write_file(at("extra"), "extra\n");
  const std::string other = snapshot().tree;
  restore();
  ASSERT_VALUE(const auto taken, vcs_->snapshot(slot_, other, {}));
  EXPECT_EQ(show(taken.changes), (Lines{"M README", "D extra"}));
  EXPECT_EQ(taken.tree, head_.tree);
}

TEST_F(GitAttack, LeftoverProcessCannotBreakSnapshotOrCheckout) {
  std::atomic<bool> stop{false};
  std::thread leftover([&] {
    std::error_code error;
    for (unsigned i = 0; !stop; ++i) {
      const fs::path path = at("src/churn" + std::to_string(i % 7));
      if (i % 3 == 0) {
        fs::create_directories(path / "x", error);
      } else if (i % 3 == 1) {
        fs::remove_all(path, error);
      } else {
        std::ofstream(at("src/a.txt")) << std::string(i % 5000, 'y');
      }
    }
  });
  for (int i = 0; i < 60; ++i) {
    const auto taken = vcs_->snapshot(slot_, head_.tree, {});
    EXPECT_TRUE(taken) << (taken ? "" : taken.error().message());
    (void)vcs_->checkout(slot_, head_.oid, "", {});  // may lose the race, must not crash
  }
  stop = true;
  leftover.join();
  restore();
  expect_clean();
}

// As an ordinary user, whom permissions bind. Only root can become one.
TEST_F(GitAttack, UnreadableFilesAndFoldersAreReadAndRemovedAllTheSame) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root, to become somebody else";
  }
  ASSERT_EQ(std::system(("chown -R 65534:65534 '" + temp_.path().string() + "'").c_str()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) {
      ::_exit(3);
    }
    write_file(at("README"), "secret\n");
    write_file(at("dark/file"), "dark\n");
    fs::permissions(at("README"), fs::perms(0));
    fs::permissions(at("dark"), fs::perms(0));
    const auto taken = vcs_->snapshot(slot_, head_.tree, {});
    if (!taken || show(taken->changes) != Lines{"M README", "A dark/file"}) {
      ::_exit(5);
    }
    fs::permissions(at("dark"), fs::perms(0));
    fs::permissions(at("src"), fs::perms(0));
    if (!vcs_->checkout(slot_, head_.oid, "", {})) {
      ::_exit(6);
    }
    const auto clean = vcs_->snapshot(slot_, head_.tree, {});
    ::_exit(clean && clean->tree == head_.tree && clean->changes.empty() ? 0 : 7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

}  // namespace
}  // namespace director::vcs_test
