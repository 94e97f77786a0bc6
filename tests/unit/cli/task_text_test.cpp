#include "cli/task_text.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/fakes/memory_file_store.hpp"
#include "tests/unit/matchers.hpp"

namespace director::cli {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::IsOk;

TEST(ReadTask, ComesInWordsOrFromAFile) {
  director::testing::MemoryFileStore files;
  ASSERT_THAT(files.write(std::filesystem::absolute("task.md"), "\n  Add a flag\n\nwell\n"),
              IsOk());
  EXPECT_EQ(read_task(files, std::nullopt, "task.md").value(), "Add a flag\n\nwell");
  EXPECT_EQ(read_task(files, " Add a flag \n", std::nullopt).value(), "Add a flag");
  EXPECT_EQ(read_task(files, std::nullopt, std::nullopt).value(), "");
}

TEST(ReadTask, SaysWhatIsWrong) {
  director::testing::MemoryFileStore files;
  ASSERT_THAT(files.write(std::filesystem::absolute("empty.md"), " \n\t\n"), IsOk());
  EXPECT_THAT(read_task(files, "task", "task.md"), FailsWith(Errc::Invalid, "not both"));
  EXPECT_THAT(read_task(files, "  ", std::nullopt), FailsWith(Errc::Invalid, "is empty"));
  EXPECT_THAT(read_task(files, std::nullopt, "empty.md"), FailsWith(Errc::Invalid, "'empty.md'"));
  EXPECT_THAT(read_task(files, std::nullopt, "absent.md"),
              FailsWith(Errc::NotFound, "cannot read the task from 'absent.md'"));
}

TEST(NormalTask, IsWhatTheJournalGivesBack) {
  EXPECT_EQ(normal_task(" a\xff\xfe "), "a\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace director::cli
