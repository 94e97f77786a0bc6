// @NAME@: a runner for director.
//
// A runner hands a prompt to an agent tool and tells what the tool does, event by event. This one
// works with any tool that reads its prompt from standard input, edits files in its working
// directory and prints its answer. A line of the form
//     usage input=1200 output=300 cost_usd=0.004
// tells what a step cost. Put your tool's own output in the place of it, in read_line().
#include <charconv>
#include <cmath>
#include <director/plugin.hpp>
#include <director/settings.hpp>
#include <director/text.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using director::agent_failure;

// "input=12" of a line; what is not there, negative or no number is `fallback`. What a tool prints
// is not to be trusted: money is counted by it.
double number_in(std::string_view line, std::string_view name, double fallback) {
  const std::size_t at = line.find(" " + std::string(name) + "=");
  if (at == std::string_view::npos) {
    return fallback;
  }
  const std::string_view text = line.substr(at + name.size() + 2);
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && std::isfinite(number) && number >= 0 && number < 1e15 ? number
                                                                                         : fallback;
}

void replace(std::string& text, std::string_view place, std::string_view with) {
  if (const std::size_t at = text.find(place); at != std::string::npos) {
    text.replace(at, place.size(), with);
  }
}

class tool_runner final : public director::runner {
 public:
  static constexpr const char* summary =
      "hands the prompt to a command, whose output is the answer";
  // "{role}" and "{model}" in the command are replaced. Never put the prompt there: arguments have
  // a limit, and everybody on the machine can read them.
  static constexpr const char* config_schema = R"({
    "type": "object",
    "properties": {"command": {"type": "array", "items": {"type": "string"}}},
    "required": ["command"]
  })";

  explicit tool_runner(const director::instance_info& info)
      : command_(director::settings(info.config_json).texts("command")) {}

  // Ends with exactly one finish() or fail(), the last of the events. Another status than ok() says
  // that the runner itself is broken, not the tool.
  director::Status run(const director::run_request& request, const director::agent_events& events,
                       director::host& host) override {
    director::exec_request tool;
    tool.argv = command_;
    for (std::string& word : tool.argv) {
      replace(word, "{role}", request.role);
      replace(word, "{model}", request.model);
    }
    tool.cwd = std::string(request.workdir);
    tool.stdin_text = std::string(request.system_prompt) + "\n\n" + std::string(request.message);
    tool.stall_timeout_ms = request.stall_ms;  // ends a tool that says nothing for so long

    std::string answer;
    std::string complaint;
    const auto ended = host.exec(tool, [&](const director::exec_line& line) {
      if (line.is_stderr) {
        complaint = director::to_utf8(line.text.substr(0, 500));
      } else {
        read_line(line.text, events, answer);
      }
      return true;
    });
    if (!ended) {
      // No retry finds a program that is not installed.
      events.fail(ended.error().code() == director::Errc::NotFound ? agent_failure::config
                                                                   : agent_failure::transport,
                  ended.error().message());
      return director::ok();
    }
    report(*ended, answer, complaint, events);
    return director::ok();
  }

  // For `director doctor`; makes no model call.
  director::Result<std::string> probe(director::host& host) override {
    director::exec_request tool;
    tool.argv = {command_.empty() ? "" : command_.front(), "--version"};
    tool.cwd = "/";
    std::string version;
    DIRECTOR_TRY(const auto ended, host.exec(tool, [&](const director::exec_line& line) {
      version = version.empty() ? std::string(line.text.substr(0, 100)) : version;
      return true;
    }));
    (void)ended;
    return R"({"tool": )" + director::json_string(tool.argv.front()) + R"(, "version": )" +
           director::json_string(version) + R"(, "models": []})";
  }

 private:
  static void read_line(std::string_view line, const director::agent_events& events,
                        std::string& answer) {
    if (line.starts_with("usage ")) {
      director::usage step;
      step.input = static_cast<std::int64_t>(number_in(line, "input", 0));
      step.output = static_cast<std::int64_t>(number_in(line, "output", 0));
      step.cost_usd = number_in(line, "cost_usd", -1);  // -1: the tool does not say
      events.spent(step);  // at once, so that a cost ceiling can stop the call in time
      return;
    }
    const std::string text = director::to_utf8(line);
    events.text(text);
    answer += text + "\n";
  }

  // The class of a failure decides what becomes of the node: a rate limit makes it wait, transport
  // is tried again, auth and config end it, model and refused count as the agent's attempt.
  static void report(const director::exec_result& ended, const std::string& answer,
                     const std::string& complaint, const director::agent_events& events) {
    const auto says = [&](const char* word) { return complaint.find(word) != std::string::npos; };
    switch (ended.outcome) {
      case director::exec_outcome::timed_out:
        return events.fail(agent_failure::deadline, "the tool ran out of time");
      case director::exec_outcome::cancelled:
        return events.fail(agent_failure::cancelled, "cancelled");
      case director::exec_outcome::stalled:
        return events.fail(agent_failure::transport, "the tool said nothing for too long");
      case director::exec_outcome::signaled:
      case director::exec_outcome::stopped:
        return events.fail(agent_failure::transport, "the tool was killed");
      case director::exec_outcome::exited:
        break;
    }
    const std::string why = "the tool ended with status " + std::to_string(ended.exit_code) +
                            (complaint.empty() ? "" : ": " + complaint);
    if (ended.exit_code == 0) {
      answer.empty() ? events.fail(agent_failure::model, "the tool ended without an answer")
                     : events.finish(answer);
    } else if (ended.exit_code == 127) {
      events.fail(agent_failure::config, why);
    } else if (says("401") || says("unauthorized")) {
      events.fail(agent_failure::auth, why);
    } else if (says("429") || says("rate limit")) {
      events.fail(agent_failure::rate_limit, why);
    } else {
      events.fail(agent_failure::transport, why);
    }
  }

  std::vector<std::string> command_;
};

}  // namespace

DIRECTOR_PLUGIN(tool_runner, "@NAME@", "0.1.0")
