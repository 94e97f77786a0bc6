/// Running commands.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/command_hold.hpp"
#include "director/result.hpp"

namespace director::ports {

/// What a command is for: decides its environment and, with a sandbox, what it may touch.
enum class Purpose : std::uint8_t { Agent, Gate, Setup, Tool };

/// What a command is told while it runs, and until when it may. The handler of its lines changes
/// this from within a call; nobody else touches it until the command has ended.
struct Dialogue {
  std::string unsent;                ///< for its standard input
  bool over = false;                 ///< its standard input ends when `unsent` is written
  std::optional<SteadyTime> end_by;  ///< ends it, as TimedOut; beside its deadline
};

/// A layer over a folder: who is in the sandbox sees it there and writes into `upper`, and the
/// folder stays as it is. `upper` and `work` are empty folders of one file system; all absolute.
struct Layer {
  std::string folder;
  std::string upper;
  std::string work;
};

struct Command {
  Purpose purpose = Purpose::Tool;
  std::vector<std::string> argv;       ///< argv[0] is looked up in the command's own PATH
  std::string cwd;                     ///< absolute; PWD is set to it
  std::vector<std::string> env_set;    ///< "NAME=value", over the environment of the purpose
  std::vector<std::string> env_unset;  ///< names; a trailing '*' matches a prefix
  std::string stdin_text;              ///< empty: standard input is /dev/null
  std::optional<SteadyTime> deadline;
  std::chrono::milliseconds stall{0};  ///< ends it after so long without output; 0: never
  /// Ends it, as Stalled, if standard output is silent for so long from the start; 0: never.
  std::chrono::milliseconds start{0};
  std::size_t max_line_bytes = 16 << 20;  ///< longer lines are cut
  /// Folders that it may write beside its own, where commands are confined; absolute.
  std::vector<std::string> writable;
  /// It may not even write its own.
  bool reads_only = false;
  /// Folders that it may see, where what is in them is hidden from confined commands; absolute.
  std::vector<std::string> readable;
  /// It may use the network although its purpose has none, where commands are confined.
  bool network = false;
  /// What it writes to its folder is of no use to anybody afterwards, and may be thrown away.
  bool scratch = false;
  /// A program's file and its first arguments, which runs the rest of them in a sandbox; the
  /// command is started in there. Set by a launcher for the launcher behind it. Empty: none.
  std::vector<std::string> within;
  std::optional<Layer> layer;  ///< likewise; laid before `within` is started
  /// Goes on after stdin_text; nullptr: standard input ends there. Outlives the command.
  Dialogue* dialogue = nullptr;
  /// Lets other threads reach it while it runs; nullptr: nobody. Outlives the command.
  CommandHold* hold = nullptr;
};

/// Borrowed for the call of the handler; bytes as they came, without the line feed.
struct OutputLine {
  bool is_stderr = false;
  bool cut = false;
  std::string_view text;
};

/// Returns false to end the command.
using LineHandler = std::function<bool(const OutputLine&)>;

enum class ExitKind : std::uint8_t { Exited, Signaled, TimedOut, Stalled, Cancelled, Stopped };

/// What a command and all that it started used.
struct Usage {
  std::chrono::microseconds cpu{0};
  /// Of all its processes at a time where that is known, else of the largest of them.
  std::uint64_t peak_memory_bytes = 0;

  void add(const Usage& other) {
    cpu += other.cpu;
    peak_memory_bytes = std::max(peak_memory_bytes, other.peak_memory_bytes);
  }
};

struct Exit {
  ExitKind kind = ExitKind::Exited;
  int exit_code = 0;  ///< when Exited
  int signal = 0;     ///< when Signaled
  std::chrono::milliseconds wall{0};
  Usage usage{};
  /// Which limit of resources it ran into, for people; empty: none. It may have gone on after that.
  std::string limit{};
  /// Command::scratch was heeded: its folder is as it was before.
  bool spared = false;
};

class ProcessLauncher {
 public:
  virtual ~ProcessLauncher() = default;
  /// Runs a command to its end. `on_line` (may be empty) is called on this thread, in the order in
  /// which each stream's lines came. On return every process that the command started is gone,
  /// whatever session or group it put itself in.
  /// Errors: NotFound if there is no such program or folder; Io. Safe from any thread; blocks.
  [[nodiscard]] virtual Result<Exit> run(const Command& command, const LineHandler& on_line,
                                         const CancelToken& cancel) = 0;
  /// Whether a server that is started so can be talked with from here.
  [[nodiscard]] virtual bool is_reachable(const Command& /*command*/) const { return true; }
};

}  // namespace director::ports
