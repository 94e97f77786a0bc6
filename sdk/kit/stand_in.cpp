#include "sdk/kit/stand_in.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "sdk/kit/folders.hpp"
#include "sdk/kit/scripted_launcher.hpp"

namespace director::kit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScript = R"SH(#!/bin/sh
# Plays the tool of a plugin that is checked, and notes how it was started.
here=${0%/*}
call=$(mktemp -d "$here/calls/XXXXXX")
pwd >"$call/folder"
env >"$call/environment"
for argument in "$0" "$@"; do printf '%s\0' "$argument"; done >"$call/arguments"
cat >"$call/input"
cat "$here/err" >&2
cat "$here/out"
read -r ending <"$here/ending"
[ "$ending" = killed ] && kill -KILL $$
exit "$ending"
)SH";

std::string as_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

std::vector<std::string> split(std::string_view text, char end) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(end));
    parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

}  // namespace

void StandIn::play(const Play& play) const {
  std::error_code error;
  fs::create_directories(folder_ / "calls", error);
  if (play.refused) {
    fs::remove(program(), error);
    return;
  }
  const bool exits = play.exit.kind == ports::ExitKind::Exited;
  // What cannot be written shows as a tool that does not do its part.
  (void)write_file(folder_ / "out", as_text(play.out));
  (void)write_file(folder_ / "err", as_text(play.err));
  (void)write_file(folder_ / "ending",
                   (exits ? std::to_string(play.exit.exit_code) : "killed") + "\n");
  if (!fs::exists(program(), error)) {
    (void)write_file(program(), kScript);
    fs::permissions(program(), fs::perms(0755), error);
  }
}

std::vector<ports::Command> StandIn::calls() const {
  std::vector<ports::Command> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_ / "calls", error)) {
    ports::Command command;
    command.argv = split(read_file(entry.path() / "arguments"), '\0');
    command.env_set = split(read_file(entry.path() / "environment"), '\n');
    command.stdin_text = read_file(entry.path() / "input");
    command.cwd = read_file(entry.path() / "folder");
    command.cwd = command.cwd.substr(0, command.cwd.find('\n'));
    all.push_back(std::move(command));
  }
  return all;
}

void StandIn::forget() const {
  std::error_code error;
  fs::remove_all(folder_ / "calls", error);
  fs::create_directories(folder_ / "calls", error);
}

}  // namespace director::kit
