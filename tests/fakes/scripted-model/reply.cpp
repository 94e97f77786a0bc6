#include "reply.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "completion.hpp"
#include "json.hpp"

namespace director::scripted_model {
namespace {

constexpr std::string_view kCwd = "{{cwd}}";

std::string replace_cwd(std::string text, std::string_view directory) {
  for (std::size_t at = text.find(kCwd); at != std::string::npos;
       at = text.find(kCwd, at + directory.size())) {
    text.replace(at, kCwd.size(), directory);
  }
  return text;
}

bool says_cwd(const Turn& turn) {
  bool says = turn.text.find(kCwd) != std::string::npos;
  for (const ToolCall& call : turn.tool_calls) {
    says = says || call.arguments.find(kCwd) != std::string::npos;
  }
  return says;
}

Result<Turn> with_cwd(Turn turn, const ChatRequest& request) {
  if (!says_cwd(turn)) {
    return turn;
  }
  const auto directory = working_directory(request);
  if (!directory.has_value()) {
    return Error(Errc::Invalid,
                 "cannot replace '{{cwd}}': no system or user message of the request has a line "
                 "'Working directory: <folder>'");
  }
  turn.text = replace_cwd(std::move(turn.text), *directory);
  for (ToolCall& call : turn.tool_calls) {
    call.arguments = replace_cwd(std::move(call.arguments), escape_json(*directory));
  }
  return turn;
}

std::string event(const std::string& payload) { return "data: " + payload + "\n\n"; }

// What strikes in the middle of an answer, as steps; empty where the answer goes on to its end.
std::vector<Step> failure_steps(const Failure& failure, bool stream) {
  if (std::holds_alternative<Drop>(failure)) {
    return {Cut{}};
  }
  if (std::holds_alternative<Stall>(failure)) {
    return {Silence{}, Cut{}};
  }
  if (const auto* error = std::get_if<StreamError>(&failure)) {
    const std::string json = R"({"error":)" + error->error_json + "}";
    return {Send{stream ? event(json) : json}};
  }
  if (const auto* malformed = std::get_if<Malformed>(&failure)) {
    return {Send{malformed->bytes}};
  }
  return {};
}

// A failing or stalling answer starts with its role and the first piece of content.
std::vector<Step> streamed_body(const Turn& turn, const ChatRequest& request,
                                std::uint64_t serial) {
  const std::vector<std::string> payloads = stream_payloads(turn, request, serial);
  const bool has_content = !turn.text.empty() || !turn.reasoning.empty();
  const std::size_t opening = has_content ? 2 : 1;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (i == opening) {
      if (turn.stall.count() > 0) {
        steps.emplace_back(Pause{turn.stall});
      }
      if (turn.failure.has_value()) {
        for (Step& step : failure_steps(*turn.failure, true)) {
          steps.push_back(std::move(step));
        }
        return steps;
      }
    }
    steps.emplace_back(Send{event(payloads[i])});
  }
  steps.emplace_back(Send{event("[DONE]")});
  return steps;
}

std::vector<Step> whole_body(const Turn& turn, const ChatRequest& request, std::uint64_t serial) {
  std::string body = completion_json(turn, request, serial);
  if (!turn.failure.has_value() && turn.stall.count() == 0) {
    return {Send{std::move(body)}};
  }
  if (turn.failure.has_value() && (std::holds_alternative<StreamError>(*turn.failure) ||
                                   std::holds_alternative<Malformed>(*turn.failure))) {
    return failure_steps(*turn.failure, false);
  }
  const std::size_t half = body.size() / 2;
  std::vector<Step> steps{Send{body.substr(0, half)}};
  if (turn.stall.count() > 0) {
    steps.emplace_back(Pause{turn.stall});
  }
  if (!turn.failure.has_value()) {
    steps.emplace_back(Send{body.substr(half)});
    return steps;
  }
  for (Step& step : failure_steps(*turn.failure, false)) {
    steps.push_back(std::move(step));
  }
  return steps;
}

bool strikes_before(const Failure& failure) {
  const auto* drop = std::get_if<Drop>(&failure);
  const auto* stall = std::get_if<Stall>(&failure);
  return (drop != nullptr && drop->where == Where::BeforeResponse) ||
         (stall != nullptr && stall->where == Where::BeforeResponse);
}

Reply http_error_reply(const HttpError& error) {
  const bool json = !error.body.empty() && error.body.front() == '{';
  Reply reply = plain_reply(error.status, json ? "application/json" : "text/plain", error.body);
  for (const Header& header : error.headers) {
    reply.headers.push_back(header);
  }
  return reply;
}

}  // namespace

Reply plain_reply(int status, std::string content_type, std::string body) {
  Reply reply;
  reply.status = status;
  reply.headers.push_back({"content-type", std::move(content_type)});
  reply.body.emplace_back(Send{std::move(body)});
  return reply;
}

Reply error_reply(int status, const std::string& message) {
  return plain_reply(status, "application/json",
                     R"({"error":{"message":")" + escape_json(message) +
                         R"(","type":"scripted_model","code":null}})");
}

Result<Reply> turn_reply(const Turn& scripted, const ChatRequest& request, std::uint64_t serial) {
  DIRECTOR_TRY(const Turn turn, with_cwd(scripted, request));
  Reply reply;
  if (turn.failure.has_value() && strikes_before(*turn.failure)) {
    reply.before = failure_steps(*turn.failure, request.stream);
  } else if (turn.failure.has_value() && std::holds_alternative<HttpError>(*turn.failure)) {
    reply = http_error_reply(std::get<HttpError>(*turn.failure));
  } else if (request.stream) {
    reply.headers.push_back({"content-type", "text/event-stream"});
    reply.headers.push_back({"cache-control", "no-cache"});
    reply.body = streamed_body(turn, request, serial);
  } else {
    reply.headers.push_back({"content-type", "application/json"});
    reply.body = whole_body(turn, request, serial);
  }
  if (turn.delay.count() > 0) {
    std::vector<Step> before;
    before.emplace_back(Pause{turn.delay});
    std::move(reply.before.begin(), reply.before.end(), std::back_inserter(before));
    reply.before = std::move(before);
  }
  return reply;
}

Reply models_reply(const std::vector<std::string>& models) {
  std::string json = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < models.size(); ++i) {
    json += std::string(i == 0 ? "" : ",") + R"({"id":")" + escape_json(models[i]) +
            R"(","object":"model","created":0,"owned_by":"scripted-model"})";
  }
  return plain_reply(200, "application/json", json + "]}");
}

}  // namespace director::scripted_model
