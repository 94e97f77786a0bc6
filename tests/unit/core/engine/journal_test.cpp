#include "core/engine/journal.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/fakes/fake_clock.hpp"
#include "tests/fakes/memory_file_store.hpp"
#include "tests/unit/matchers.hpp"

namespace director::engine {
namespace {

using ::director::testing::FailsWith;
using ::director::testing::Fault;
using ::director::testing::FaultSide;
using ::director::testing::IsOk;

const std::filesystem::path kPath = "/repo/.director/journal.jsonl";

run::Event failed(const std::string& why) {
  return run::Event(run::RunEvent(run::WorkFailed{NodeId("a"), why}));
}

class JournalTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Journal>> open() {
    seen_.clear();
    return Journal::open(files_, clock_, kPath, [this](const Entry& entry) {
      seen_.push_back(entry.at.sequence);
      return ok();
    });
  }
  /// Appends and flushes events with these texts in one process.
  void write(const std::vector<std::string>& texts) {
    Result<std::unique_ptr<Journal>> journal = open();
    ASSERT_THAT(journal, IsOk());
    for (const std::string& text : texts) {
      ASSERT_THAT((*journal)->append(failed(text)), IsOk());
    }
    ASSERT_THAT((*journal)->sync(), IsOk());
  }

  testing::MemoryFileStore files_;
  testing::FakeClock clock_;
  std::vector<std::uint64_t> seen_;
};

TEST_F(JournalTest, StartsEmptyAndGoesOnWhereItEnded) {
  write({"one", "two"});
  write({"three"});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2}));
  ASSERT_THAT(open(), IsOk());
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(JournalTest, TornTailIsCutAtEveryByteAndTheRestReplays) {
  write({"one", "two"});
  const std::string whole = files_.text(kPath);
  write({"three \xc3\xa9 and more"});
  const std::string text = files_.text(kPath);
  for (std::size_t size = whole.size(); size < text.size(); ++size) {
    files_.put(kPath, text.substr(0, size));
    ASSERT_THAT(open(), IsOk()) << size;
    EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2})) << size;
    EXPECT_EQ(files_.text(kPath), whole) << size;
    write({"again"});
    ASSERT_THAT(open(), IsOk());
    EXPECT_EQ(seen_.size(), 3U);
  }
}

TEST_F(JournalTest, TornTailWithALineFeedIsCut) {
  write({"one"});
  const std::string whole = files_.text(kPath);
  for (const std::string& tail : {std::string("{\"seq\":2,\"ts\n"), std::string("\n"),
                                  std::string("\0\0\0\0\n", 5), std::string("\0\0\0", 3)}) {
    files_.put(kPath, whole + tail);
    ASSERT_THAT(open(), IsOk());
    EXPECT_EQ(files_.text(kPath), whole);
  }
}

TEST_F(JournalTest, ReadingChangesNothing) {
  write({"one"});
  const std::string torn = files_.text(kPath) + "{\"seq\":2";
  files_.put(kPath, torn);
  const Result<std::uint64_t> size = read_journal(files_, kPath, [](const Entry&) { return ok(); });
  ASSERT_THAT(size, IsOk());
  EXPECT_EQ(*size, torn.size() - std::string("{\"seq\":2").size());
  EXPECT_EQ(files_.text(kPath), torn);
}

TEST_F(JournalTest, CorruptMiddleLineIsInvalidAndNamesItsPlace) {
  write({"one", "two", "three"});
  std::string text = files_.text(kPath);
  const std::size_t second = text.find('\n') + 1;
  text[second] = 'X';
  files_.put(kPath, text);
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, kPath.string() + ":2"));
  EXPECT_EQ(files_.text(kPath), text) << "nothing was cut off";
}

TEST_F(JournalTest, EmptyMiddleLineIsInvalid) {
  write({"one"});
  const std::string one = files_.text(kPath);
  files_.put(kPath, "\n" + one);
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, kPath.string() + ":1"));
}

TEST_F(JournalTest, LastLineOfALaterVersionIsRefusedAndNotCutOff) {
  write({"one"});
  const std::string text = files_.text(kPath) + R"({"seq":2,"ts":1,"type":"teleported"})" + "\n";
  files_.put(kPath, text);
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, "later version"));
  EXPECT_EQ(files_.text(kPath), text);
}

