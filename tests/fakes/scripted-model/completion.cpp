#include "completion.hpp"

#include <algorithm>

#include "json.hpp"

namespace director::scripted_model {
namespace {

std::string quoted(std::string_view text) { return '"' + escape_json(text) + '"'; }

std::int64_t tokens_of(std::size_t bytes) { return static_cast<std::int64_t>((bytes + 3) / 4); }

// Parts of some dozen bytes, but never thousands of them; characters stay whole.
std::vector<std::string> parts_of(std::string_view text) {
  const std::size_t size = std::max<std::size_t>(32, text.size() / 64);
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::size_t end = std::min(size, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      ++end;
    }
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

std::string finish_reason(const Turn& turn) {
  if (!turn.finish_reason.empty()) {
    return turn.finish_reason;
  }
  return turn.tool_calls.empty() ? "stop" : "tool_calls";
}

std::string call_id(std::uint64_t serial, std::size_t index) {
  return "call_" + std::to_string(serial) + "_" + std::to_string(index);
}

std::string head(const ChatRequest& request, std::uint64_t serial, std::string_view object) {
  return R"({"id":"chatcmpl-)" + std::to_string(serial) + R"(","object":")" + std::string(object) +
         R"(","created":0,"model":)" + quoted(request.model);
}

std::string tool_call_json(const ToolCall& call, std::uint64_t serial, std::size_t index) {
  return R"({"id":")" + call_id(serial, index) + R"(","type":"function","function":{"name":)" +
         quoted(call.name) + R"(,"arguments":)" + quoted(call.arguments) + "}}";
}

std::vector<std::string> tool_call_deltas(const Turn& turn, std::uint64_t serial) {
  std::vector<std::string> deltas;
  for (std::size_t i = 0; i < turn.tool_calls.size(); ++i) {
    const ToolCall& call = turn.tool_calls[i];
    const std::string start = R"({"tool_calls":[{"index":)" + std::to_string(i);
    deltas.push_back(start + R"(,"id":")" + call_id(serial, i) +
                     R"(","type":"function","function":{"name":)" + quoted(call.name) +
                     R"(,"arguments":""}}]})");
    for (const std::string& part : parts_of(call.arguments)) {
      deltas.push_back(start + R"(,"function":{"arguments":)" + quoted(part) + "}}]}");
    }
  }
  return deltas;
}

}  // namespace

std::string usage_json(const Turn& turn, const ChatRequest& request) {
  std::size_t said = turn.text.size();
  for (const ToolCall& call : turn.tool_calls) {
    said += call.name.size() + call.arguments.size();
  }
  const std::int64_t prompt = turn.usage.prompt.value_or(tokens_of(request.prompt_bytes));
  const std::int64_t reasoning = turn.usage.reasoning.value_or(tokens_of(turn.reasoning.size()));
  const std::int64_t completion = turn.usage.completion.value_or(tokens_of(said) + reasoning);
  return R"({"prompt_tokens":)" + std::to_string(prompt) + R"(,"completion_tokens":)" +
         std::to_string(completion) + R"(,"total_tokens":)" + std::to_string(prompt + completion) +
         R"(,"prompt_tokens_details":{"cached_tokens":)" +
         std::to_string(turn.usage.cached.value_or(0)) +
         R"(},"completion_tokens_details":{"reasoning_tokens":)" + std::to_string(reasoning) + "}}";
}

std::vector<std::string> stream_payloads(const Turn& turn, const ChatRequest& request,
                                         std::uint64_t serial) {
  const std::string start = head(request, serial, "chat.completion.chunk");
  std::vector<std::string> payloads;
  const auto add = [&](const std::string& delta, const std::string& reason) {
    payloads.push_back(start + R"(,"choices":[{"index":0,"delta":)" + delta +
                       R"(,"finish_reason":)" + reason + "}]}");
  };
  add(R"({"role":"assistant","content":""})", "null");
  for (const std::string& part : parts_of(turn.reasoning)) {
    add(R"({"reasoning_content":)" + quoted(part) + "}", "null");
  }
  for (const std::string& part : parts_of(turn.text)) {
    add(R"({"content":)" + quoted(part) + "}", "null");
  }
  for (const std::string& delta : tool_call_deltas(turn, serial)) {
    add(delta, "null");
  }
  add("{}", quoted(finish_reason(turn)));
  if (turn.send_usage && request.include_usage) {
    payloads.push_back(start + R"(,"choices":[],"usage":)" + usage_json(turn, request) + "}");
  }
  return payloads;
}

std::string completion_json(const Turn& turn, const ChatRequest& request, std::uint64_t serial) {
  std::string json = head(request, serial, "chat.completion") +
                     R"(,"choices":[{"index":0,"message":{"role":"assistant","content":)" +
                     quoted(turn.text);
  if (!turn.reasoning.empty()) {
    json += R"(,"reasoning_content":)" + quoted(turn.reasoning);
  }
  if (!turn.tool_calls.empty()) {
    json += R"(,"tool_calls":[)";
    for (std::size_t i = 0; i < turn.tool_calls.size(); ++i) {
      json += (i == 0 ? "" : ",") + tool_call_json(turn.tool_calls[i], serial, i);
    }
    json += "]";
  }
  json += R"(},"finish_reason":)" + quoted(finish_reason(turn)) + "}]";
  if (turn.send_usage) {
    json += R"(,"usage":)" + usage_json(turn, request);
  }
  return json + "}";
}

}  // namespace director::scripted_model
