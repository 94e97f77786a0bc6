/// A tool that plays its part as a real program, for plugins that start their tool themselves.
#pragma once

#include <filesystem>
#include <vector>

#include "core/ports/process_launcher.hpp"

namespace director::kit {

struct Play;

/// A shell script in a folder of its own, and what it was started with. The kit's configuration
/// names it with "${tool}". Other processes may start it at any time; its functions are for one
/// thread.
class StandIn {
 public:
  explicit StandIn(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::filesystem::path program() const { return folder_ / "tool"; }
  /// How it goes from now on. One that is refused is not there; one that the host would end ends by
  /// a signal.
  void play(const Play& play) const;
  /// What it was started with, in no order.
  [[nodiscard]] std::vector<ports::Command> calls() const;
  void forget() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace director::kit
