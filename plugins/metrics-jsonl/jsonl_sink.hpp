/// A sink that keeps costs.jsonl and metrics.jsonl in the repository's .director folder.
#pragma once

#include <memory>
#include <string>

#include "director/sink.hpp"
#include "record_file.hpp"

namespace metrics_jsonl {

class JsonlSink final : public director::sink {
 public:
  static constexpr const char* summary = "writes costs.jsonl and metrics.jsonl";

  explicit JsonlSink(const director::instance_info& info)
      : costs_(RecordFile::open(info.state_dir + "/costs.jsonl")),
        metrics_(RecordFile::open(info.state_dir + "/metrics.jsonl")) {}

  [[nodiscard]] director::Status emit(const director::record& entry,
                                      director::host& services) override;
  [[nodiscard]] director::Status flush(director::host& services) override;

 private:
  std::shared_ptr<RecordFile> costs_;
  std::shared_ptr<RecordFile> metrics_;
};

}  // namespace metrics_jsonl
