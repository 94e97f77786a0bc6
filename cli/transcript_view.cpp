#include "cli/transcript_view.hpp"

#include <cstdint>
#include <optional>

#include "cli/report.hpp"
#include "core/base/dollars.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kShortBytes = 160;
constexpr std::size_t kTextBytes = 64 << 10;
constexpr const char* kIndent = "  ";

/// The beginning of a text, printable, on one line.
std::string shorten(std::string_view text, std::size_t bytes = kShortBytes) {
  text = text::trim(text);
  // Escaping makes text longer, never shorter: what is cut here would not have been shown.
  std::string shown = text::printable(text.substr(0, bytes + 4));
  if (shown.size() <= bytes && text.size() <= bytes) {
    return shown;
  }
  std::size_t end = std::min(bytes, shown.size());
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return shown.substr(0, end) + "...";
}

/// Line by line, each printable and indented.
std::string lines_of(std::string_view text, std::string_view indent) {
  return printable_lines(text::cut_middle(text::trim(text), kTextBytes), indent);
}

std::optional<Json> object_at(const std::optional<Json>& from, std::string_view key) {
  std::optional<Json> found = from ? from->find(key) : std::nullopt;
  return found && found->is_object() ? found : std::nullopt;
}

std::optional<std::string> string_at(const std::optional<Json>& from, std::string_view key) {
  const std::optional<Json> found = from ? from->find(key) : std::nullopt;
  return found && found->is_string() ? std::optional(found->as_string().value()) : std::nullopt;
}

std::int64_t count_at(const std::optional<Json>& from, std::string_view key) {
  const std::optional<Json> found = from ? from->find(key) : std::nullopt;
  return found ? found->as_int().value_or(0) : 0;
}

std::string value_text(const Json& value) {
  switch (value.type()) {
    case JsonType::String:
      return value.as_string().value();
    case JsonType::Integer:
      return std::to_string(value.as_int().value_or(0));
    case JsonType::Bool:
      return value.as_bool().value_or(false) ? "true" : "false";
    case JsonType::Null:
      return "null";
    case JsonType::Number:
      return std::to_string(value.as_number().value_or(0));
    case JsonType::Array:
      return "[" + std::to_string(value.size()) + "]";
    case JsonType::Object:
      return "{" + std::to_string(value.size()) + "}";
  }
  return "";
}

/// "command=make test, timeout=1000"
std::string input_text(const std::optional<Json>& input) {
  if (!input) {
    return "";
  }
  std::string out;
  for (const auto& [key, value] : input->members()) {
    const std::string text = value_text(value);
    out += (out.empty() ? "" : ", ") + key + "=" + text.substr(0, 2 * kShortBytes);
    if (out.size() > 2 * kShortBytes) {
      break;
    }
  }
  return shorten(out);
}

/// What came of a tool call, in brackets; nothing where it went as it should.
std::string ending(const std::optional<Json>& state) {
  const std::string status = string_at(state, "status").value_or("");
  if (status == "error") {
    return "  [error: " + shorten(string_at(state, "error").value_or("not said")) + "]";
  }
  const std::optional<Json> metadata = object_at(state, "metadata");
  const std::optional<Json> exit = metadata ? metadata->find("exit") : std::nullopt;
  if (exit && exit->is_null()) {
    return "  [ended early]";
  }
  if (exit) {
    return "  [exit " + std::to_string(exit->as_int().value_or(-1)) + "]";
  }
  return status == "completed" || status.empty() ? "" : "  [" + shorten(status) + "]";
}

std::string tool_line(const std::optional<Json>& part) {
  const std::optional<Json> state = object_at(part, "state");
  const std::string input = input_text(object_at(state, "input"));
  return std::string(kIndent) + "> " + shorten(string_at(part, "tool").value_or("a tool")) +
         (input.empty() ? "" : " ") + input + ending(state) + "\n";
}

struct Spent {
  std::int64_t in = 0;  ///< with `cached`
  std::int64_t cached = 0;
  std::int64_t out = 0;
  std::optional<Json> cost;
};

std::string spent_text(const Spent& spent) {
  std::string line = std::string(kIndent) + "- " + std::to_string(spent.in) + " in";
  line += spent.cached > 0 ? " (" + std::to_string(spent.cached) + " cached)" : "";
  line += ", " + std::to_string(spent.out) + " out";
  line += spent.cost ? ", " + dollars(spent.cost->as_number().value_or(0)) : "";
  return line;
}

