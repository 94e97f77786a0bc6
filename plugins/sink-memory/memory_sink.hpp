/// A sink that keeps its records in memory and leaves them to a test in a file. For tests.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "director/sink.hpp"

namespace sink_memory {

/// The records of one file, each once. All instances of a process with the same file share one of
/// these. Thread-safe.
class Records {
 public:
  /// The ones for `path` (absolute), with what the file already has. Empty: kept by this instance
  /// alone, for nobody. Errors: Io; Invalid where the file is none of ours.
  [[nodiscard]] static director::Result<std::shared_ptr<Records>> open(const std::string& path);

  /// Errors: Invalid if `json` is no object.
  [[nodiscard]] director::Status add(const director::record& entry);

  /// The file has every record that was added, whole and on the disk, or is as it was. Errors: Io.
  [[nodiscard]] director::Status flush();

 private:
  // job, sequence, kind, node: what tells one record from another.
  using Key = std::tuple<std::string, std::uint64_t, std::string, std::string>;

  explicit Records(std::string path) : path_(std::move(path)) {}
  director::Status load();

  std::mutex mutex_;
  const std::string path_;
  std::map<Key, std::string> lines_;
  bool is_dirty_ = false;
};

class MemorySink final : public director::sink {
 public:
  static constexpr const char* summary = "keeps records in memory, for tests";
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"file": {"type": "string", "default": "records.jsonl"}}
  })";

  /// Errors: Invalid, Io.
  [[nodiscard]] static director::Result<std::unique_ptr<MemorySink>> create(
      const director::instance_info& info, director::host& services);

  explicit MemorySink(std::shared_ptr<Records> records) : records_(std::move(records)) {}
  ~MemorySink() override;

  [[nodiscard]] director::Status emit(const director::record& entry,
                                      director::host& services) override;
  [[nodiscard]] director::Status flush(director::host& services) override;

 private:
  std::shared_ptr<Records> records_;
};

}  // namespace sink_memory
