/// What a command printed, in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>

#include "director/result.hpp"

namespace director::plugin {

/// One command's lines of one stream, appended to a file with a line feed each. Of a stream longer
/// than head + tail the middle is left out; a JSON line says how much. One thread at a time; what
/// is in the file is in order also when several commands append to it.
class Transcript {
 public:
  static constexpr std::size_t kHeadBytes = 48U << 20U;
  static constexpr std::size_t kTailBytes = 16U << 20U;

  /// Opens at the first line and makes missing parent folders. An empty path: keeps nothing.
  explicit Transcript(std::filesystem::path path, std::size_t head_bytes = kHeadBytes,
                      std::size_t tail_bytes = kTailBytes)
      : path_(std::move(path)), head_bytes_(head_bytes), tail_bytes_(tail_bytes) {}
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;
  ~Transcript();

  void add(std::string_view line);
  /// Writes what was held back. Errors: the first one that there was.
  [[nodiscard]] Status finish();

 private:
  void write(std::string_view line);

  std::filesystem::path path_;
  std::size_t head_bytes_;
  std::size_t tail_bytes_;
  int fd_ = -1;
  int error_ = 0;
  std::size_t written_ = 0;
  std::deque<std::string> tail_;
  std::size_t tail_size_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace director::plugin
