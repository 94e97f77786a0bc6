/// What a plugin may ask of the host during one call.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/redactor.hpp"
#include "core/ports/cancel.hpp"
#include "core/ports/clock.hpp"
#include "core/ports/process_launcher.hpp"
#include "director/host.hpp"
#include "director/result.hpp"

namespace director::ports {

/// Answers a role's question through the configured runner and accounts for it. Implemented by the
/// engine. Safe from any thread; blocks.
class AgentDesk {
 public:
  virtual ~AgentDesk() = default;
  [[nodiscard]] virtual Result<std::string> ask(const std::string& role, const std::string& message,
                                                const std::string& workdir, const std::string& node,
                                                const CancelToken& cancel) = 0;
};

/// The circumstances of one call of a plugin.
struct CallScope {
  std::string label{};  ///< for the log: the node, or what is being done
  std::string node{};   ///< accounted to; may be empty
  Purpose purpose = Purpose::Tool;
  CancelToken cancel{};
  std::optional<SteadyTime> deadline{};
  std::vector<std::string> writable{};  ///< Command::writable of its commands
  bool reads_only = false;              ///< Command::reads_only of its commands
  bool network = false;                 ///< Command::network of its commands
  /// For daemons that serve all calls: the folders of all agents, in an order of their own, and the
  /// folder that these and those of gates are in. May be empty.
  std::function<std::vector<std::string>()> agent_workspaces{};
  std::string all_workspaces{};
  /// Where stdout lines of commands go, byte for byte but for secrets, and their stderr beside it
  /// with ".stderr" at the end; empty: nowhere.
  std::filesystem::path transcript{};
  /// What one of these two files holds at most of a command; of more the middle is left out.
  std::size_t transcript_bytes = std::size_t{64} << 20U;
  AgentDesk* desk = nullptr;  ///< null: this call may not ask agents
};

/// The host of one call. Outlives the call, not the HostServices it came from.
class CallHost {
 public:
  virtual ~CallHost() = default;
  [[nodiscard]] virtual director::host& services() = 0;
  /// What its commands that have ended used, and its share of what daemons did meanwhile; the first
  /// limit that one ran into, as in Exit.
  [[nodiscard]] virtual Usage usage() const = 0;
  [[nodiscard]] virtual std::string limit() const = 0;
  /// Whether it ran commands, and all of them such that their folders are as they were before. What
  /// the plugin itself wrote is not seen. May be false all the same.
  [[nodiscard]] virtual bool spared_folders() const { return false; }
  /// For what the call's plugin said: it knows secrets that it handed to its commands.
  [[nodiscard]] virtual Redactor redactor() const { return {}; }
};

/// Safe from any thread.
class HostServices {
 public:
  virtual ~HostServices() = default;
  [[nodiscard]] virtual std::unique_ptr<CallHost> open(CallScope scope) = 0;
  /// Ends the commands that plugins keep from call to call. Between calls. Blocks.
  virtual void stop_daemons() {}
  /// Whether one of them could ever write to this folder, or to something in it.
  [[nodiscard]] virtual bool has_served(const std::string& /*folder*/) const { return false; }
};

}  // namespace director::ports
