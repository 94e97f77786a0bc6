/// What a command printed, in a file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::plugin {

/// One command's lines of one stream, appended to a file with a line feed each. Of a stream longer
/// than `max_bytes` the middle is left out; a JSON line says how much. Holds a fixed part of that
/// in memory. One thread at a time; what is in the file is in order also when several commands
/// append to it.
class Transcript {
 public:
  /// Opens at the first line and makes missing parent folders. An empty path: keeps nothing. What
  /// is in the file already counts against its beginning's share.
  Transcript(std::filesystem::path path, std::size_t max_bytes)
      : path_(std::move(path)),
        tail_bytes_(std::min(max_bytes / 4, kMostTailBytes)),
        head_bytes_(max_bytes - tail_bytes_) {}
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;
  ~Transcript();

  /// `cut`: the end of the line is lost. Then its beginning is kept in a JSON line that says so,
  /// since it is no whole event of whatever format.
  void add(std::string_view line, bool cut = false);
  /// Writes what was held back. Errors: the first one that there was.
  [[nodiscard]] Status finish();

 private:
  static constexpr std::size_t kMostTailBytes = std::size_t{4} << 20U;

  void open();
  void write(std::string_view bytes);
  /// Keeps the last whole lines of the tail, tail_bytes_ of them at most.
  void trim();

  std::filesystem::path path_;
  std::size_t tail_bytes_;
  std::size_t head_bytes_;
  int fd_ = -1;
  int error_ = 0;
  std::size_t written_ = 0;
  bool in_tail_ = false;
  std::string tail_;  ///< lines with their ends
  std::uint64_t left_out_ = 0;
};

}  // namespace director::plugin
