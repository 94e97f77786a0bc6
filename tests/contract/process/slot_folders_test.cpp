#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
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
  for (int level = 0; level < 100'000; ++level) {
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

}  // namespace
}  // namespace director::process_test
