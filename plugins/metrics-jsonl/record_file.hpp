/// A file of records, one JSON object a line, that is only ever appended to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "director/result.hpp"

namespace metrics_jsonl {

/// All instances of a process that write to one path share one of these. Thread-safe.
class RecordFile {
 public:
  /// The one for `path` (absolute). Touches no file.
  [[nodiscard]] static std::shared_ptr<RecordFile> open(const std::string& path);

  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  /// Appends `json`, one object, as a line with its job and sequence added; or does
  /// nothing if the file has that record already. What a crash left of a line is cut off first; a
  /// file that was moved away or deleted begins anew. Errors: Invalid for no object, Io.
  [[nodiscard]] director::Status append(std::string_view job, std::string_view kind,
                                        std::uint64_t sequence, std::string_view json);

  /// What was appended is on the disk. Errors: Io.
  [[nodiscard]] director::Status flush();

 private:
  // job, kind, sequence, node, ts. A journal that was cut back uses its numbers again, for other
  // events: the time tells them apart, and what was spent before stays.
  using Key = std::tuple<std::string, std::string, std::uint64_t, std::string, double>;

  explicit RecordFile(std::string path) : path_(std::move(path)) {}

  director::Status ensure_open();
  director::Status adopt();
  void remember(std::string_view line);
  [[nodiscard]] bool has(const Key& key) const;
  void close();
  [[nodiscard]] director::Error io_error(const char* verb) const;

  std::mutex mutex_;
  const std::string path_;
  int descriptor_ = -1;
  std::set<Key> there_;
  std::map<std::string, std::uint64_t> oldest_known_;  // by job, where older lines were not read
};

}  // namespace metrics_jsonl
