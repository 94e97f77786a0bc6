/// The exec protocol, version 1: what an executable plugin and the host say to each other, one JSON
/// object a line. docs/formats/exec.md describes it, exec.schema.json says it to programs. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/plugin/descriptor.hpp"
#include "core/ports/backends.hpp"
#include "director/host.hpp"
#include "director/instance.hpp"
#include "director/result.hpp"

namespace director::plugin::exec {

inline constexpr std::int64_t kProtocol = 1;
/// In the environment of every executable that is started as a plugin. Not a secret: a program that
/// does not find them was started by a person, and can say what it is for.
inline constexpr const char* kMagicVariable = "DIRECTOR_PLUGIN_MAGIC=director-exec";
inline constexpr const char* kProtocolVariable = "DIRECTOR_PLUGIN_PROTOCOL=1";

// ---- what a plugin says -------------------------------------------------------------------------

/// First of all: who it is.
struct Hello {
  std::int64_t protocol = 0;
  Kind kind = Kind::Gate;
  std::string id;
  std::string version;
  std::string summary;
  std::optional<std::string> config_schema;  ///< as JSON
};

struct LogLine {
  log_level level = log_level::info;
  std::string text;
};

/// Asks the host to run a command: answered with ended_line() or error_line().
struct RunCommand {
  std::vector<std::string> argv;  ///< empty: the call's own command
  std::string stdin_text;
  std::int64_t timeout_ms = 0;  ///< 0: as long as the call may take
};

/// Asks the host to ask a role: answered with answer_line() or error_line().
struct AskAgent {
  std::string role;  ///< empty: the call's own
  std::string message;
};

/// An answer: the call failed.
struct Failure {
  Errc code = Errc::External;
  std::string text;
};

/// A gate's answer.
struct Verdict {
  verdict said;
  bool has_detail = false;
};

struct AgentText {
  std::string text;
};

struct AgentTool {
  std::string name;
  std::string input;  ///< JSON
  std::string output;
  int exit_code = -1;
};

struct AgentRetry {
  std::string why;
  std::int64_t after_ms = 0;
};

/// A runner's answer: the agent's own.
struct AgentFinish {
  std::string text;
};

/// A runner's answer: what kept the agent from one.
struct AgentFail {
  agent_failure failure = agent_failure::transport;
  std::string text;
  std::int64_t retry_after_ms = 0;
};

/// A runner's answer to "probe", as director/abi/runner.h has it.
struct Tool {
  std::string json;
};

/// A sink's answer.
struct Kept {};

using Message =
    std::variant<Hello, LogLine, RunCommand, AskAgent, Failure, Verdict, AgentText, AgentTool,
                 usage, AgentRetry, AgentFinish, AgentFail, Tool, review, Kept>;

/// One line of a plugin's stdout. Members that are not known are left alone; a type that is not is
/// an error. Errors: Invalid, with what is wrong and where.
[[nodiscard]] Result<Message> parse_message(std::string_view line);
/// "verdict", "text", ...
[[nodiscard]] std::string_view type_of(const Message& message);

// ---- what the host says -------------------------------------------------------------------------

/// What all calls have in common.
struct CallHead {
  const instance_info& info;
  std::int64_t remaining_ms = -1;  ///< until the deadline; -1: there is none
};

[[nodiscard]] std::string check_line(const CallHead& head, const gate_request& request);
[[nodiscard]] std::string run_line(const CallHead& head, const run_request& request);
[[nodiscard]] std::string probe_line(const CallHead& head);
[[nodiscard]] std::string review_line(const CallHead& head, const review_request& request);
/// `count` records follow.
[[nodiscard]] std::string keep_line(const CallHead& head, std::size_t count);
[[nodiscard]] std::string record_line(const record& entry);

/// `output`: what the command printed, as much of it as is kept.
[[nodiscard]] std::string ended_line(const exec_result& result, std::string_view output);
[[nodiscard]] std::string answer_line(std::string_view text);
[[nodiscard]] std::string error_line(const Error& error);

}  // namespace director::plugin::exec
