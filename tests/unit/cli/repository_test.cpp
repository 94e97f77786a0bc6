#include "cli/repository.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/platform/disk_file_store.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

namespace fs = std::filesystem;
using ::director::testing::IsOk;

class Archive : public ::testing::Test {
 protected:
  Archive() { folders_.state = fs::path(::testing::TempDir()) / ("archive-" + name()); }
  ~Archive() override { fs::remove_all(folders_.state); }

  static std::string name() {
    return ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void put(const std::string& path, const std::string& bytes) {
    EXPECT_THAT(files_.write(folders_.state / path, bytes), IsOk());
  }
  std::string text(const std::string& path) {
    return files_.read(folders_.state / "history" / path).value_or("");
  }

  platform::DiskFileStore files_;
  engine::Folders folders_;
};

TEST_F(Archive, KeepsAnEarlierJobOfTheSameName) {
  for (const char* job : {"first", "second", "third"}) {
    put("journal.jsonl", job);
    put("costs.jsonl", job);
    put("logs/0001.jsonl", job);
    EXPECT_THAT(archive_job(files_, folders_, "same"), IsOk());
    EXPECT_FALSE(fs::exists(folders_.state / "journal.jsonl"));
  }
  for (const char* name : {"journal.jsonl", "costs.jsonl", "logs/0001.jsonl"}) {
    EXPECT_EQ(text(std::string("same/") + name), "first");
    EXPECT_EQ(text(std::string("same-2/") + name), "second");
    EXPECT_EQ(text(std::string("same-3/") + name), "third");
  }
}

TEST_F(Archive, GoesOnAfterAnInterruptionAndKeepsWhatTheJobHasMadeSince) {
  put("history/job/logs/0001.jsonl", "moved");
  put("journal.jsonl", "journal");
  EXPECT_THAT(archive_job(files_, folders_, "job"), IsOk());
  EXPECT_EQ(text("job/journal.jsonl"), "journal");
  put("history/other/logs/0001.jsonl", "moved");
  put("logs/0002.jsonl", "since");
  put("journal.jsonl", "journal");
  EXPECT_THAT(archive_job(files_, folders_, "other"), IsOk());
  EXPECT_EQ(text("other/logs/0001.jsonl"), "moved");
  EXPECT_EQ(text("other-2/logs/0002.jsonl"), "since");
  EXPECT_EQ(text("other-2/journal.jsonl"), "journal");
}

}  // namespace
}  // namespace director::cli
