#include <map>
#include <string>

#include "core/base/text.hpp"
#include "sdk/kit/check.hpp"

namespace director::kit {
namespace {

Outcome started_by_hand(const Subject& subject) {
  std::string out;
  std::string err;
  const Result<ports::Exit> exit = subject.start_by_hand([&](const ports::OutputLine& line) {
    (line.is_stderr ? err : out) += std::string(line.text.substr(0, 200)) + "\n";
    return out.size() + err.size() < 100'000;
  });
  if (!exit) {
    return failed("it cannot be started: " + exit.error().message());
  }
  if (exit->kind != ports::ExitKind::Exited) {
    return failed("started by a person, without DIRECTOR_PLUGIN_MAGIC, it does not end by itself");
  }
  if (!out.empty()) {
    return failed("started by a person, without DIRECTOR_PLUGIN_MAGIC, it speaks the protocol: '" +
                  text::printable(text::cut_middle(out, 200)) + "'");
  }
  if (text::trim(err).empty() || exit->exit_code == 0) {
    return failed(
        "started by a person, without DIRECTOR_PLUGIN_MAGIC, it does not say on standard error "
        "what it is for and end with a status that is not 0");
  }
  return passed();
}

}  // namespace

const std::vector<Check>& program_checks() {
  static const std::vector<Check> kAll{
      {"exec.by-hand", "a person who starts it gets help", Needs::Library, &started_by_hand},
  };
  return kAll;
}

std::string_view not_for_programs(std::string_view rule) {
  constexpr const char* kLibrary = "a program has no symbols, tables or structs";
  constexpr const char* kOneCall = "a program lives for one call, and nothing of it stays";
  constexpr const char* kOwnProcess = "a program has a process of its own to change";
  constexpr const char* kCopies = "a program is sent copies, and sees nothing of the host";
  constexpr const char* kEnded = "director ends a program, and all that it started, by itself";
  static const std::map<std::string_view, const char*> kWhy{
      {"common.one-symbol", kLibrary},
      {"common.struct-sizes", kLibrary},
      {"common.wrong-major", "a program's protocol stands in its hello: common.loads"},
      {"common.kinds", "a program is of the one kind in its hello"},
      {"common.unknown-ids", kLibrary},
      {"common.descriptor-leak", kOneCall},
      {"common.thread-leak", kOneCall},
      {"common.memory-leak", kOneCall},
      {"common.borrows", kCopies},
      {"common.least-host", kCopies},
      {"common.fenced", "no exception leaves a process: common.answers"},
      {"common.environment", kOwnProcess},
      {"common.directory", kOwnProcess},
      {"common.umask", kOwnProcess},
      {"common.limits", kOwnProcess},
      {"common.signals", kOwnProcess},
      {"common.silent", "a program's standard output is how it answers: common.answers"},
      {"common.no-processes", kEnded},
      {"gate.cancel", kEnded},
      {"runner.cancel", kEnded},
      {"runner.stall", kEnded},
      {"runner.host-endings", kEnded},
      {"reviewer.cancel", kEnded}};
  const auto found = kWhy.find(rule);
  return found == kWhy.end() ? std::string_view() : found->second;
}

}  // namespace director::kit
