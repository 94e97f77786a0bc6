#include "turn_parser.hpp"

#include <algorithm>

namespace director::scripted_model {
namespace {

constexpr std::int64_t kMaxTokens = 1'000'000'000'000;
constexpr std::int64_t kMaxDelayMs = 24L * 60 * 60 * 1000;

bool holds_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::vector<Header>> parse_headers(const Fields& fields) {
  std::vector<Header> headers;
  const Json* value = fields.find("headers");
  if (value == nullptr) {
    return headers;
  }
  if (!value->IsObject()) {
    return fields.error("headers", "expected an object, got " + std::string(kind_of(*value)));
  }
  for (const auto& member : value->GetObject()) {
    const std::string_view name = view(member.name);
    if (!is_header_name(name) || !member.value.IsString() ||
        holds_control_character(view(member.value))) {
      return fields.error("headers", "'" + std::string(name) +
                                         "': expected a header name and a string of one line");
    }
    headers.push_back({std::string(name), std::string(view(member.value))});
  }
  return headers;
}

Result<Failure> parse_http_error(const Fields& fields) {
  HttpError error;
  DIRECTOR_TRY(const auto status, fields.number("status", 400, 599));
  error.status = static_cast<int>(*status);
  DIRECTOR_TRY(error.headers, parse_headers(fields));
  const Json* body = fields.find("body");
  if (body == nullptr) {
    error.body = R"({"error":{"message":"scripted error","type":"scripted","code":null}})";
  } else {
    error.body = body->IsString() ? std::string(view(*body)) : to_json(*body);
  }
  return Failure(std::move(error));
}

Result<Where> parse_where(const Fields& fields, std::string_view name) {
  DIRECTOR_TRY(const auto where, fields.string(name));
  if (where == "before_response") {
    return Where::BeforeResponse;
  }
  if (where == "mid_stream") {
    return Where::MidStream;
  }
  return fields.error(
      name, "expected \"before_response\" or \"mid_stream\", got \"" + where.value_or("") + "\"");
}

Result<Failure> parse_stream_failure(const Fields& fields) {
  if (fields.has("drop")) {
    DIRECTOR_TRY(const Where where, parse_where(fields, "drop"));
    return Failure(Drop{where});
  }
  if (fields.has("stall")) {
    DIRECTOR_TRY(const Where where, parse_where(fields, "stall"));
    return Failure(Stall{where});
  }
  if (const Json* error = fields.find("stream_error"); error != nullptr) {
    return Failure(StreamError{to_json(*error)});
  }
  DIRECTOR_TRY(auto bytes, fields.string("malformed"));
  return Failure(Malformed{std::move(bytes).value_or("")});
}

// {"$file": "relative/path"} anywhere in the arguments becomes the file's text.
Status take_files(Json& value, const std::string& place, const FileReader& read_file,
                  rapidjson::Document::AllocatorType& allocator) {
  if (value.IsArray()) {
    rapidjson::SizeType index = 0;
    for (Json& item : value.GetArray()) {
      DIRECTOR_CHECK(
          take_files(item, place + "[" + std::to_string(index++) + "]", read_file, allocator));
    }
    return ok();
  }
  if (!value.IsObject()) {
    return ok();
  }
  const auto file = value.FindMember("$file");
  if (file != value.MemberEnd()) {
    if (!file->value.IsString() || value.MemberCount() != 1) {
      return Error(Errc::Invalid, place + ": expected {\"$file\": \"relative/path\"} alone");
    }
    DIRECTOR_TRY(const std::string text, read_file(std::string(view(file->value))).context(place));
    value.SetString(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
    return ok();
  }
  for (auto& member : value.GetObject()) {
    DIRECTOR_CHECK(take_files(member.value, place + "." + std::string(view(member.name)), read_file,
                              allocator));
  }
  return ok();
}

Result<ToolCall> parse_tool_call(const Json& value, const std::string& place,
                                 const FileReader& read_file) {
  DIRECTOR_TRY(const Fields fields, Fields::of(value, place, {"name", "arguments"}));
  DIRECTOR_TRY(auto name, fields.string("name"));
  if (!name.has_value()) {
    return fields.error("name", "missing");
  }
  ToolCall call{*std::move(name), "{}"};
  const Json* arguments = fields.find("arguments");
  if (arguments == nullptr) {
    return call;
  }
  if (arguments->IsString()) {
    call.arguments = view(*arguments);
    return call;
  }
  if (!arguments->IsObject()) {
    return fields.error("arguments", "expected an object, or a string to send as it is, got " +
                                         std::string(kind_of(*arguments)));
  }
  rapidjson::Document copy;
  copy.CopyFrom(*arguments, copy.GetAllocator());
  DIRECTOR_CHECK(take_files(copy, fields.place_of("arguments"), read_file, copy.GetAllocator()));
  call.arguments = to_json(copy);
  return call;
}

Status parse_usage(const Fields& fields, Turn& turn) {
  const Json* value = fields.find("usage");
  if (value == nullptr) {
    return ok();
  }
  if (value->IsNull()) {
    turn.send_usage = false;
    return ok();
  }
  DIRECTOR_TRY(const Fields usage, Fields::of(*value, fields.place_of("usage"),
                                              {"prompt", "completion", "cached", "reasoning"}));
  DIRECTOR_TRY(turn.usage.prompt, usage.number("prompt", 0, kMaxTokens));
  DIRECTOR_TRY(turn.usage.completion, usage.number("completion", 0, kMaxTokens));
  DIRECTOR_TRY(turn.usage.cached, usage.number("cached", 0, kMaxTokens));
  DIRECTOR_TRY(turn.usage.reasoning, usage.number("reasoning", 0, kMaxTokens));
  return ok();
}

Status parse_text(const Fields& fields, const FileReader& read_file, Turn& turn) {
  if (fields.has("text") && fields.has("text_file")) {
    return fields.error("text_file", "a turn has 'text' or 'text_file', not both");
  }
  DIRECTOR_TRY(auto text, fields.string("text"));
  turn.text = std::move(text).value_or("");
  DIRECTOR_TRY(const auto file, fields.string("text_file"));
  if (file.has_value()) {
    DIRECTOR_TRY(turn.text, read_file(*file).context(fields.place_of("text_file")));
  }
  return ok();
}

Status parse_tool_calls(const Fields& fields, const FileReader& read_file, Turn& turn) {
  DIRECTOR_TRY(const Json* const calls, fields.array("tool_calls"));
  if (calls == nullptr) {
    return ok();
  }
  for (const Json& call : calls->GetArray()) {
    const std::string place =
        fields.place_of("tool_calls") + "[" + std::to_string(turn.tool_calls.size()) + "]";
    DIRECTOR_TRY(ToolCall parsed, parse_tool_call(call, place, read_file));
    turn.tool_calls.push_back(std::move(parsed));
  }
  return ok();
}

Status parse_timing(const Fields& fields, Turn& turn) {
  DIRECTOR_TRY(const auto delay, fields.number("delay_ms", 0, kMaxDelayMs));
  turn.delay = std::chrono::milliseconds(delay.value_or(0));
  DIRECTOR_TRY(const auto stall, fields.number("stall_ms", 0, kMaxDelayMs));
  turn.stall = std::chrono::milliseconds(stall.value_or(0));
  return ok();
}

}  // namespace

Result<Failure> parse_failure(const Json& value, const std::string& place) {
  DIRECTOR_TRY(const Fields fields, Fields::of(value, place,
                                               {"status", "headers", "body", "drop", "stall",
                                                "stream_error", "malformed"}));
  int kinds = 0;
  for (const std::string_view kind : {"status", "drop", "stall", "stream_error", "malformed"}) {
    kinds += fields.has(kind) ? 1 : 0;
  }
  if (kinds != 1) {
    return Error(Errc::Invalid, place +
                                    ": expected exactly one of 'status', 'drop', 'stall', "
                                    "'stream_error', 'malformed'");
  }
  if (fields.has("status")) {
    return parse_http_error(fields);
  }
  if (fields.has("headers") || fields.has("body")) {
    return Error(Errc::Invalid, place + ": 'headers' and 'body' go with 'status' only");
  }
  return parse_stream_failure(fields);
}

Result<Turn> parse_turn(const Json& value, const std::string& place, const FileReader& read_file) {
  DIRECTOR_TRY(const Fields fields,
               Fields::of(value, place,
                          {"text", "text_file", "reasoning", "tool_calls", "finish_reason", "usage",
                           "delay_ms", "stall_ms", "error"}));
  Turn turn;
  DIRECTOR_CHECK(parse_text(fields, read_file, turn));
  DIRECTOR_CHECK(parse_tool_calls(fields, read_file, turn));
  DIRECTOR_CHECK(parse_usage(fields, turn));
  DIRECTOR_CHECK(parse_timing(fields, turn));
  DIRECTOR_TRY(auto reasoning, fields.string("reasoning"));
  turn.reasoning = std::move(reasoning).value_or("");
  DIRECTOR_TRY(auto finish_reason, fields.string("finish_reason"));
  turn.finish_reason = std::move(finish_reason).value_or("");
  if (const Json* error = fields.find("error"); error != nullptr) {
    DIRECTOR_TRY(turn.failure, parse_failure(*error, fields.place_of("error")));
  } else if (!fields.has("text") && !fields.has("text_file") && !fields.has("tool_calls")) {
    return Error(Errc::Invalid,
                 place + ": a turn says something: 'text', 'text_file', 'tool_calls' or 'error'");
  }
  return turn;
}

}  // namespace director::scripted_model
