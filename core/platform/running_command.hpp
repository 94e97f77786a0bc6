/// One command from its start to the end of everything it started.
#pragma once

#include <optional>
#include <string>

#include "core/platform/cgroups.hpp"
#include "core/platform/line_splitter.hpp"
#include "core/platform/local_launcher.hpp"
#include "core/platform/spawn.hpp"
#include "core/platform/supervisor.hpp"

namespace director::platform {

/// Feeds standard input, reads both streams, watches deadline, stall and cancel. What it is made
/// with outlives it. Used by one thread.
class RunningCommand final : ports::CommandGrip {
 public:
  RunningCommand(const ports::Clock& clock, Grace grace, const ports::Command& command,
                 const ports::LineHandler& on_line, const ports::CancelToken& cancel,
                 ports::SteadyTime started, Spawned spawned, CommandCgroup* cgroup);
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;
  /// Ends the command if finish() did not, as when a handler throws.
  ~RunningCommand() override;

  /// Blocks until the supervisor and with it every descendant is gone.
  [[nodiscard]] Result<ports::Exit> finish();

 private:
  void step();
  /// Takes up what the handler has said since.
  void continue_dialogue();
  void feed_stdin();
  void read_stream(UniqueFd& fd, LineSplitter& lines);
  void drain(UniqueFd& fd, LineSplitter& lines);
  void read_status();
  void answer_hold(const Report& report) const;
  void deliver(bool is_stderr, std::string_view text, bool cut);
  void watch_limits();
  [[nodiscard]] std::optional<ports::SteadyTime> deadline() const;
  /// When it counts as stalled if nothing more comes; nullopt: never.
  [[nodiscard]] std::optional<ports::SteadyTime> stalled_at() const;
  void end_for(ports::ExitKind why);
  void order(char what) const;
  void mark() override { order(kMark); }
  void weed() override { order(kWeed); }
  [[nodiscard]] ports::CommandLook look() const override;
  void let_watch(ports::SteadyTime now);
  /// Tells who holds the command that it is over. `clean`: and all that it started.
  void let_go(bool clean) const;
  void note_usage(ports::Exit& exit) const;
  /// Sees to it that nothing is left of a command whose supervisor is gone.
  [[nodiscard]] Status settle();
  [[nodiscard]] int wait_ms(ports::SteadyTime now) const;

  const ports::Clock& clock_;
  Grace grace_;
  const ports::Command& command_;
  const ports::LineHandler& on_line_;
  const ports::CancelToken& cancel_;
  ports::SteadyTime started_;
  ports::SteadyTime last_output_;
  ports::SteadyTime next_look_{};
  bool stdout_spoke_ = false;
  Spawned spawned_;
  CommandCgroup* cgroup_;  ///< nullptr: none
  LineSplitter stdout_lines_;
  LineSplitter stderr_lines_;
  std::string said_;  ///< in the dialogue, last
  std::string_view stdin_left_;
  std::optional<Report> report_;
  std::optional<Report> used_;
  std::optional<ports::ExitKind> ended_for_;       ///< why this program ended it
  std::optional<ports::SteadyTime> kill_at_;       ///< SIGTERM was sent
  std::optional<ports::SteadyTime> overpower_at_;  ///< the supervisor should be done by then
  std::string last_complaint_;                     ///< on stderr, in a sandbox
  bool stopped_ = false;                           ///< the handler wants no more lines
  bool supervisor_gone_ = false;
  bool settled_ = false;  ///< settle() has reaped it
};

}  // namespace director::platform
