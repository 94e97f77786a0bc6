/// A small runner in C++: its tool gets the prompt on standard input and says "say TEXT",
/// "usage :IN :OUT", "fail" and "end". Built in many ways.
#include <cstdlib>
#include <string>
#include <string_view>

#include "director/plugin.hpp"

namespace {

using director::agent_failure;
using director::exec_outcome;

/// The text value of a flat JSON object, as far as this plugin's own schema goes.
std::string value_of(const std::string& json, const std::string& key) {
  const std::size_t at = json.find("\"" + key + "\":\"");
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t begin = at + key.size() + 4;
  return json.substr(begin, json.find('"', begin) - begin);
}

struct built_runner final : director::runner {
  static constexpr const char* summary = "runs a tool that speaks lines";
  static constexpr const char* config_schema =
      R"({"type": "object", "properties": {"tool": {"type": "string", "default": "true"}}})";

  explicit built_runner(const director::instance_info& info)
      : tool_(value_of(info.config_json, "tool")) {}

  director::Status run(const director::run_request& request, const director::agent_events& events,
                       director::host& host) override {
    director::exec_request command;
    command.argv = {tool_.empty() ? "true" : tool_, "run", std::string(request.role)};
    command.cwd = std::string(request.workdir);
    command.stdin_text = std::string(request.system_prompt) + "\n" + std::string(request.message);
    command.stall_timeout_ms = request.stall_ms;
    std::string answer;
    bool failed = false;
    bool is_complete = false;
    const auto ended = host.exec(command, [&](const director::exec_line& line) {
      if (line.is_stderr || line.cut) {
        return true;
      }
      if (line.text.starts_with("say ")) {
        answer = line.text.substr(4);
        events.text(answer, host.unix_ms());
      } else if (line.text.starts_with("usage :")) {
        const std::string numbers(line.text.substr(7));
        const std::size_t second = numbers.find(':');
        director::usage step;
        step.input = std::atoll(numbers.c_str());
        step.output = second == std::string::npos ? 0 : std::atoll(numbers.c_str() + second + 1);
        if (step.input >= 0 && step.output >= 0) {
          events.spent(step);
        }
      }
      failed = failed || line.text.starts_with("fail");
      is_complete = is_complete || line.text == "end";
      return true;
    });
    if (!ended) {
      return ended.error();
    }
    if (ended->outcome == exec_outcome::timed_out) {
      events.fail(agent_failure::deadline, "the deadline passed");
    } else if (ended->outcome == exec_outcome::cancelled) {
      events.fail(agent_failure::cancelled, "cancelled");
    } else if (failed) {
      events.fail(agent_failure::auth, "the tool is not let in");
    } else if (is_complete) {
      events.finish(answer);
    } else {
      events.fail(agent_failure::transport, "the tool did not end its answer");
    }
    return director::ok();
  }

  director::Result<std::string> probe(director::host&) override {
    return std::string(R"({"tool":"lines","version":"1","models":[]})");
  }

 private:
  std::string tool_;
};

}  // namespace

DIRECTOR_PLUGIN(built_runner, PLUGIN_ID, "1.0")
