#include "core/plugin/exec/conversation.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/call_host.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin::exec {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKeptOutput = 65536;
/// What is left of a call for its answer when a command in it runs into its deadline.
constexpr std::int64_t kTimeToAnswerMs = 5000;

std::int64_t timeout_of(const RunCommand& wanted, std::int64_t remaining_ms) {
  if (remaining_ms < 0) {
    return wanted.timeout_ms;
  }
  const std::int64_t most =
      std::max<std::int64_t>(remaining_ms - std::min(kTimeToAnswerMs, remaining_ms / 4), 1);
  return wanted.timeout_ms == 0 ? most : std::min(wanted.timeout_ms, most);
}

}  // namespace

Conversation::Conversation(const Executable& plugin, const Limits& limits, director::host& services,
                           Task task, Listener listener)
    : plugin_(plugin),
      limits_(limits),
      services_(services),
      task_(std::move(task)),
      listener_(std::move(listener)),
      words_(kKeptWords),
      output_(kKeptOutput) {}

ports::SteadyTime Conversation::in(milliseconds delay) const {
  const director_host* raw = services_.raw();
  const auto* clock =
      static_cast<const director_clock_service*>(raw->get_service(raw, DIRECTOR_SERVICE_CLOCK));
  return ports::SteadyTime(milliseconds(clock == nullptr ? 0 : clock->monotonic_ms(raw)) + delay);
}

Status Conversation::hold() {
  ports::Command command = command_for(plugin_.file, limits_);
  command.cwd = task_.cwd;
  command.stall = milliseconds(task_.stall_ms);
  command.dialogue = &dialogue_;
  dialogue_.end_by = in(limits_.hello);
  const Result<ports::Exit> exit = converse(
      services_, std::move(command), [this](const ports::OutputLine& line) { return hear(line); });
  if (!exit) {
    return failed(exit.error().code(), exit.error().message());
  }
  was_late_ = exit->kind == ports::ExitKind::TimedOut;
  return judge(*exit);
}

bool Conversation::hear(const ports::OutputLine& line) {
  if (line.is_stderr) {
    hear_stderr(line);
    return true;
  }
  heard_bytes_ += line.text.size();
  if (const Status fine = heed(line); !fine) {
    fault_ = fine.error();
    return false;
  }
  return true;
}

void Conversation::hear_stderr(const ports::OutputLine& line) {
  words_.add_line(line.text, line.cut);
  output_.add_line(line.text, line.cut);
  if (may_log(line.text.size())) {
    services_.log(log_level::debug, plugin_.descriptor.id + ": " + std::string(line.text));
  }
}

bool Conversation::may_log(std::size_t bytes) {
  const bool fitted = logged_bytes_ <= limits_.logged_bytes;
  logged_bytes_ += bytes + 1;
  const bool fits = logged_bytes_ <= limits_.logged_bytes;
  if (fitted && !fits) {
    services_.log(log_level::warning,
                  "plugin '" + plugin_.descriptor.id +
                      "' says so much that the rest of this call is not logged");
  }
  return fits;
}

Status Conversation::heed(const ports::OutputLine& line) {
  if (heard_bytes_ > limits_.stdout_bytes) {
    return broke("wrote more than " + std::to_string(limits_.stdout_bytes) + " bytes in a call");
  }
  if (line.cut) {
    return broke("wrote a line of more than " + std::to_string(limits_.line_bytes) + " bytes");
  }
  if (text::trim(line.text).empty()) {
    return ok();
  }
  Result<Message> message = parse_message(line.text);
  if (!message) {
    return broke("wrote a line that is no message: " + message.error().message() +
                 " in: " + text::printable(text::cut_middle(line.text, 200)));
  }
  switch (phase_) {
    case Phase::Greeting:
      return greet(*message);
    case Phase::Working:
      return act_on(*message);
    case Phase::Leaving:
      break;
  }
  return broke("said '" + std::string(type_of(*message)) + "' after its answer");
}

Status Conversation::greet(const Message& message) {
  const Hello* hello = std::get_if<Hello>(&message);
  if (hello == nullptr) {
    return broke("said '" + std::string(type_of(message)) + "' before its hello");
  }
  DIRECTOR_TRY(const Descriptor now, describe(*hello, plugin_.descriptor.id));
  if (now.id != plugin_.descriptor.id || now.version != plugin_.descriptor.version ||
      now.kinds != plugin_.descriptor.kinds) {
    return Error(Errc::Conflict,
                 "plugin '" + plugin_.descriptor.id + "' " + plugin_.descriptor.version +
                     " says now that it is '" + now.id + "' " + now.version + ", a " +
                     std::string(to_string(now.kinds.front())) + "; run the command again");
  }
  phase_ = Phase::Working;
  dialogue_.end_by.reset();
  if (task_.is_bounded) {
    dialogue_.end_by = in(limits_.records);
  }
  dialogue_.unsent += task_.lines;
  dialogue_.over = task_.says_all;
  return ok();
}

