#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/platform/disk_file_store.hpp"
#include "core/platform/interrupt.hpp"
#include "core/platform/paths.hpp"
#include "core/platform/repo_lock.hpp"
#include "core/platform/spdlog_log.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;

class Files : public ProcessTest {
 protected:
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder)) {
      all.push_back(entry.path().filename().string());
    }
    return all;
  }
  platform::DiskFileStore store;
};

TEST_F(Files, WriteReplacesAsAWholeAndLeavesNothingElse) {
  const fs::path path = fs::path(folder) / "state.json";
  ASSERT_TRUE(store.write(path, "first"));
  const std::string bytes("\0two\n", 5);
  ASSERT_TRUE(store.write(path, bytes));
  EXPECT_EQ(*store.read(path), bytes);
  EXPECT_EQ(names(), std::vector<std::string>{"state.json"});
}

TEST_F(Files, WriteMakesParentsAndReplacesASymlinkNotItsTarget) {
  const fs::path target = fs::path(folder) / "outside";
  ASSERT_TRUE(store.write(target, "mine"));
  const fs::path link = fs::path(folder) / "a/b/link";
  fs::create_directories(link.parent_path());
  fs::create_symlink(target, link);
  ASSERT_TRUE(store.write(link, "new"));
  EXPECT_EQ(*store.read(target), "mine");
  EXPECT_EQ(*store.read(link), "new");
}

TEST_F(Files, FailedWriteLeavesTheOldFileAndNoOther) {
  const fs::path path = fs::path(folder) / "taken";
  fs::create_directories(path / "full");
  const Status written = store.write(path, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Errc::Io);
  EXPECT_NE(written.error().message().find(path.string()), std::string::npos);
  EXPECT_EQ(names(), std::vector<std::string>{"taken"});
}

TEST_F(Files, ReadOfNothingIsNotFound) {
  const auto text = store.read(fs::path(folder) / "none");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Errc::NotFound);
  EXPECT_EQ(store.read(folder).error().code(), Errc::Invalid);
}

TEST_F(Files, AppendCutsTheTailAndGrows) {
  const fs::path path = fs::path(folder) / "j/journal";
  {
    auto file = store.open_append(path, 0);
    ASSERT_TRUE(file) << file.error().message();
    ASSERT_TRUE((*file)->append("one\ntorn"));
    ASSERT_TRUE((*file)->sync());
  }
  auto file = store.open_append(path, 4);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("two\n"));
  EXPECT_EQ(*store.read(path), "one\ntwo\n");
  EXPECT_EQ(store.open_append(path, 100).error().code(), Errc::Conflict);
}

TEST_F(Files, MoveAndRemove) {
  const fs::path from = fs::path(folder) / "from";
  ASSERT_TRUE(store.write(from / "x", "1"));
  ASSERT_TRUE(store.move(from, fs::path(folder) / "new/to"));
  EXPECT_EQ(*store.read(fs::path(folder) / "new/to/x"), "1");
  EXPECT_EQ(store.move(from, fs::path(folder) / "other").error().code(), Errc::NotFound);
  ASSERT_TRUE(store.remove(fs::path(folder) / "new"));
  ASSERT_TRUE(store.remove(fs::path(folder) / "new"));
  EXPECT_TRUE(names().empty());
}

TEST_F(Files, SyncOfAFileThatWasDeletedMeanwhileFails) {
  const fs::path path = fs::path(folder) / "journal";
  const auto file = store.open_append(path, 0);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("one line"));
  ASSERT_TRUE((*file)->sync());
  fs::remove(path);
  const Status synced = (*file)->sync();
  ASSERT_FALSE(synced);
  EXPECT_NE(synced.error().message().find("deleted while"), std::string::npos);
}

TEST_F(Files, LockOfAFolderExcludes) {
  {
    const auto first = platform::RepoLock::acquire_folder(folder);
    ASSERT_TRUE(first);
    const auto second = platform::RepoLock::acquire_folder(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::Conflict);
  }
  EXPECT_TRUE(platform::RepoLock::acquire_folder(folder));
  EXPECT_TRUE(platform::RepoLock::acquire_folder(fs::path(folder) / "no")) << "nothing to lock";
}

TEST_F(Files, LockExcludesAndNamesItsHolder) {
  const fs::path path = fs::path(folder) / "lock";
  {
    const auto first = platform::RepoLock::acquire(path);
    ASSERT_TRUE(first);
    const auto second = platform::RepoLock::acquire(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::Conflict);
    EXPECT_NE(second.error().message().find("process " + std::to_string(::getpid()) + " on "),
              std::string::npos)
        << second.error().message();
  }
  EXPECT_TRUE(platform::RepoLock::acquire(path));
  EXPECT_EQ(platform::RepoLock::acquire(fs::path(folder) / "no/lock").error().code(),
            Errc::NotFound);
}

TEST_F(Files, LockDiesWithItsHolder) {
  const fs::path path = fs::path(folder) / "lock";
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = platform::RepoLock::acquire(path);
    ::kill(::getpid(), lock ? SIGKILL : SIGTERM);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(holder, &status, 0), holder);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_TRUE(platform::RepoLock::acquire(path));
}

