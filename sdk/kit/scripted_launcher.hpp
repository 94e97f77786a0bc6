/// The commands of a plugin, played instead of run.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/process_launcher.hpp"

namespace director::kit {

class StandIn;

/// How a command goes.
struct Play {
  std::vector<std::string> out;  ///< its lines
  std::vector<std::string> err;
  bool cut = false;  ///< its lines come marked as cut
  ports::Exit exit{};
  std::optional<Error> refused;  ///< it is not started at all
  bool until_cancelled = false;  ///< it goes on until the call is cancelled
};

[[nodiscard]] Play exits(int code, std::vector<std::string> out = {});
[[nodiscard]] Play ends(ports::ExitKind kind);
/// The lines of a text; its last line end adds none.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// Refuses what the real one refuses: a NUL in an argument, more than the system takes, a cwd that
/// is not absolute. A command that is talked with is no tool but the plugin itself, and is run.
/// Safe from any thread.
class ScriptedLauncher final : public ports::ProcessLauncher {
 public:
  explicit ScriptedLauncher(ports::ProcessLauncher& real) : real_(real) {}

  /// A command with `word` among its arguments is `play`; empty: every one. Others end well without
  /// a word.
  void script(std::string word, Play play);
  [[nodiscard]] std::vector<ports::Command> seen() const;
  /// Those that `script` was about.
  [[nodiscard]] std::vector<ports::Command> calls() const;
  /// Whether one that goes on until it is cancelled is under way.
  [[nodiscard]] bool is_waiting() const { return waiting_.load(); }
  void forget();
  /// Of a program that starts its tool itself, that tool plays as well. Outlives this.
  void play_with(StandIn& tool) { tool_ = &tool; }

  [[nodiscard]] Result<ports::Exit> run(const ports::Command& command,
                                        const ports::LineHandler& on_line,
                                        const ports::CancelToken& cancel) override;

 private:
  [[nodiscard]] bool is_call(const ports::Command& command) const;

  ports::ProcessLauncher& real_;
  StandIn* tool_ = nullptr;
  mutable std::mutex mutex_;
  std::string word_;
  Play play_;
  std::vector<ports::Command> seen_;
  std::atomic<bool> waiting_ = false;
};

}  // namespace director::kit