Status Conversation::act_on(Message& message) {
  if (const auto* line = std::get_if<LogLine>(&message)) {
    return log(*line);
  }
  if (const auto* wanted = std::get_if<RunCommand>(&message)) {
    return run(*wanted);
  }
  if (const auto* question = std::get_if<AskAgent>(&message)) {
    return ask(*question);
  }
  if (const auto* failure = std::get_if<Failure>(&message)) {
    failure_ = Error(failure->code, said_by(plugin_.descriptor.id, failure->text));
    answered();
    return ok();
  }
  switch (listener_(message)) {
    case Heard::More:
      return ok();
    case Heard::Answer:
      answered();
      return ok();
    case Heard::Refused:
      break;
  }
  return broke("said '" + std::string(type_of(message)) + "', which is not for a " +
               std::string(to_string(plugin_.descriptor.kinds.front())) + " to say in this call");
}

Status Conversation::log(const LogLine& line) {
  if (may_log(line.text.size())) {
    services_.log(line.level, plugin_.descriptor.id + ": " + line.text);
  }
  return ok();
}

/// On this thread and within the plugin's own command, which waits for the reply anyway.
Status Conversation::run(const RunCommand& wanted) {
  if (!task_.may_exec) {
    return broke("asked for a command, which it may not in this call");
  }
  exec_request request;
  request.argv = wanted.argv;
  if (request.argv.empty()) {
    if (task_.command.empty()) {
      tell(error_line(Error(Errc::Invalid, "this call has no command of its own: give argv")));
      return ok();
    }
    request.argv = {"/bin/sh", "-c", task_.command};
  }
  request.cwd = task_.workdir;
  request.stdin_text = wanted.stdin_text;
  request.timeout_ms = timeout_of(wanted, services_.remaining_ms());
  Excerpt printed(kKeptOutput);
  const Result<exec_result> ended = services_.exec(request, [&](const exec_line& line) {
    printed.add_line(line.text, line.cut);
    output_.add_line(line.text, line.cut);
    return true;
  });
  const bool own_limit = wanted.timeout_ms != 0 && request.timeout_ms == wanted.timeout_ms;
  was_cut_short_ =
      was_cut_short_ || (ended && ended->outcome == exec_outcome::timed_out && !own_limit);
  tell(ended ? ended_line(*ended, printed.text()) : error_line(ended.error()));
  return ok();
}

Status Conversation::ask(const AskAgent& question) {
  if (!task_.may_ask) {
    return broke("asked for an agent, which it may not in this call");
  }
  const Result<std::string> answer = services_.ask(
      question.role.empty() ? task_.role : question.role, question.message, task_.workdir);
  tell(answer ? answer_line(*answer) : error_line(answer.error()));
  return ok();
}

void Conversation::answered() {
  phase_ = Phase::Leaving;
  dialogue_.over = true;
  dialogue_.end_by = in(limits_.goodbye);
}

void Conversation::tell(std::string line) { dialogue_.unsent += std::move(line) + "\n"; }

Status Conversation::judge(const ports::Exit& exit) const {
  if (fault_) {
    return *fault_;
  }
  switch (exit.kind) {
    case ports::ExitKind::Cancelled:
      return failed(Errc::Cancelled, "was cancelled");
    case ports::ExitKind::TimedOut:
      return ended_late();
    case ports::ExitKind::Stalled:
      return failed(Errc::External, "said nothing for " + std::to_string(task_.stall_ms / 1000) +
                                        " s and was ended" + words_.last_words());
    case ports::ExitKind::Signaled:
      return failed(Errc::External,
                    "crashed (signal " + std::to_string(exit.signal) + ")" + words_.last_words());
    case ports::ExitKind::Stopped:
      return failed(Errc::Internal, "was stopped");
    case ports::ExitKind::Exited:
      break;
  }
  if (failure_) {
    return *failure_;
  }
  if (exit.exit_code != 0) {
    return failed(Errc::External, "ended with status " + std::to_string(exit.exit_code) +
                                      (phase_ == Phase::Leaving ? ", so its answer does not count"
                                                                : " and without an answer") +
                                      words_.last_words());
  }
  if (phase_ != Phase::Leaving) {
    return failed(Errc::External, "ended without an answer" + words_.last_words());
  }
  return ok();
}

Error Conversation::ended_late() const {
  switch (phase_) {
    case Phase::Greeting:
      return failed(Errc::External, "said no hello in time" + words_.last_words());
    case Phase::Leaving:
      return failed(Errc::External, "did not end after its answer, which does not count then" +
                                        words_.last_words());
    case Phase::Working:
      break;
  }
  return failed(Errc::Timeout, "gave no answer in time" + words_.last_words());
}

Error Conversation::failed(Errc code, std::string_view what) const {
  return Error(code, "plugin '" + plugin_.descriptor.id + "' " + std::string(what));
}

Error Conversation::broke(std::string_view what) const {
  return plugin_bug(plugin_.descriptor.id, what);
}

}  // namespace director::plugin::exec
