// Sinks that are programs.
#include <fstream>

#include "tests/contract/exec/support.hpp"
#include "tests/unit/matchers.hpp"

namespace director::exec_test {
namespace {

using director::testing::FailsWith;
using director::testing::IsOk;

/// Appends what it is handed to records.jsonl in its own folder, and starts to starts.
constexpr const char* kKeeper = R"(read -r call || exit 0
echo start >>starts
cat >>records.jsonl
echo '{"type":"kept"}')";

class ExecSink : public ExecTest {
 protected:
  void make(const std::string& script) {
    sink = plugin::exec::make_sink(making(plugin::Kind::Sink, script));
  }
  Status emit(std::uint64_t sequence) {
    const std::string json = "{\"n\":" + std::to_string(sequence) + "}";
    return sink->emit({sequence, "job", "event", json}, host(ports::Purpose::Tool));
  }
  [[nodiscard]] std::vector<std::string> lines_of(const std::string& name) const {
    std::ifstream file(folder / "cache" / name);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  std::unique_ptr<director::sink> sink;
};

TEST_F(ExecSink, FlushHandsOverWhatHasGathered) {
  make(kKeeper);
  ASSERT_THAT(emit(1), IsOk());
  ASSERT_THAT(emit(2), IsOk());
  ASSERT_THAT(sink->flush(host(ports::Purpose::Tool)), IsOk());
  EXPECT_EQ(lines_of("records.jsonl"),
            (std::vector<std::string>{
                R"({"type":"record","sequence":1,"job":"job","kind":"event","record":{"n":1}})",
                R"({"type":"record","sequence":2,"job":"job","kind":"event","record":{"n":2}})"}));
  ASSERT_THAT(sink->flush(host(ports::Purpose::Tool)), IsOk());
  EXPECT_EQ(lines_of("starts").size(), 1U) << "nothing to hand over starts nothing";
}

TEST_F(ExecSink, ManyRecordsCostFewStartsAndNoneIsLost) {
  make(kKeeper);
  for (std::uint64_t i = 1; i <= 600; ++i) {
    ASSERT_THAT(emit(i), IsOk());
  }
  ASSERT_THAT(sink->flush(host(ports::Purpose::Tool)), IsOk());
  EXPECT_EQ(lines_of("records.jsonl").size(), 600U);
  EXPECT_LT(lines_of("starts").size(), 100U);
}

TEST_F(ExecSink, RecordThatHasWaitedGoesWithTheNext) {
  make(kKeeper);
  ASSERT_THAT(emit(1), IsOk());
  clock.leap();
  ASSERT_THAT(emit(2), IsOk());
  EXPECT_EQ(lines_of("records.jsonl").size(), 2U);
}

TEST_F(ExecSink, FailureIsReportedAndTheNextBatchIsTried) {
  make(
      "read -r call || exit 0\ncat >/dev/null\n[ -e ok ] || { : >ok; echo disk full >&2; exit 1; "
      "}\n"
      "echo '{\"type\":\"kept\"}'\n");
  ASSERT_THAT(emit(1), IsOk());
  EXPECT_THAT(sink->flush(host(ports::Purpose::Tool)), FailsWith(Errc::External, "disk full"));
  ASSERT_THAT(emit(2), IsOk());
  EXPECT_THAT(sink->flush(host(ports::Purpose::Tool)), IsOk());
}

// The books wait while records are handed over: one hang has to be the last.
TEST_F(ExecSink, OneThatHangsIsNotTriedAgain) {
  make(
      "read -r call || exit 0\necho '{\"type\":\"log\",\"text\":\"leap\"}'\necho start >>starts\n"
      "exec sleep 1000\n");
  ASSERT_THAT(emit(1), IsOk());
  EXPECT_THAT(sink->flush(host(ports::Purpose::Tool)), FailsWith(Errc::Timeout, "in time"));
  EXPECT_THAT(emit(2), FailsWith(Errc::External, "is not used any more, since it hung"));
  EXPECT_THAT(sink->flush(host(ports::Purpose::Tool)), FailsWith(Errc::External, "since it hung"));
  EXPECT_LE(lines_of("starts").size(), 1U);
}

TEST_F(ExecSink, OneThatDoesNotReadItsRecordsHasNotKeptThem) {
  make("read -r call || exit 0\nexit 0\n");
  ASSERT_THAT(emit(1), IsOk());
  EXPECT_THAT(sink->flush(host(ports::Purpose::Tool)),
              FailsWith(Errc::External, "ended without an answer"));
}

}  // namespace
}  // namespace director::exec_test
