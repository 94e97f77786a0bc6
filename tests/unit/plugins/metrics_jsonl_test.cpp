#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_host.hpp"
#include "jsonl_sink.hpp"
#include "unit/matchers.hpp"

namespace metrics_jsonl {
namespace {

namespace fs = std::filesystem;
using director::testing::FailsWith;
using director::testing::IsOk;

class JsonlSinkTest : public ::testing::Test {
 protected:
  JsonlSinkTest() {
    std::string name = (fs::temp_directory_path() / "director-metrics-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
  }
  ~JsonlSinkTest() override { fs::remove_all(dir_); }

  [[nodiscard]] JsonlSink make_sink() const {
    director::instance_info info;
    info.state_dir = dir_.string();
    return JsonlSink(info);
  }
  [[nodiscard]] std::string content(const char* name) const {
    std::ifstream file(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream(dir_ / name, std::ios::binary | std::ios::trunc) << text;
  }
  director::Status emit(JsonlSink& sink, const char* kind, std::uint64_t sequence,
                        const std::string& json, const char* job = "j1") {
    director::host services = fake_.services();
    return sink.emit({sequence, job, kind, json}, services);
  }

  director::testing::FakeHost fake_;
  fs::path dir_;
};

TEST_F(JsonlSinkTest, KindsGoToTheirFilesWithSequenceLast) {
  JsonlSink sink = make_sink();
  ASSERT_THAT(emit(sink, "cost", 3, R"({"role":"executor","cost":0.25})"), IsOk());
  ASSERT_THAT(emit(sink, "node", 4, R"({"kind":"node","job_id":"j1","node":"n1"})"), IsOk());
  ASSERT_THAT(emit(sink, "run", 4, R"({"kind":"run","job_id":"j1"})"), IsOk());
  ASSERT_THAT(emit(sink, "event", 5, R"({"x":1})"), IsOk());
  ASSERT_THAT(emit(sink, "something new", 6, "not even json"), IsOk());
  director::host services = fake_.services();
  ASSERT_THAT(sink.flush(services), IsOk());
  EXPECT_EQ(content("costs.jsonl"),
            "{\"role\":\"executor\",\"cost\":0.25,\"job_id\":\"j1\",\"seq\":3}\n");
  EXPECT_EQ(content("metrics.jsonl"),
            "{\"kind\":\"node\",\"job_id\":\"j1\",\"node\":\"n1\",\"seq\":4}\n"
            "{\"kind\":\"run\",\"job_id\":\"j1\",\"seq\":4}\n");
}

TEST_F(JsonlSinkTest, ReplayWritesOnlyWhatIsMissing) {
  {
    JsonlSink sink = make_sink();
    ASSERT_THAT(emit(sink, "cost", 1, "{}"), IsOk());
    ASSERT_THAT(emit(sink, "cost", 3, "{}"), IsOk());  // 2 was under way beside it, and is lost
  }
  JsonlSink sink = make_sink();
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
    ASSERT_THAT(emit(sink, "cost", sequence, "{}"), IsOk());
  }
  EXPECT_EQ(content("costs.jsonl"),
            "{\"job_id\":\"j1\",\"seq\":1}\n{\"job_id\":\"j1\",\"seq\":3}\n"
            "{\"job_id\":\"j1\",\"seq\":2}\n{\"job_id\":\"j1\",\"seq\":4}\n");
}

TEST_F(JsonlSinkTest, NodesThatOneEventEndedHaveALineEachAndOnce) {
  for (int replay = 0; replay < 2; ++replay) {
    JsonlSink sink = make_sink();
    ASSERT_THAT(emit(sink, "node", 5, R"({"kind":"node","node":"a"})"), IsOk());
    ASSERT_THAT(emit(sink, "node", 5, R"({"kind":"node","node":"b"})"), IsOk());
    ASSERT_THAT(emit(sink, "node", 5, R"({"kind":"node","node":"a"})"), IsOk());
  }
  EXPECT_EQ(content("metrics.jsonl"),
            "{\"kind\":\"node\",\"node\":\"a\",\"job_id\":\"j1\",\"seq\":5}\n"
            "{\"kind\":\"node\",\"node\":\"b\",\"job_id\":\"j1\",\"seq\":5}\n");
}

TEST_F(JsonlSinkTest, AnotherJobIsNotTakenForAReplay) {
  JsonlSink sink = make_sink();
  ASSERT_THAT(emit(sink, "cost", 7, "{}", "j1"), IsOk());
  ASSERT_THAT(emit(sink, "cost", 7, "{}", "j2"), IsOk());
  EXPECT_EQ(content("costs.jsonl"),
            "{\"job_id\":\"j1\",\"seq\":7}\n{\"job_id\":\"j2\",\"seq\":7}\n");
}

TEST_F(JsonlSinkTest, TornLastLineIsCutOffAndWrittenAgain) {
  const std::string whole = "{\"job_id\":\"j1\",\"seq\":1}\n{\"job_id\":\"j1\",\"seq\":2}\n";
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    write("costs.jsonl", whole.substr(0, length));
    JsonlSink sink = make_sink();
    ASSERT_THAT(emit(sink, "cost", 1, "{}"), IsOk());
    ASSERT_THAT(emit(sink, "cost", 2, "{}"), IsOk());
    EXPECT_EQ(content("costs.jsonl"), whole) << "torn after " << length << " of " << first;
  }
}

TEST_F(JsonlSinkTest, DeletedFileIsMadeAgainByTheReplay) {
  JsonlSink sink = make_sink();
  ASSERT_THAT(emit(sink, "cost", 1, "{}"), IsOk());
  fs::remove(dir_ / "costs.jsonl");
  ASSERT_THAT(emit(sink, "cost", 1, "{}"), IsOk());
  EXPECT_EQ(content("costs.jsonl"), "{\"job_id\":\"j1\",\"seq\":1}\n");
}

TEST_F(JsonlSinkTest, RecordsOlderThanTheTailReadAreThere) {
  std::string lines;
  const std::string padding(1000, 'x');
  for (int i = 1; i <= 6000; ++i) {
    lines += R"({"job_id":"j1","pad":")" + padding + R"(","seq":)" + std::to_string(i) + "}\n";
  }
  write("costs.jsonl", lines);
  JsonlSink sink = make_sink();
  for (const std::uint64_t sequence : {1u, 3000u, 6000u}) {
    ASSERT_THAT(emit(sink, "cost", sequence, "{}"), IsOk());
  }
  EXPECT_EQ(content("costs.jsonl"), lines);
  ASSERT_THAT(emit(sink, "cost", 6001, "{}"), IsOk());
  EXPECT_EQ(content("costs.jsonl"), lines + "{\"job_id\":\"j1\",\"seq\":6001}\n");
}

TEST_F(JsonlSinkTest, GarbageInTheFileIsNeitherTouchedNorFatal) {
  write("costs.jsonl", "\xFF\xFE\n[[[[\n{\"seq\":\"three\",\"job_id\":4}\n\n");
  JsonlSink sink = make_sink();
  ASSERT_THAT(emit(sink, "cost", 1, "{}"), IsOk());
  EXPECT_EQ(content("costs.jsonl"),
            "\xFF\xFE\n[[[[\n{\"seq\":\"three\",\"job_id\":4}\n\n{\"job_id\":\"j1\",\"seq\":1}\n");
}

TEST_F(JsonlSinkTest, RecordThatIsNoObjectIsRefused) {
  JsonlSink sink = make_sink();
  EXPECT_THAT(emit(sink, "cost", 1, "{"), FailsWith(director::Errc::Invalid, "cannot record"));
  EXPECT_THAT(emit(sink, "node", 1, "[]"), FailsWith(director::Errc::Invalid, "not a JSON object"));
  EXPECT_EQ(content("costs.jsonl"), "");
}

TEST_F(JsonlSinkTest, FolderThatIsGoneIsAnErrorWithThePath) {
  JsonlSink sink = make_sink();
  fs::remove_all(dir_);
  EXPECT_THAT(emit(sink, "cost", 1, "{}"), FailsWith(director::Errc::Io, "costs.jsonl"));
}

TEST_F(JsonlSinkTest, WorkersWriteWholeLinesOnceEach) {
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([this] {
      JsonlSink sink = make_sink();
      director::testing::FakeHost fake;
      director::host services = fake.services();
      for (std::uint64_t sequence = 1; sequence <= 200; ++sequence) {
        EXPECT_THAT(sink.emit({sequence, "j1", "cost", R"({"pad":"0123456789"})"}, services),
                    IsOk());
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  std::ifstream file(dir_ / "costs.jsonl");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    EXPECT_TRUE(line.starts_with("{\"pad\":") && line.ends_with("}")) << line;
    lines.push_back(line);
  }
  EXPECT_EQ(lines.size(), 200u);
}

}  // namespace
}  // namespace metrics_jsonl
