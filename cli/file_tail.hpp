/// Lines of a file that another process is still writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "core/platform/line_splitter.hpp"
#include "director/result.hpp"

namespace director::cli {

/// One thread at a time.
class FileTail {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  /// Longer lines are cut to `most_bytes`.
  FileTail(std::filesystem::path path, std::size_t most_bytes, OnLine on_line);

  /// Hands over the whole lines that came since the last look; with `at_end` also what stands
  /// behind the last line feed. A file that is missing, or no regular file, has no lines. A file
  /// that became shorter is read from its beginning. Errors: Io.
  [[nodiscard]] Status read_on(bool at_end);

 private:
  std::filesystem::path path_;
  platform::LineSplitter splitter_;
  std::int64_t offset_ = 0;
};

}  // namespace director::cli
