/// Prints transcripts of calls, once or as they grow.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/call_book.hpp"
#include "cli/file_tail.hpp"
#include "director/result.hpp"

namespace director::cli {

struct LogSelection {
  std::string node{};  ///< empty: any
  std::string call{};  ///< whole id; empty: any
  bool raw = false;    ///< the transcript's lines and nothing else
  bool escape_raw = false;
};

/// One thread at a time.
class LogFollower {
 public:
  using Print = std::function<void(std::string_view)>;
  /// Whether a director is at work in the repository.
  using AtWork = std::function<bool()>;

  /// `state`: the .director folder.
  LogFollower(std::filesystem::path state, LogSelection selection, AtWork at_work, Print print);
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;
  ~LogFollower();

  /// Prints what came since the last look. False once no director is at work: there is nothing
  /// more to come. Errors: Invalid for a journal that cannot be read; Io.
  [[nodiscard]] Result<bool> step();

 private:
  struct Stream;
  [[nodiscard]] bool is_selected(const CallRecord& call) const;
  [[nodiscard]] Status read_journal();
  [[nodiscard]] Status show(Stream& stream, bool last);
  void say(const Stream& stream, const std::string& text);

  std::filesystem::path state_;
  LogSelection selection_;
  AtWork at_work_;
  Print print_;
  FileTail journal_;
  CallBook book_;
  Status journal_status_ = ok();
  std::size_t seen_ = 0;                         ///< calls of the book that were looked at
  std::deque<std::unique_ptr<Stream>> streams_;  ///< selected calls not shown to their end yet
  std::string speaking_;                         ///< the call whose lines were printed last
};

}  // namespace director::cli