TEST_F(JournalTest, GapAndRepetitionInTheSequenceAreRefused) {
  write({"one", "two", "three"});
  const std::string text = files_.text(kPath);
  const std::size_t second = text.find('\n') + 1;
  const std::size_t third = text.find('\n', second) + 1;
  files_.put(kPath, text.substr(0, second) + text.substr(third));
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, "expected event 2, found 3"));
  files_.put(kPath, text.substr(0, second) + text.substr(0, second));
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, "expected event 2, found 1"));
}

TEST_F(JournalTest, EventThatTheStateRefusesNamesItsPlace) {
  write({"one", "two"});
  const Result<std::uint64_t> read = read_journal(files_, kPath, [](const Entry& entry) -> Status {
    return entry.at.sequence == 2 ? Status(Error(Errc::Conflict, "cannot be")) : ok();
  });
  EXPECT_THAT(read, FailsWith(Errc::Conflict, kPath.string() + ":2: cannot be"));
}

TEST_F(JournalTest, AfterAFailedWriteNothingMoreIsWritten) {
  for (const FaultSide side : {FaultSide::Before, FaultSide::After}) {
    ASSERT_THAT(files_.remove(kPath), IsOk());
    write({"one"});
    Result<std::unique_ptr<Journal>> journal = open();
    ASSERT_THAT(journal, IsOk());
    Fault fault(1, side);
    files_.fault = &fault;
    EXPECT_THAT((*journal)->append(failed("two")), FailsWith(Errc::Io, "cannot write the journal"));
    files_.fault = nullptr;
    const std::string text = files_.text(kPath);
    EXPECT_THAT((*journal)->append(failed("three")),
                FailsWith(Errc::Io, "an earlier write failed"));
    EXPECT_THAT((*journal)->sync(), FailsWith(Errc::Io, "an earlier write failed"));
    EXPECT_THAT((*journal)->sync(), FailsWith(Errc::Io, "injected fault")) << "the cause is kept";
    EXPECT_EQ(files_.text(kPath), text);
    write({"next process"});
    ASSERT_THAT(open(), IsOk());
  }
}

TEST_F(JournalTest, AfterAFailedFlushNothingIsCalledDurable) {
  Result<std::unique_ptr<Journal>> journal = open();
  ASSERT_THAT(journal, IsOk());
  ASSERT_THAT((*journal)->append(failed("one")), IsOk());
  files_.fail_syncs = true;
  EXPECT_THAT((*journal)->sync(), FailsWith(Errc::Io, "cannot flush the journal"));
  files_.fail_syncs = false;
  EXPECT_THAT((*journal)->sync(), FailsWith(Errc::Io, "an earlier write failed"));
  EXPECT_THAT((*journal)->append(failed("two")), FailsWith(Errc::Io, "an earlier write failed"));
}

TEST_F(JournalTest, WhoeverFlushesAtTheSameTimeSharesAFlushAndNobodyWaitsForOneToAppend) {
  Result<std::unique_ptr<Journal>> journal = open();
  ASSERT_THAT(journal, IsOk());
  ASSERT_THAT((*journal)->append(failed("one")), IsOk());
  std::atomic<int> flushes = 0;
  std::latch begun(1);
  std::latch go_on(1);
  files_.before_sync = [&] {
    if (++flushes == 1) {
      begun.count_down();
      go_on.wait();
    }
  };
  const auto flush = [&] { EXPECT_THAT((*journal)->sync(), IsOk()); };
  {
    std::jthread first(flush);
    begun.wait();
    EXPECT_THAT((*journal)->append(failed("two")), IsOk());
    std::jthread second(flush);
    std::jthread third(flush);
    go_on.count_down();
  }
  EXPECT_EQ(flushes, 2) << "the first one began before the second event was there";
  files_.before_sync = nullptr;
  files_.lose_power();
  ASSERT_THAT(open(), IsOk());
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(JournalTest, WhatIsNotFlushedIsLostWithThePowerAndNothingElse) {
  Result<std::unique_ptr<Journal>> journal = open();
  ASSERT_THAT((*journal)->append(failed("one")), IsOk());
  ASSERT_THAT((*journal)->sync(), IsOk());
  ASSERT_THAT((*journal)->append(failed("two")), IsOk());
  files_.lose_power();
  ASSERT_THAT(open(), IsOk());
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace director::engine
