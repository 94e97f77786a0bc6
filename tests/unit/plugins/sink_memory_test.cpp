#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "fakes/fake_host.hpp"
#include "memory_sink.hpp"
#include "unit/matchers.hpp"

namespace sink_memory {
namespace {

namespace fs = std::filesystem;
using director::Errc;
using director::testing::FailsWith;
using director::testing::FakeHost;
using director::testing::IsOk;

class MemorySinkTest : public ::testing::Test {
 protected:
  MemorySinkTest() {
    std::string name = (fs::temp_directory_path() / "director-sink-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~MemorySinkTest() override { fs::remove_all(dir_); }

  director::Result<std::unique_ptr<MemorySink>> open(const std::string& config = "{}") {
    director::host services = fake_.services();
    director::instance_info info;
    info.config_json = config;
    info.state_dir = dir_.string();
    return MemorySink::create(info, services);
  }
  director::Status emit(MemorySink& sink, std::uint64_t sequence, const std::string& json,
                        const char* kind = "cost") {
    director::host services = fake_.services();
    return sink.emit({sequence, "j1", kind, json}, services);
  }
  director::Status flush(MemorySink& sink) {
    director::host services = fake_.services();
    return sink.flush(services);
  }
  [[nodiscard]] std::string content(const char* name = "records.jsonl") const {
    std::ifstream file(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  FakeHost fake_;
  fs::path dir_;
};

TEST_F(MemorySinkTest, LeavesWhatWasFlushedInItsFile) {
  auto sink = open();
  ASSERT_THAT(sink, IsOk());
  ASSERT_THAT(emit(**sink, 2, R"({"cost":0.5})"), IsOk());
  ASSERT_THAT(emit(**sink, 1, R"({"x":[1,null]})", "a kind of tomorrow"), IsOk());
  EXPECT_EQ(content(), "") << "until then it is in memory";
  ASSERT_THAT(flush(**sink), IsOk());
  EXPECT_EQ(
      content(),
      "{\"job\":\"j1\",\"kind\":\"a kind of tomorrow\",\"seq\":1,\"record\":{\"x\":[1,null]}}\n"
      "{\"job\":\"j1\",\"kind\":\"cost\",\"seq\":2,\"record\":{\"cost\":0.5}}\n");
}

TEST_F(MemorySinkTest, KeepsWhatComesAgainOnceAndNodesOfOneEventApart) {
  auto sink = open();
  ASSERT_THAT(sink, IsOk());
  for (const char* json : {R"({"node":"a"})", R"({"node":"b"})", R"({"node":"a"})"}) {
    ASSERT_THAT(emit(**sink, 1, json, "node"), IsOk());
  }
  ASSERT_THAT(flush(**sink), IsOk());
  const std::string before = content();
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 2);
  (*sink).reset();
  auto later = open();
  ASSERT_THAT(later, IsOk());
  ASSERT_THAT(emit(**later, 1, R"({"node":"b"})", "node"), IsOk());
  ASSERT_THAT(flush(**later), IsOk());
  EXPECT_EQ(content(), before);
}

TEST_F(MemorySinkTest, AnInstanceThatEndsLeavesItsRecords) {
  auto sink = open(R"({"file": "other.jsonl"})");
  ASSERT_THAT(sink, IsOk());
  ASSERT_THAT(emit(**sink, 1, "{}"), IsOk());
  (*sink).reset();
  EXPECT_NE(content("other.jsonl"), "");
}

TEST_F(MemorySinkTest, AFlushThatFailsSaysSoAndTheNextOneHasAll) {
  auto sink = open();
  ASSERT_THAT(sink, IsOk());
  ASSERT_THAT(emit(**sink, 1, "{}"), IsOk());
  fs::create_directory(dir_ / "records.jsonl.new");
  EXPECT_THAT(flush(**sink), FailsWith(Errc::Io, "records.jsonl.new"));
  EXPECT_EQ(content(), "");
  fs::remove(dir_ / "records.jsonl.new");
  ASSERT_THAT(flush(**sink), IsOk());
  EXPECT_NE(content(), "");
}

TEST_F(MemorySinkTest, RefusesWhatIsNoRecord) {
  auto sink = open();
  ASSERT_THAT(sink, IsOk());
  EXPECT_THAT(emit(**sink, 7, "[]"), FailsWith(Errc::Invalid, "'cost' 7: not a JSON object"));
  (*sink).reset();
  std::ofstream(dir_ / "records.jsonl") << "{\"job\":\"j\"}\n";
  EXPECT_THAT(open(), FailsWith(Errc::Invalid, "line 1 is no record"));
  EXPECT_THAT(open(R"({"file": ""})"), IsOk()) << "a sink that is nobody's";
}

}  // namespace
}  // namespace sink_memory
