#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/plugin/exec/protocol.hpp"

namespace director::plugin::exec {
namespace {

template <typename T>
using Words = std::vector<std::pair<std::string_view, T>>;

/// The meaning of the word at `key`.
template <typename T>
Result<T> read_word(const Json& json, std::string_view key, const Words<T>& words) {
  DIRECTOR_TRY(const std::string said, json.get_string(key));
  std::string known;
  for (const auto& [word, meaning] : words) {
    if (said == word) {
      return meaning;
    }
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return json.get(key)->error("expected one of " + known + "; found " +
                              json_quote(text::cut_middle(said, 200)));
}

Result<std::string> text_or_none(const Json& json, std::string_view key) {
  DIRECTOR_TRY(std::optional<std::string> found, json.find_string(key));
  return std::move(found).value_or("");
}

/// A count or a duration; absent: 0.
Result<std::int64_t> read_count(const Json& json, std::string_view key) {
  DIRECTOR_TRY(const std::optional<std::int64_t> found, json.find_int(key));
  if (found.value_or(0) < 0) {
    return json.get(key)->error("expected 0 or more");
  }
  return found.value_or(0);
}

/// -1: there was no command.
Result<int> read_exit_code(const Json& json) {
  DIRECTOR_TRY(const std::optional<std::int64_t> found, json.find_int("exit_code"));
  const std::int64_t code = found.value_or(-1);
  if (code < -1 || code > std::numeric_limits<int>::max()) {
    return json.get("exit_code")->error("expected an exit status, or -1 for none");
  }
  return static_cast<int>(code);
}

/// The value as it was, without blanks.
void copy(const Json& value, JsonWriter& out) {
  switch (value.type()) {
    case JsonType::Null:
      out.null();
      return;
    case JsonType::Bool:
      out.value(value.as_bool().value());
      return;
    case JsonType::Integer:
      out.value(value.as_int().value());
      return;
    case JsonType::Number:
      out.value(value.as_number().value());
      return;
    case JsonType::String:
      out.value(value.as_string().value());
      return;
    case JsonType::Array:
      out.begin_array();
      for (const Json& item : value.as_array().value()) {
        copy(item, out);
      }
      out.end_array();
      return;
    case JsonType::Object:
      out.begin_object();
      for (const auto& [name, item] : value.members()) {
        copy(item, out.key(name));
      }
      out.end_object();
      return;
  }
}

std::string to_text(const Json& value) {
  JsonWriter out;
  copy(value, out);
  return out.take();
}

Result<Message> read_hello(const Json& json) {
  Hello hello;
  DIRECTOR_TRY(hello.protocol, json.get_int("protocol"));
  DIRECTOR_TRY(hello.id, json.get_string("id"));
  DIRECTOR_TRY(hello.version, json.get_string("version"));
  DIRECTOR_TRY(hello.summary, text_or_none(json, "summary"));
  DIRECTOR_TRY(hello.kind, read_word<Kind>(json, "kind",
                                           {{"runner", Kind::Runner},
                                            {"gate", Kind::Gate},
                                            {"reviewer", Kind::Reviewer},
                                            {"sink", Kind::Sink}}));
  if (const auto schema = json.find("config_schema"); schema && !schema->is_null()) {
    if (!schema->is_object()) {
      return schema->error("expected an object");
    }
    hello.config_schema = to_text(*schema);
  }
  return Message(std::move(hello));
}

Result<Message> read_log(const Json& json) {
  LogLine line;
  if (json.find("level")) {
    DIRECTOR_TRY(line.level, read_word<log_level>(json, "level",
                                                  {{"debug", log_level::debug},
                                                   {"info", log_level::info},
                                                   {"warning", log_level::warning},
                                                   {"error", log_level::error}}));
  }
  DIRECTOR_TRY(line.text, json.get_string("text"));
  return Message(std::move(line));
}

Result<Message> read_command(const Json& json) {
  RunCommand command;
  DIRECTOR_TRY(std::optional<std::vector<std::string>> argv, json.find_strings("argv"));
  if (argv && (argv->empty() || argv->front().empty())) {
    return json.get("argv")->error("expected a program and its arguments");
  }
  command.argv = std::move(argv).value_or(std::vector<std::string>());
  DIRECTOR_TRY(command.stdin_text, text_or_none(json, "stdin"));
  DIRECTOR_TRY(command.timeout_ms, read_count(json, "timeout_ms"));
  return Message(std::move(command));
}

Result<Message> read_question(const Json& json) {
  AskAgent question;
  DIRECTOR_TRY(question.role, text_or_none(json, "role"));
  DIRECTOR_TRY(question.message, json.get_string("message"));
  return Message(std::move(question));
}

Result<Message> read_failure(const Json& json) {
  Failure failure;
  if (json.find("code")) {
    DIRECTOR_TRY(failure.code, read_word<Errc>(json, "code",
                                               {{"invalid", Errc::Invalid},
                                                {"not_found", Errc::NotFound},
                                                {"conflict", Errc::Conflict},
                                                {"timeout", Errc::Timeout},
                                                {"cancelled", Errc::Cancelled},
                                                {"external", Errc::External},
                                                {"io", Errc::Io},
                                                {"internal", Errc::Internal}}));
  }
  DIRECTOR_TRY(failure.text, json.get_string("message"));
  if (text::trim(failure.text).empty()) {
    return json.get("message")->error("expected a sentence that says what went wrong");
  }
  return Message(std::move(failure));
}

Result<Message> read_verdict(const Json& json) {
  Verdict answer;
  DIRECTOR_TRY(answer.said.outcome,
               read_word<director_gate_outcome>(json, "outcome",
                                                {{"pass", DIRECTOR_GATE_PASS},
                                                 {"fail", DIRECTOR_GATE_FAIL},
                                                 {"error", DIRECTOR_GATE_ERROR}}));
  DIRECTOR_TRY(answer.said.summary, json.get_string("summary"));
  DIRECTOR_TRY(answer.said.exit_code, read_exit_code(json));
  DIRECTOR_TRY(std::optional<std::string> detail, json.find_string("detail"));
  answer.has_detail = detail.has_value();
  answer.said.detail = std::move(detail).value_or("");
  return Message(std::move(answer));
}

Result<Message> read_tool_call(const Json& json) {
  AgentTool call;
  DIRECTOR_TRY(call.name, json.get_string("name"));
  DIRECTOR_TRY(call.output, text_or_none(json, "output"));
  DIRECTOR_TRY(call.exit_code, read_exit_code(json));
  const auto input = json.find("input");
  call.input = input ? to_text(*input) : "{}";
  return Message(std::move(call));
}

Result<Message> read_usage(const Json& json) {
  usage step;
  DIRECTOR_TRY(step.input, read_count(json, "input"));
  DIRECTOR_TRY(step.output, read_count(json, "output"));
  DIRECTOR_TRY(step.reasoning, read_count(json, "reasoning"));
  DIRECTOR_TRY(step.cache_read, read_count(json, "cache_read"));
  DIRECTOR_TRY(step.cache_write, read_count(json, "cache_write"));
  DIRECTOR_TRY(const std::optional<double> cost, json.find_number("cost_usd"));
  step.cost_usd = cost.value_or(-1);
  if (cost && !(*cost >= 0 && std::isfinite(*cost))) {
    return json.get("cost_usd")->error("expected 0 or more");
  }
  return Message(step);
}

Result<Message> read_fail(const Json& json) {
  AgentFail fail;
  DIRECTOR_TRY(fail.failure, read_word<agent_failure>(json, "failure",
                                                      {{"auth", agent_failure::auth},
                                                       {"rate_limit", agent_failure::rate_limit},
                                                       {"transport", agent_failure::transport},
                                                       {"model", agent_failure::model},
                                                       {"refused", agent_failure::refused},
                                                       {"config", agent_failure::config}}));
  DIRECTOR_TRY(fail.text, json.get_string("message"));
  DIRECTOR_TRY(fail.retry_after_ms, read_count(json, "retry_after_ms"));
  return Message(std::move(fail));
}

Result<Message> read_review(const Json& json) {
  review said;
  DIRECTOR_TRY(said.summary, json.get_string("summary"));
  DIRECTOR_TRY(const std::vector<Json> findings, json.get_array("findings"));
  for (const Json& one : findings) {
    finding found;
    DIRECTOR_TRY(found.level, read_word<severity>(one, "severity",
                                                  {{"critical", severity::critical},
                                                   {"major", severity::major},
                                                   {"minor", severity::minor}}));
    DIRECTOR_TRY(found.file, text_or_none(one, "file"));
    DIRECTOR_TRY(found.summary, one.get_string("summary"));
    said.findings.push_back(std::move(found));
  }
  return Message(std::move(said));
}

Result<Message> read_tool(const Json& json) {
  JsonWriter out;
  out.begin_object();
  for (const char* key : {"tool", "version"}) {
    DIRECTOR_TRY(const std::string text, json.get_string(key));
    out.member(key, text);
  }
  DIRECTOR_TRY(const auto models, json.find_strings("models"));
  out.member("models", models.value_or(std::vector<std::string>())).end_object();
  return Message(Tool{out.take()});
}

Result<Message> read_text(const Json& json) {
  DIRECTOR_TRY(std::string text, json.get_string("text"));
  return Message(AgentText{std::move(text)});
}

Result<Message> read_retry(const Json& json) {
  AgentRetry retry;
  DIRECTOR_TRY(retry.why, json.get_string("message"));
  DIRECTOR_TRY(retry.after_ms, read_count(json, "after_ms"));
  return Message(std::move(retry));
}

Result<Message> read_finish(const Json& json) {
  DIRECTOR_TRY(std::string text, json.get_string("text"));
  return Message(AgentFinish{std::move(text)});
}

Result<Message> read_kept(const Json&) { return Message(Kept{}); }

using Reader = Result<Message> (*)(const Json&);

/// In the order of Message's alternatives.
constexpr std::array<std::pair<std::string_view, Reader>, std::variant_size_v<Message>> kTypes{
    {{"hello", &read_hello},
     {"log", &read_log},
     {"exec", &read_command},
     {"ask", &read_question},
     {"error", &read_failure},
     {"verdict", &read_verdict},
     {"text", &read_text},
     {"tool_call", &read_tool_call},
     {"usage", &read_usage},
     {"retry", &read_retry},
     {"finish", &read_finish},
     {"fail", &read_fail},
     {"tool", &read_tool},
     {"review", &read_review},
     {"kept", &read_kept}}};

}  // namespace

Result<Message> parse_message(std::string_view line) {
  DIRECTOR_TRY(const Json json, parse_json(line));
  if (!json.is_object()) {
    return json.error("expected an object, found " + std::string(to_string(json.type())));
  }
  DIRECTOR_TRY(const std::string type, json.get_string("type"));
  for (const auto& [name, read] : kTypes) {
    if (type == name) {
      return read(json);
    }
  }
  return json.get("type")->error("there is no message of type " +
                                 json_quote(text::cut_middle(type, 200)));
}

std::string_view type_of(const Message& message) { return kTypes.at(message.index()).first; }

}  // namespace director::plugin::exec
