#include "sdk/kit/runner_bench.hpp"

#include <algorithm>

#include "core/base/json.hpp"
#include "sdk/kit/folders.hpp"

namespace director::kit {
namespace {

/// Whether a text is one of the strings in a JSON value, or part of one.
bool holds(const Json& value, const std::string& text) {
  if (value.is_string()) {
    return value.as_string().value_or("").find(text) != std::string::npos;
  }
  if (value.is_array()) {
    for (const Json& item : value.as_array().value_or({})) {
      if (holds(item, text)) {
        return true;
      }
    }
  }
  for (const auto& [name, member] : value.members()) {
    if (holds(member, text)) {
      return true;
    }
  }
  return false;
}

bool arrives_in(const std::string& input, const std::string& text) {
  if (input.find(text) != std::string::npos) {
    return true;
  }
  for (const std::string& line : lines_of(input)) {
    if (const Result<Json> value = parse_json(line); value && holds(*value, text)) {
      return true;
    }
  }
  return false;
}

}  // namespace

const ToolCase* good_case(const Options& options) {
  const auto found = std::find_if(options.cases.begin(), options.cases.end(),
                                  [](const ToolCase& one) { return one.expect == "finish"; });
  return found == options.cases.end() ? nullptr : &*found;
}

Play play_of(const ToolCase& tool_case) {
  Play play = exits(tool_case.exit_code, lines_of(tool_case.out));
  play.err = lines_of(tool_case.err);
  return play;
}

Status RunnerBench::open() {
  DIRECTOR_TRY(places_, subject_.places());
  DIRECTOR_TRY(made_, subject_.make(Kind::Runner, places_));
  const ToolCase* good = good_case(subject_.options());
  script(good == nullptr ? exits(0) : play_of(*good));
  return ok();
}

RunAsk RunnerBench::ask() const {
  RunAsk made;
  made.workdir = places_.repo.string();
  return made;
}

RunSaid RunnerBench::run(const RunAsk& ask, const ports::CancelToken& cancel) const {
  subject_.launcher().forget();
  const auto host = subject_.host(cancel);
  Arena in;
  return ask_runner(subject_, *made_, host->services().raw(), ask, in);
}

std::string RunnerBench::place_of(const std::string& text, const RunSaid& said) const {
  for (const ports::Command& command : subject_.launcher().seen()) {
    if (arrives_in(command.stdin_text, text)) {
      return "the standard input of its tool";
    }
    for (const std::string& variable : command.env_set) {
      if (variable.find(text) != std::string::npos) {
        return "the environment of its tool";
      }
    }
  }
  for (const std::string& event : said.texts) {
    if (event.find(text) != std::string::npos) {
      return "an event";
    }
  }
  for (const auto& root : {places_.cache, places_.repo}) {
    for (const auto& [path, what] : list_folder(root)) {
      if (arrives_in(what, text)) {
        return "the file '" + path + "'";
      }
    }
  }
  return {};
}

Outcome with_runner(const Subject& subject, Status (*body)(const Subject&, RunnerBench&)) {
  RunnerBench bench(subject);
  DIRECTOR_CHECK_OUTCOME(bench.open());
  return outcome_of(body(subject, bench));
}

std::string ending_of(const RunSaid& said) {
  static const char* const kNames[] = {"?",       "auth",   "rate_limit", "transport", "model",
                                       "refused", "config", "deadline",   "cancelled"};
  const director_agent_event* end = said.ending();
  if (!said.called.worked() || end == nullptr) {
    return "none";
  }
  return end->kind == DIRECTOR_AGENT_FINISH ? "finish" : kNames[end->failure];
}

}  // namespace director::kit
