/// A plugin that is a program of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/plugin/descriptor.hpp"
#include "core/plugin/exec/protocol.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/result.hpp"

namespace director::plugin::exec {

struct Executable {
  std::filesystem::path file;  ///< absolute
  Descriptor descriptor;       ///< what it said of itself when it was found
};

/// What a program is held to, whoever wrote it.
struct Limits {
  std::chrono::milliseconds hello{10'000};   ///< until it has said hello
  std::chrono::milliseconds goodbye{5'000};  ///< from its answer to its end
  std::chrono::milliseconds records{
      30'000};  ///< for a batch of records; other calls have a deadline
  std::size_t line_bytes = std::size_t{8} << 20U;
  std::size_t stdout_bytes = std::size_t{256} << 20U;
  std::size_t logged_bytes = std::size_t{1} << 20U;  ///< of a call
};

/// A command that starts it as a plugin: with the magic, and without input so far.
[[nodiscard]] ports::Command command_for(const std::filesystem::path& file, const Limits& limits);

/// What a hello makes known of a plugin. Errors: Conflict if it speaks another protocol, saying
/// both; Internal if it breaks the protocol's rules. `name`: for messages.
[[nodiscard]] Result<Descriptor> describe(const Hello& hello, std::string_view name);

/// Starts a program to hear its hello, with nothing to do for it: an environment without secrets,
/// and "/" as its folder. Errors: those of the launcher and of describe(); Internal for what is no
/// hello; External if it crashes, hangs or goes on. Blocks.
[[nodiscard]] Result<Descriptor> ask_hello(ports::ProcessLauncher& launcher,
                                           const ports::Clock& clock,
                                           const std::filesystem::path& file,
                                           const Limits& limits = {});

}  // namespace director::plugin::exec
