/// One call of an executable plugin, from its start to its end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/plugin/exec/excerpt.hpp"
#include "core/plugin/exec/executable.hpp"
#include "core/plugin/exec/protocol.hpp"
#include "director/host.hpp"
#include "director/result.hpp"

namespace director::plugin::exec {

/// What is asked of the plugin, and what it may ask for meanwhile.
struct Task {
  std::string lines;          ///< the call and what follows it, each with its line feed
  bool says_all = false;      ///< standard input ends behind them
  std::string cwd;            ///< absolute
  std::int64_t stall_ms = 0;  ///< ends the call after so long without a line; 0: never
  std::string workdir;        ///< of commands that it asks for, and of questions; absolute
  std::string command;        ///< run for a request without argv; empty: it has to name one
  bool may_exec = false;      ///< it may ask for commands
  std::string role;           ///< asked where a question names none
  bool may_ask = false;       ///< it may ask agents
  bool is_bounded = false;    ///< Limits::records holds, as the call has no deadline
};

/// What became of a message that is not for the host.
enum class Heard : std::uint8_t {
  Refused,  ///< such a message does not belong to this kind
  More,     ///< others may follow
  Answer    ///< it was the last one
};

/// Talks a plugin through one call. A plugin that breaks the protocol is ended at once, and nothing
/// that it started outlives the call. One thread; used once.
class Conversation {
 public:
  using Listener = std::function<Heard(Message&)>;

  Conversation(const Executable& plugin, const Limits& limits, director::host& services, Task task,
               Listener listener);

  /// Success means: a hello of this plugin, one answer, and a program that then ended with status
  /// 0. Errors: Cancelled; Timeout if the call's deadline passed; External if it crashed, was
  /// silent for too long, hung before its hello or after its answer, or ended without an answer;
  /// Internal if it broke the protocol; the plugin's own. Blocks.
  [[nodiscard]] Status hold();

  /// What it wrote to stderr and what the commands printed that it asked for, as they came.
  [[nodiscard]] std::string output() const { return output_.text(); }
  /// It was ended because it did not get on in time.
  [[nodiscard]] bool was_late() const { return was_late_; }
  /// A command that it asked for was ended because the call's time was over.
  [[nodiscard]] bool was_cut_short() const { return was_cut_short_; }

 private:
  enum class Phase : std::uint8_t { Greeting, Working, Leaving };

  [[nodiscard]] bool hear(const ports::OutputLine& line);
  void hear_stderr(const ports::OutputLine& line);
  [[nodiscard]] Status heed(const ports::OutputLine& line);
  [[nodiscard]] Status greet(const Message& message);
  [[nodiscard]] Status act_on(Message& message);
  [[nodiscard]] Status log(const LogLine& line);
  [[nodiscard]] Status run(const RunCommand& wanted);
  [[nodiscard]] Status ask(const AskAgent& question);
  void answered();
  void tell(std::string line);
  [[nodiscard]] bool may_log(std::size_t bytes);
  [[nodiscard]] Status judge(const ports::Exit& exit) const;
  [[nodiscard]] Error ended_late() const;
  [[nodiscard]] Error failed(Errc code, std::string_view what) const;
  [[nodiscard]] Error broke(std::string_view what) const;
  [[nodiscard]] ports::SteadyTime in(std::chrono::milliseconds delay) const;

  const Executable& plugin_;
  const Limits& limits_;
  director::host& services_;
  Task task_;
  Listener listener_;
  ports::Dialogue dialogue_;
  Phase phase_ = Phase::Greeting;
  std::optional<Error> fault_;    ///< it broke the protocol
  std::optional<Error> failure_;  ///< its own answer
  bool was_late_ = false;
  bool was_cut_short_ = false;
  std::size_t heard_bytes_ = 0;
  std::size_t logged_bytes_ = 0;
  Excerpt words_;
  Excerpt output_;
};

/// Takes the one message that can be the answer to a call, and no other.
template <typename Answer>
[[nodiscard]] Conversation::Listener take_answer(Answer& answer) {
  return [&answer](Message& message) {
    auto* said = std::get_if<Answer>(&message);
    if (said == nullptr) {
      return Heard::Refused;
    }
    answer = std::move(*said);
    return Heard::Answer;
  };
}

}  // namespace director::plugin::exec
