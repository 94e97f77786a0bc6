#include "sdk/kit/scripted_launcher.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/text.hpp"
#include "sdk/kit/stand_in.hpp"

namespace director::kit {
namespace {

constexpr std::size_t kMaxArgument = 131072;  // MAX_ARG_STRLEN of Linux, with the NUL
constexpr std::size_t kMaxArguments = std::size_t{2} << 20U;

Status startable(const ports::Command& command) {
  std::size_t all = 0;
  for (const auto* texts : {&command.argv, &command.env_set}) {
    for (const std::string& text : *texts) {
      if (text.find('\0') != std::string::npos) {
        return Error(Errc::Invalid, "cannot run a command with a NUL in an argument");
      }
      if (text.size() + 1 > kMaxArgument) {
        return Error(Errc::Invalid, "cannot run a command with an argument of " +
                                        std::to_string(text.size()) +
                                        " bytes: the system takes 131071");
      }
      all += text.size() + 1;
    }
  }
  if (all > kMaxArguments) {
    return Error(Errc::Invalid, "cannot run a command: its arguments are too long");
  }
  if (command.argv.empty() || command.argv.front().empty()) {
    return Error(Errc::NotFound, "cannot run a command without a program");
  }
  if (!command.cwd.starts_with('/')) {
    return Error(Errc::Invalid, "cannot run a command in '" + command.cwd + "': not absolute");
  }
  return ok();
}

}  // namespace

Play exits(int code, std::vector<std::string> out) {
  Play play;
  play.out = std::move(out);
  play.exit.exit_code = code;
  return play;
}

Play ends(ports::ExitKind kind) {
  Play play;
  play.exit.kind = kind;
  play.exit.signal = kind == ports::ExitKind::Signaled ? 11 : 0;
  return play;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return lines;
}

void ScriptedLauncher::script(std::string word, Play play) {
  const std::lock_guard lock(mutex_);
  if (tool_ != nullptr) {
    tool_->play(play);
  }
  word_ = std::move(word);
  play_ = std::move(play);
}

std::vector<ports::Command> ScriptedLauncher::seen() const {
  const std::lock_guard lock(mutex_);
  std::vector<ports::Command> all = seen_;
  if (tool_ != nullptr) {
    const std::vector<ports::Command> its = tool_->calls();
    all.insert(all.end(), its.begin(), its.end());
  }
  return all;
}

bool ScriptedLauncher::is_call(const ports::Command& command) const {
  return word_.empty() ||
         std::find(command.argv.begin(), command.argv.end(), word_) != command.argv.end();
}

std::vector<ports::Command> ScriptedLauncher::calls() const {
  const std::lock_guard lock(mutex_);
  std::vector<ports::Command> found;
  std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(found),
               [this](const ports::Command& command) { return is_call(command); });
  if (tool_ != nullptr) {
    const std::vector<ports::Command> its = tool_->calls();
    found.insert(found.end(), its.begin(), its.end());
  }
  return found;
}

void ScriptedLauncher::forget() {
  const std::lock_guard lock(mutex_);
  seen_.clear();
  if (tool_ != nullptr) {
    tool_->forget();
  }
}

Result<ports::Exit> ScriptedLauncher::run(const ports::Command& command,
                                          const ports::LineHandler& on_line,
                                          const ports::CancelToken& cancel) {
  if (command.dialogue != nullptr) {
    return real_.run(command, on_line, cancel);
  }
  DIRECTOR_CHECK(startable(command));
  Play play;
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(command);
    if (is_call(command)) {
      play = play_;
    }
  }
  if (play.refused) {
    return *play.refused;
  }
  for (const auto* lines : {&play.out, &play.err}) {
    for (const std::string& line : *lines) {
      if (on_line && !on_line({lines == &play.err, play.cut, line})) {
        return ports::Exit{ports::ExitKind::Stopped};
      }
    }
  }
  if (play.until_cancelled) {
    waiting_ = true;
    while (!cancel.cancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    waiting_ = false;
    return ports::Exit{ports::ExitKind::Cancelled};
  }
  return play.exit;
}

}  // namespace director::kit