std::string exec_usage_line(const Json& event) {
  const std::int64_t cached = count_at(event, "cache_read");
  return spent_text({count_at(event, "input") + cached + count_at(event, "cache_write"), cached,
                     count_at(event, "output") + count_at(event, "reasoning"),
                     event.find("cost_usd")}) +
         "\n";
}

std::string usage_line(const std::optional<Json>& part) {
  const std::optional<Json> tokens = object_at(part, "tokens");
  const std::optional<Json> cache = object_at(tokens, "cache");
  const std::int64_t cached = count_at(cache, "read");
  std::string line = spent_text({count_at(tokens, "input") + cached + count_at(cache, "write"),
                                 cached, count_at(tokens, "output") + count_at(tokens, "reasoning"),
                                 part ? part->find("cost") : std::nullopt});
  if (const auto reason = string_at(part, "reason"); reason && *reason != "tool-calls") {
    line += ", " + shorten(*reason);
  }
  return line + "\n";
}

std::string error_line(const Json& event) {
  const std::optional<Json> error = object_at(event, "error");
  const std::string name = string_at(error, "name").value_or("error");
  const std::string message = string_at(object_at(error, "data"), "message")
                                  .value_or(string_at(error, "message").value_or(""));
  return std::string(kIndent) + "! " + shorten(name) +
         (message.empty() ? "" : ": " + shorten(message, 4 * kShortBytes)) + "\n";
}

std::string unknown_line(std::string_view line) {
  return std::string(kIndent) + "? " + shorten(line) + "\n";
}

/// What a runner that is a program says; nullopt: this is not of the exec protocol.
std::optional<std::string> show_exec(const Json& event, const std::string& type) {
  const std::string text = string_at(event, "text").value_or("");
  if (type == "hello") {
    return "";
  }
  if (type == "log") {
    return lines_of(text, std::string(kIndent) + "~ ");
  }
  if (type == "usage") {
    return exec_usage_line(event);
  }
  if ((type == "text" || type == "finish") && event.find("text")) {
    return lines_of(text, kIndent);
  }
  if (type == "tool_call") {
    const std::string input = input_text(object_at(event, "input"));
    const std::optional<Json> exit = event.find("exit_code");
    return std::string(kIndent) + "> " + shorten(string_at(event, "name").value_or("a tool")) +
           (input.empty() ? "" : " ") + input +
           (exit ? "  [exit " + std::to_string(exit->as_int().value_or(-1)) + "]" : "") + "\n";
  }
  if (type == "fail" || type == "retry") {
    return std::string(kIndent) + "! " + shorten(string_at(event, "failure").value_or(type)) +
           ": " + shorten(string_at(event, "message").value_or(""), 4 * kShortBytes) + "\n";
  }
  return std::nullopt;
}

std::string show_known(const Json& event, std::string_view line) {
  const std::string type = string_at(event, "type").value_or("");
  const std::optional<Json> part = object_at(event, "part");
  const std::optional<std::string> said = string_at(part, "text");
  if (type == "text" && said) {
    return lines_of(*said, kIndent);
  }
  if (type == "reasoning" && said) {
    return lines_of(*said, std::string(kIndent) + "~ ");
  }
  if (type == "tool_use" && part) {
    return tool_line(part);
  }
  if (type == "step_start") {
    return "";
  }
  if (type == "step_finish" && part) {
    return usage_line(part);
  }
  if (type == "error") {
    return error_line(event);
  }
  if (string_at(event, "director").value_or("") == "left out") {
    return std::string(kIndent) + "... " + std::to_string(count_at(event, "bytes")) +
           " bytes left out ...\n";
  }
  if (string_at(event, "director").value_or("") == "cut line") {
    return unknown_line(string_at(event, "text").value_or("")) + std::string(kIndent) +
           "... the end of this line is left out ...\n";
  }
  return show_exec(event, type).value_or(unknown_line(line));
}

}  // namespace

std::string show_event(std::string_view line) {
  if (text::trim(line).empty()) {
    return "";
  }
  const Result<Json> event = parse_json(line);
  return event && event->is_object() ? show_known(*event, line) : unknown_line(line);
}

std::string show_stderr(std::string_view line) {
  return text::trim(line).empty()
             ? ""
             : std::string(kIndent) + "stderr: " + shorten(line, 2 * kShortBytes) + "\n";
}

}  // namespace director::cli
