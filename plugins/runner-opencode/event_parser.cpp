#include "event_parser.hpp"

#include <algorithm>
#include <charconv>

#include "json_view.hpp"
#include "json_write.hpp"
#include "text.hpp"

namespace runner_opencode {

using plugin_support::as_integer;
using plugin_support::as_number;
using plugin_support::as_string;
using plugin_support::count_or_zero;
using plugin_support::member;
using plugin_support::text_or_empty;

struct EventParser::Line {
  const rapidjson::Value& root;
  const rapidjson::Value* part;
};

namespace {

/// The headers retry-after-ms and retry-after (in seconds; the date form is not used by endpoints).
std::int64_t retry_after(const rapidjson::Value* headers) {
  constexpr std::int64_t kLongestMs = std::int64_t{24} * 3600 * 1000;
  const auto number = [&](std::string_view name) -> std::int64_t {
    const std::string text = headers == nullptr ? "" : text_or_empty(member(*headers, name));
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = parsed.ec == std::errc() && value > 0 && value < 1e12;
    return good ? static_cast<std::int64_t>(value * 1000) : 0;
  };
  const std::int64_t exact = number("retry-after-ms") / 1000;
  return std::min(kLongestMs, exact != 0 ? exact : number("retry-after"));
}

ReportedError read_error(const rapidjson::Value& root) {
  ReportedError error;
  const rapidjson::Value* raw = member(root, "error");
  const rapidjson::Value* data = raw == nullptr ? nullptr : member(*raw, "data");
  if (raw == nullptr || data == nullptr) {
    error.name = "UnknownError";
    error.message = "an error without text";
    return error;
  }
  error.name = text_or_empty(member(*raw, "name"));
  error.message = text_or_empty(member(*data, "message"));
  error.body = text_or_empty(member(*data, "responseBody"));
  error.url = text_or_empty(member(*data, "metadata", "url"));
  const std::int64_t status = as_integer(member(*data, "statusCode")).value_or(0);
  error.status = status > 0 && status < 1000 ? static_cast<int>(status) : 0;
  error.retryable = plugin_support::is_true(member(*data, "isRetryable"));
  error.retry_after_ms = retry_after(member(*data, "responseHeaders"));
  return error;
}

/// OpenCode asks the model again after a message with such a call, whatever the reason of its step.
bool is_answered(const rapidjson::Value& part, const rapidjson::Value& state) {
  return !plugin_support::is_true(member(part, "metadata", "providerExecuted")) &&
         !(as_string(member(state, "status")) == "error" &&
           plugin_support::is_true(member(state, "metadata", "interrupted")));
}

}  // namespace

std::optional<Event> EventParser::feed(std::string_view line, bool cut) {
  if (plugin_support::trim(line).empty()) {
    return std::nullopt;
  }
  const auto document = plugin_support::parse_json(line);
  if (cut || !document || !document->IsObject()) {
    ++seen_.ignored;
    seen_.answer_cut = seen_.answer_cut || (cut && line.starts_with(R"({"type":"text")"));
    return std::nullopt;
  }
  const std::string type = text_or_empty(member(*document, "type"));
  const rapidjson::Value* part = member(*document, "part");
  const Line parsed{*document, part != nullptr && part->IsObject() ? part : nullptr};
  ++seen_.events;
  if (type == "error") {
    on_error(parsed);
  } else if (type == "step_start") {
    on_step_start();
  } else if (type == "text" && parsed.part != nullptr) {
    return on_text(parsed);
  } else if (type == "tool_use" && parsed.part != nullptr) {
    return on_tool(parsed);
  } else if (type == "step_finish" && parsed.part != nullptr) {
    return on_step_finish(parsed);
  } else if (type != "reasoning") {
    --seen_.events;
    ++seen_.ignored;
  }
  return std::nullopt;
}

// A retried stream begins the same message again: what the broken one said does not count.
void EventParser::on_step_start() {
  seen_.working = true;
  seen_.rejected = false;
  seen_.answer_cut = false;
  message_id_.clear();
  text_.clear();
}

std::optional<Event> EventParser::on_text(const Line& line) {
  if (plugin_support::is_true(member(*line.part, "synthetic"))) {
    seen_.working = true;  // the tool itself told the model to go on after a compaction
    return std::nullopt;
  }
  TextEvent event{text_or_empty(member(*line.part, "text")),
                  as_integer(member(line.root, "timestamp")).value_or(0)};
  std::string message_id = text_or_empty(member(*line.part, "messageID"));
  if (message_id != message_id_) {
    message_id_ = std::move(message_id);
    text_.clear();
  }
  if (text_.size() + event.text.size() >= kMostAnswerBytes) {
    seen_.answer_cut = true;
    return event;
  }
  if (!text_.empty()) {
    text_ += '\n';
  }
  text_ += event.text;
  return event;
}

std::optional<Event> EventParser::on_tool(const Line& line) {
  const rapidjson::Value* state = member(*line.part, "state");
  if (state == nullptr) {
    return std::nullopt;
  }
  if (is_answered(*line.part, *state)) {
    calling_ = text_or_empty(member(*line.part, "messageID"));
  }
  ToolEvent event;
  event.name = text_or_empty(member(*line.part, "tool"));
  const rapidjson::Value* input = member(*state, "input");
  event.input = input == nullptr ? "{}" : plugin_support::to_json(*input);
  event.output = text_or_empty(member(*state, "output"));
  if (as_string(member(*state, "status")) == "error") {
    event.output = text_or_empty(member(*state, "error"));
    seen_.rejected =
        seen_.rejected || event.output.starts_with("The user rejected permission to use");
  }
  const std::int64_t exit = as_integer(member(*state, "metadata", "exit")).value_or(-1);
  event.exit_code = exit >= 0 && exit < 256 ? static_cast<int>(exit) : -1;
  event.time_ms = as_integer(member(line.root, "timestamp")).value_or(0);
  return event;
}

std::optional<Event> EventParser::on_step_finish(const Line& line) {
  seen_.last_reason = text_or_empty(member(*line.part, "reason"));
  const std::string message_id = text_or_empty(member(*line.part, "messageID"));
  seen_.answer = message_id == message_id_ ? text_ : std::string();
  seen_.may_go_on = !message_id.empty() && message_id == calling_;
  seen_.working = false;
  seen_.error.reset();

  UsageEvent event;
  director::usage& usage = event.usage;
  usage.input = count_or_zero(member(*line.part, "tokens", "input"));
  usage.output = count_or_zero(member(*line.part, "tokens", "output"));
  usage.reasoning = count_or_zero(member(*line.part, "tokens", "reasoning"));
  usage.cache_read = count_or_zero(member(*line.part, "tokens", "cache", "read"));
  usage.cache_write = count_or_zero(member(*line.part, "tokens", "cache", "write"));
  const bool counted = member(*line.part, "tokens", "total") != nullptr || usage.input != 0 ||
                       usage.output != 0 || usage.reasoning != 0 || usage.cache_read != 0 ||
                       usage.cache_write != 0;
  const double cost = as_number(member(*line.part, "cost")).value_or(-1);
  usage.cost_usd = counted && cost >= 0 ? cost : -1;
  return event;
}

void EventParser::on_error(const Line& line) {
  seen_.error = read_error(line.root);
  seen_.may_go_on = seen_.error->name == "ContextOverflowError";  // it compacts the session first
  seen_.working = false;
}

}  // namespace runner_opencode