// As between a director's starting a command and the command: another process has the descriptor.
TEST_F(Files, LockOfOneThatWasKilledIsGotOnceItsChildrenAreGone) {
  const fs::path path = fs::path(folder) / "lock";
  int alive[2];
  ASSERT_EQ(::pipe(alive), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = platform::RepoLock::acquire(path);
    if (lock && ::fork() == 0) {
      char byte = 0;
      ::close(alive[1]);
      (void)!::read(alive[0], &byte, 1);  // until the test lets go
      ::_exit(0);
    }
    ::kill(::getpid(), lock ? SIGKILL : SIGTERM);
  }
  ::close(alive[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(holder, &status, 0), holder);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  const auto too_early = platform::RepoLock::acquire(path);
  ASSERT_FALSE(too_early);
  EXPECT_EQ(too_early.error().code(), Errc::Conflict) << "it has the lock for good";
  std::thread release([&alive] { ::close(alive[1]); });
  const auto lock = platform::RepoLock::acquire(path);
  release.join();
  EXPECT_TRUE(lock) << lock.error().message();
}

TEST_F(Files, ALocksHolderIsSeenWithoutTouchingTheLock) {
  const fs::path path = fs::path(folder) / "lock";
  EXPECT_FALSE(platform::RepoLock::holder(path)) << "there is no such file";
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);
    const auto lock = platform::RepoLock::acquire(path);
    char byte = lock ? 'y' : 'n';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(done[0], &byte, 1);
    ::_exit(0);
  }
  ::close(done[0]);
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const std::optional<std::string> holder = platform::RepoLock::holder(path);
  ASSERT_TRUE(holder);
  EXPECT_NE(holder->find("process " + std::to_string(child) + " on "), std::string::npos);
  ::close(done[1]);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(ready[0]);
  EXPECT_FALSE(platform::RepoLock::holder(path)) << "the file still names a process that is gone";
  EXPECT_TRUE(platform::RepoLock::acquire(path));
}

// A number that was given to another process since, and texts that no director wrote.
TEST_F(Files, OnlyAProcessThatHasTheLockOpenIsItsHolder) {
  const fs::path path = fs::path(folder) / "lock";
  ASSERT_TRUE(platform::RepoLock::acquire(path));
  const std::string own = *store.read(path);
  const std::string host = own.substr(own.find(" on "));
  for (const std::string& text :
       {std::string(), std::string("process "), "process 1" + host, "process 99999999999" + host,
        "process x" + host, "process ../self" + host,
        "process " + std::to_string(::getppid()) + host, std::string("process 1 on elsewhere\n"),
        std::string(5000, '1')}) {
    ASSERT_TRUE(store.write(path, text));
    EXPECT_FALSE(platform::RepoLock::holder(path)) << text.substr(0, 40);
  }
}

TEST_F(Files, RepositoryCacheIsPrivateAndOfThatRepository) {
  const fs::path root = fs::path(folder) / "cache";
  fs::create_directories(fs::path(folder) / "a/repo");
  fs::create_directories(fs::path(folder) / "b/repo");
  fs::create_directory_symlink(fs::path(folder) / "a/repo", fs::path(folder) / "link");
  const auto a = platform::repository_cache(root, fs::path(folder) / "a/repo");
  const auto b = platform::repository_cache(root, fs::path(folder) / "b/repo");
  const auto link = platform::repository_cache(root, fs::path(folder) / "link");
  ASSERT_TRUE(a && b && link);
  EXPECT_NE(*a, *b);
  EXPECT_EQ(*a, *link);
  EXPECT_TRUE(a->filename().string().starts_with("repo-"));
  fs::permissions(*a, fs::perms::all);
  ASSERT_TRUE(platform::repository_cache(root, fs::path(folder) / "a/repo"));
  EXPECT_EQ(fs::status(*a).permissions(), fs::perms::owner_all);
  fs::remove(*b);
  fs::create_directory_symlink(fs::path(folder) / "a", *b);
  EXPECT_EQ(platform::repository_cache(root, fs::path(folder) / "b/repo").error().code(),
            Errc::Conflict);
  EXPECT_EQ(platform::repository_cache(root, fs::path(folder) / "gone").error().code(),
            Errc::NotFound);
}

TEST_F(Files, FoldersFollowTheVariablesUnlessRelative) {
  ::setenv("XDG_CACHE_HOME", "/x/cache", 1);
  ::setenv("XDG_DATA_HOME", "relative", 1);
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  ::setenv("HOME", "/h", 1);
  const auto folders = platform::user_folders();
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("XDG_DATA_HOME");
  ::setenv("HOME", home.c_str(), 1);
  ASSERT_TRUE(folders);
  EXPECT_EQ(folders->cache, "/x/cache/director");
  EXPECT_EQ(folders->data, "/h/.local/share/director");
}

TEST(Interrupts, FirstCancelsSecondExits) {
  EXPECT_EXIT(
      {
        const ports::CancelToken token;
        const platform::InterruptGuard guard(token);
        if (token.cancelled() || guard.interrupted()) {
          std::_Exit(1);
        }
        std::raise(SIGINT);
        if (!token.cancelled() || !guard.interrupted()) {
          std::_Exit(2);
        }
        std::raise(SIGTERM);
        std::_Exit(3);
      },
      testing::ExitedWithCode(130), "");
}

TEST(StderrLog, MakesControlCharactersHarmless) {
  testing::internal::CaptureStderr();
  {
    platform::SpdlogLog log(ports::LogLevel::Info);
    log.write(ports::LogLevel::Debug, "hidden");
    log.write(ports::LogLevel::Warning, "a {} \x1b[31mred\nnext\r\n");
    log.write(ports::LogLevel::Info, "plain");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "director: warning: a {} \\x1b[31mred\n  next\ndirector: plain\n");
}

}  // namespace
}  // namespace director::process_test
