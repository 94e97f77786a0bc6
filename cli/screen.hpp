/// Progress on stderr: live lines on a terminal, one line an event in a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>

#include "core/engine/progress.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/log.hpp"

namespace director::cli {

class Screen final : public engine::Progress {
 public:
  /// `live`: redraw what each node is doing now, below the lines of events.
  Screen(std::FILE* out, bool live, const ports::Clock& clock)
      : out_(out), live_(live), clock_(clock) {}
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() override { erase(); }

  void planning(const run::PlanState& state, const run::PlanEvent& event) override;
  void planning_step(std::string_view what) override;
  void running(const run::RunState& state, const run::RunEvent& event) override;
  void idle(const run::RunState& state) override;

  /// Writes something else to the same terminal, above the live lines. Safe from any thread.
  void interject(const std::function<void()>& write);

 private:
  void line(const std::string& text);
  void draw(const run::RunState& state);
  void erase();

  std::FILE* out_;
  bool live_;
  const ports::Clock& clock_;
  std::mutex mutex_;
  std::size_t drawn_ = 0;  ///< live lines on the screen
  ports::SteadyTime drawn_at_{};
};

/// A log that keeps clear of the screen's live lines. References outlive it.
class ScreenLog final : public ports::Log {
 public:
  ScreenLog(Screen& screen, ports::Log& log) : screen_(screen), log_(log) {}
  void write(ports::LogLevel level, std::string_view text) override {
    screen_.interject([&] { log_.write(level, text); });
  }

 private:
  Screen& screen_;
  ports::Log& log_;
};

/// What an event means, as one line for a person; empty: nothing worth a line.
[[nodiscard]] std::string describe(const run::RunState& state, const run::RunEvent& event);
[[nodiscard]] std::string describe(const run::PlanState& state, const run::PlanEvent& event);

}  // namespace director::cli
