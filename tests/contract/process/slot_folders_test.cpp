#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/disk_slot_folders.hpp"
#include "tests/contract/process/system.hpp"

namespace director::process_test {
namespace {

namespace fs = std::filesystem;

class SlotFolders : public ProcessTest {
 protected:
  void make(const std::string& path, const std::string& bytes = "bytes") {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path) << bytes;
  }
  void make_slot(const std::string& name) {
    make("slots/" + name + "/src/file");
    make("slots/" + name + ".meta/stat-cache");
  }
  [[nodiscard]] fs::path root() const { return folder; }
  [[nodiscard]] fs::path slots() const { return root() / "slots"; }
  /// Everything in the folder of slots.
  [[nodiscard]] std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(slots())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  platform::DiskSlotFolders store{fs::path(folder) / "slots"};
};

using Names = std::vector<std::string>;

TEST_F(SlotFolders, AreNoneBeforeTheFirstRun) {
  EXPECT_EQ(*store.list(), Names{});
  EXPECT_TRUE(store.mend());
  EXPECT_TRUE(store.remove("agent-1"));
}

TEST_F(SlotFolders, AreListedWithOrWithoutTheirHalf) {
  make_slot("agent-1");
  make("slots/agent-2/file");
  make("slots/verify-1.meta/setup.stamp");
  make("slots/.removed-agent-3-0/file");
  EXPECT_EQ(*store.list(), (Names{"agent-1", "agent-2", "verify-1"}));
}

TEST_F(SlotFolders, RemovalTakesTheMetaFolderAndNothingElse) {
  make_slot("agent-1");
  make_slot("agent-11");
  ASSERT_TRUE(store.remove("agent-1"));
  EXPECT_EQ(entries(), (Names{"agent-11", "agent-11.meta"}));
}

TEST_F(SlotFolders, RemovalThatWasCutShortIsFinishedAndIsNoSlot) {
  make("slots/.removed-agent-1-0/deep/file");
  make("slots/.removed-agent-1.meta-0/setup.stamp");
  make("slots/.removed-deep-0/file");
  make_slot("agent-2");
  EXPECT_EQ(*store.list(), Names{"agent-2"});
  ASSERT_TRUE(store.mend());
  EXPECT_EQ(entries(), (Names{"agent-2", "agent-2.meta"}));
}

TEST_F(SlotFolders, LinksLeadARemovalNowhere) {
  make("outside/precious");
  make_slot("agent-1");
  fs::create_directory_symlink(root() / "outside", slots() / "agent-1" / "link");
  fs::create_directory_symlink(root() / "outside", slots() / "agent-2");
  fs::create_directory_symlink(root() / "outside", slots() / ".removed-agent-3-0");
  ASSERT_TRUE(store.remove("agent-1"));
  ASSERT_TRUE(store.remove("agent-2"));
  ASSERT_TRUE(store.mend());
  EXPECT_EQ(entries(), Names{});
  EXPECT_TRUE(fs::exists(root() / "outside" / "precious"));
}

TEST_F(SlotFolders, FoldersThatMayNotBeReadOrWrittenAreRemoved) {
  make_slot("agent-1");
  make("slots/agent-1/a/b/c/file");
  for (const char* path : {"agent-1/a/b/c", "agent-1/a/b", "agent-1/a", "agent-1"}) {
    fs::permissions(slots() / path, fs::perms::none);
  }
  ASSERT_TRUE(store.remove("agent-1"));
  EXPECT_EQ(entries(), Names{});
}

TEST_F(SlotFolders, DepthDoesNotStopARemoval) {
  make_slot("agent-1");
  int at = ::open((slots() / "agent-1").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int level = 0; level < 20'000; ++level) {
    ASSERT_EQ(::mkdirat(at, "d", 0755), 0) << level;
    const int next = ::openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(at);
    at = next;
  }
  ::close(at);
  constexpr std::uint64_t kTerabyte = 1'000'000'000'000;
  EXPECT_GT(*store.size("agent-1"), kTerabyte) << "no quota has room for it";
  ASSERT_TRUE(store.remove("agent-1"));
  EXPECT_EQ(entries(), Names{});
}

TEST_F(SlotFolders, SizeIsThatOfBlocksWithEachInodeOnce) {
  make_slot("agent-1");
  const std::uint64_t empty = *store.size("agent-1");
  constexpr std::size_t kBytes = 1U << 20;
  make("slots/agent-1/big", std::string(kBytes, 'x'));
  fs::create_hard_link(slots() / "agent-1" / "big", slots() / "agent-1" / "again");
  const fs::path sparse = slots() / "agent-1" / "sparse";
  std::ofstream(sparse).put('x');
  fs::resize_file(sparse, 1ULL << 40);
  make("outside", std::string(kBytes, 'x'));
  fs::create_symlink(root() / "outside", slots() / "agent-1" / "link");
  const std::uint64_t full = *store.size("agent-1");
  EXPECT_GE(full - empty, kBytes);
  EXPECT_LT(full - empty, 2 * kBytes);
}

TEST_F(SlotFolders, LastUseIsThatOfTheMetaFolder) {
  make_slot("agent-1");
  const struct timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (slots() / "agent-1.meta").c_str(), times, 0), 0);
  EXPECT_EQ(*store.last_used("agent-1"), ports::WallTime(std::chrono::seconds(1'000'000'000)));
  EXPECT_EQ(*store.last_used("absent"), ports::WallTime());
}

/// A slot with a kept folder as `setup` made it.
class KeptFolders : public SlotFolders {
 protected:
  KeptFolders() {
    make("slots/verify-1/deps/bin/tool", "#!/bin/sh\n");
    make("slots/verify-1/deps/lib/a", "aaaa");
    make("slots/verify-1/src/file");
    fs::create_symlink("lib/a", deps() / "link");
    const Result<std::string> made = store.record("verify-1", kKept);
    EXPECT_TRUE(made) << made.error().message();
    record = *made;
  }
  [[nodiscard]] fs::path deps() const { return slots() / "verify-1/deps"; }
  [[nodiscard]] bool restore() { return store.restore("verify-1", kKept, record); }

  const std::vector<std::string> kKept{"deps", "build/cache"};
  std::string record;
};

TEST_F(KeptFolders, AreAsTheyWereWhereNobodyTouchedThem) {
  EXPECT_TRUE(restore());
  make("slots/verify-1/src/other");
  EXPECT_TRUE(restore());
  EXPECT_TRUE(fs::exists(slots() / "verify-1/src/other")) << "not in a kept folder";
}

TEST_F(KeptFolders, LoseWhatWasAdded) {
  make("slots/verify-1/deps/.cache/deep/x");
  make("slots/verify-1/deps/bin/evil");
  make("slots/verify-1/build/cache/x");
  fs::create_symlink("/etc", deps() / "etc");
  ASSERT_EQ(::mkfifo((deps() / "pipe").c_str(), 0600), 0);
  fs::permissions(deps() / ".cache", fs::perms::none);
  EXPECT_TRUE(restore());
  for (const char* path : {".cache", "bin/evil", "etc", "pipe"}) {
    EXPECT_FALSE(fs::exists(fs::symlink_status(deps() / path))) << path;
  }
  EXPECT_FALSE(fs::exists(slots() / "verify-1/build/cache"));
  EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(KeptFolders, AreNotTheSameWhateverWasChanged) {
  const fs::path tool = deps() / "bin/tool";
  const std::pair<const char*, std::function<void()>> changes[] = {
      {"other bytes, size and times as before",
       [&] {
         struct stat before {};
         ASSERT_EQ(::stat(tool.c_str(), &before), 0);
         std::ofstream(tool) << "#!/bin/no\n";
         const struct timespec times[2] = {before.st_atim, before.st_mtim};
         ASSERT_EQ(::utimensat(AT_FDCWD, tool.c_str(), times, 0), 0);
       }},
      {"moved over it",
       [&] {
         std::ofstream(deps() / "new") << "#!/bin/no\n";
         fs::rename(deps() / "new", tool);
       }},
      {"mode", [&] { fs::permissions(tool, fs::perms::owner_all); }},
      {"second name", [&] { fs::create_hard_link(tool, slots() / "verify-1/src/name"); }},
      {"gone", [&] { fs::remove(tool); }},
      {"a link in its place",
       [&] {
         fs::rename(tool, slots() / "verify-1/src/tool");
         fs::create_symlink("../../src/tool", tool);
       }},
      {"another target",
       [&] {
         fs::remove(deps() / "link");
         fs::create_symlink("bin/tool", deps() / "link");
       }},
      {"a folder around it swapped",
       [&] {
         fs::rename(deps() / "bin", slots() / "verify-1/src/bin");
         fs::create_directory(deps() / "bin");
         fs::copy(slots() / "verify-1/src/bin/tool", tool);
       }},
      {"a link to a copy in the place of all",
       [&] {
         fs::copy(deps(), slots() / "verify-1/src/deps",
                  fs::copy_options::recursive | fs::copy_options::copy_symlinks);
         fs::remove_all(deps());
         fs::create_symlink("src/deps", deps());
       }},
      {"all gone", [&] { fs::remove_all(deps()); }},
  };
  for (const auto& [what, change] : changes) {
    fs::remove_all(slots() / "verify-1");
    make("slots/verify-1/deps/bin/tool", "#!/bin/sh\n");
    make("slots/verify-1/deps/lib/a", "aaaa");
    make("slots/verify-1/src/file");
    fs::create_symlink("lib/a", deps() / "link");
    record = *store.record("verify-1", kKept);
    ASSERT_TRUE(restore()) << what;
    change();
    EXPECT_FALSE(restore()) << what;
  }
}

TEST_F(KeptFolders, FollowNoLinkOutOfTheSlot) {
  make("outside/deps/x");
  fs::remove_all(slots() / "verify-1/build");
  fs::create_symlink(root() / "outside", slots() / "verify-1/build");
  make("outside/cache/x");
  EXPECT_FALSE(restore());
  EXPECT_TRUE(fs::exists(root() / "outside/cache/x"));
}

TEST_F(KeptFolders, AreMadeAnewAfterARecordThatIsNotWhole) {
  const std::string whole = record;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    record = whole.substr(0, size);
    EXPECT_FALSE(restore()) << size;
  }
  record = whole;
  EXPECT_TRUE(fs::exists(deps() / "bin/tool"));
}

TEST_F(KeptFolders, NestedBeyondReasonAreNotRecorded) {
  fs::path deep = deps();
  for (int i = 0; i < 300; ++i) {
    deep /= "d";
  }
  fs::create_directories(deep);
  EXPECT_FALSE(store.record("verify-1", kKept));
  EXPECT_TRUE(restore()) << "removed with what came later";
  EXPECT_FALSE(fs::exists(deps() / "d"));
}

}  // namespace
}  // namespace director::process_test
