#include "core/plugin/exec/executable.hpp"

#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/plugin/exec/excerpt.hpp"
#include "core/plugin/instance.hpp"

namespace director::plugin::exec {
namespace {

/// The one line that is expected of a program that was asked nothing.
class Greeting {
 public:
  Greeting(std::string name, const ports::Clock& clock, const Limits& limits)
      : name_(std::move(name)), clock_(clock), limits_(limits) {
    dialogue_.end_by = clock.now() + limits.hello;
  }

  [[nodiscard]] ports::Dialogue& dialogue() { return dialogue_; }

  bool hear(const ports::OutputLine& line) {
    if (line.is_stderr) {
      words_.add_line(line.text, line.cut);
      return true;
    }
    if (text::trim(line.text).empty()) {
      return true;
    }
    if (known_) {
      known_ = Error(Errc::External, "plugin '" + name_ +
                                         "' goes on behind its hello, though its standard input "
                                         "ended; it should end there, too");
      return false;
    }
    known_ = read(line);
    dialogue_.over = true;
    dialogue_.end_by = clock_.now() + limits_.goodbye;
    return known_->has_value();
  }

  [[nodiscard]] Result<Descriptor> judge(const ports::Exit& exit) && {
    if (known_ && !*known_) {
      return *std::move(known_);
    }
    if (exit.kind == ports::ExitKind::Exited && exit.exit_code == 0 && known_) {
      return *std::move(known_);
    }
    return Error(Errc::External,
                 "plugin '" + name_ + "' " + how_it_ended(exit) + words_.last_words());
  }

 private:
  [[nodiscard]] Result<Descriptor> read(const ports::OutputLine& line) const {
    const Result<Message> message =
        line.cut ? Error(Errc::Invalid, "the line is too long") : parse_message(line.text);
    if (!message) {
      return plugin_bug(name_, "said no hello: " + message.error().message() +
                                   " in: " + text::printable(text::cut_middle(line.text, 200)));
    }
    const Hello* hello = std::get_if<Hello>(&*message);
    return hello != nullptr
               ? describe(*hello, name_)
               : Result<Descriptor>(plugin_bug(
                     name_, "said '" + std::string(type_of(*message)) + "' before its hello"));
  }

  [[nodiscard]] std::string how_it_ended(const ports::Exit& exit) const {
    switch (exit.kind) {
      case ports::ExitKind::Exited:
        return exit.exit_code == 0
                   ? "ended without a hello; does it speak director's exec protocol?"
                   : "ended with status " + std::to_string(exit.exit_code) +
                         (known_ ? " after its hello" : " before its hello");
      case ports::ExitKind::Signaled:
        return "was killed by signal " + std::to_string(exit.signal);
      case ports::ExitKind::TimedOut:
      case ports::ExitKind::Stalled:
        return known_ ? "did not end after its hello, though its standard input ended"
                      : "said no hello in time; does it speak director's exec protocol?";
      case ports::ExitKind::Cancelled:
      case ports::ExitKind::Stopped:
        break;
    }
    return "could not be asked who it is";
  }

  std::string name_;
  const ports::Clock& clock_;
  const Limits& limits_;
  ports::Dialogue dialogue_;
  Excerpt words_{kKeptWords};
  std::optional<Result<Descriptor>> known_;
};

}  // namespace

ports::Command command_for(const std::filesystem::path& file, const Limits& limits) {
  ports::Command command;
  command.argv = {file.string()};
  command.env_set = {kMagicVariable, kProtocolVariable};
  command.max_line_bytes = limits.line_bytes;
  return command;
}

Result<Descriptor> describe(const Hello& hello, std::string_view name) {
  if (hello.protocol != kProtocol) {
    return Error(Errc::Conflict, "plugin '" + std::string(name) + "' speaks version " +
                                     std::to_string(hello.protocol) +
                                     " of the exec protocol, this director speaks " +
                                     std::to_string(kProtocol) +
                                     "; install the plugin's version for this director");
  }
  if (!is_id(hello.id)) {
    return plugin_bug(name, "has no valid id (a-z, 0-9 and '-', at most 64 characters)");
  }
  if (hello.version.empty()) {
    return plugin_bug(hello.id, "has no version");
  }
  Descriptor known;
  known.id = hello.id;
  known.version = hello.version;
  known.summary = hello.summary;
  known.config_schema = hello.config_schema;
  known.kinds = {hello.kind};
  return known;
}

Result<Descriptor> ask_hello(ports::ProcessLauncher& launcher, const ports::Clock& clock,
                             const std::filesystem::path& file, const Limits& limits) {
  Greeting greeting(file.filename().string(), clock, limits);
  ports::Command command = command_for(file, limits);
  command.purpose = ports::Purpose::Gate;  // whose environment holds no secrets
  command.cwd = "/";
  command.dialogue = &greeting.dialogue();
  DIRECTOR_TRY(
      const ports::Exit exit,
      launcher.run(command,
                   [&greeting](const ports::OutputLine& line) { return greeting.hear(line); }, {}));
  return std::move(greeting).judge(exit);
}

}  // namespace director::plugin::exec
