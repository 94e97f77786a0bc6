#include "endpoint.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>

#include "json.hpp"

namespace director::scripted_model {
namespace {

bool same_name(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(left[i])) !=
        std::tolower(static_cast<unsigned char>(right[i]))) {
      return false;
    }
  }
  return true;
}

std::string header(const HttpRequest& request, std::string_view name) {
  for (const Header& candidate : request.headers) {
    if (same_name(candidate.name, name)) {
      return candidate.value;
    }
  }
  return {};
}

// Header values are bytes and need not be UTF-8; the log must be.
std::string readable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return result;
}

std::string pair(std::string_view key, std::string_view text) {
  return '"' + std::string(key) + "\":\"" + escape_json(text) + '"';
}

std::string headers_json(const HttpRequest& request) {
  std::string json;
  for (const std::string_view name : {"authorization", "user-agent", "x-session-id"}) {
    const std::string value = header(request, name);
    if (!value.empty()) {
      json += (json.empty() ? "" : ",") + pair(name, readable(value));
    }
  }
  return "{" + json + "}";
}

std::string names_json(const std::vector<std::string>& names) {
  std::string json;
  for (const std::string& name : names) {
    json += (json.empty() ? "\"" : ",\"") + escape_json(name) + '"';
  }
  return "[" + json + "]";
}

std::string_view kind_of_answer(const Turn& turn) {
  if (turn.failure.has_value()) {
    return "error";
  }
  return turn.tool_calls.empty() ? "text" : "tool_calls";
}

std::string chosen_json(const std::optional<Choice>& choice) {
  if (!choice.has_value()) {
    return R"("rule":null,"turn":null,"answer":"no_rule")";
  }
  return pair("rule", choice->rule->name) +
         ",\"turn\":" + (choice->failing ? "null" : std::to_string(choice->turn_index)) + "," +
         pair("answer", kind_of_answer(choice->turn));
}

}  // namespace

Result<RequestLog> RequestLog::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) {
    return Error(Errc::Io, "cannot open log '" + path + "': " + std::strerror(errno));
  }
  return RequestLog(file, path);
}

Status RequestLog::write(const std::string& line) {
  if (std::fputs((line + "\n").c_str(), file_.get()) < 0 || std::fflush(file_.get()) != 0) {
    return Error(Errc::Io, "cannot write log '" + path_ + "': " + std::strerror(errno));
  }
  return ok();
}

Reply Endpoint::logged(const std::string& line, Reply reply) {
  if (log_ == nullptr) {
    return reply;
  }
  const Status written = log_->write(line);
  return written ? std::move(reply) : error_reply(500, written.error().message());
}

Reply Endpoint::refuse(const HttpRequest& request, int status, const std::string& problem) {
  return logged("{\"n\":" + std::to_string(serial_) + "," +
                    pair("method", readable(request.method)) + "," +
                    pair("target", readable(request.target)) +
                    ",\"status\":" + std::to_string(status) + "," + pair("problem", problem) + "}",
                error_reply(status, problem));
}

Reply Endpoint::chat(const HttpRequest& request, std::size_t in_flight) {
  const auto parsed = parse_chat_request(request.body, readable(header(request, "x-session-id")));
  if (!parsed) {
    return refuse(request, 400, parsed.error().message());
  }
  const std::optional<Choice> choice = player_.choose(*parsed);
  Reply reply = error_reply(
      400, "no rule of the scenario matches this request for model '" + parsed->model + "'");
  std::string problem;
  if (choice.has_value()) {
    auto made = turn_reply(choice->turn, *parsed, serial_);
    if (!made) {
      problem = choice->rule->name + ": " + made.error().message();
    }
    reply = made ? *std::move(made) : error_reply(400, problem);
  }
  std::string line = "{\"n\":" + std::to_string(serial_) + "," + pair("model", parsed->model) +
                     "," + pair("session", parsed->session) +
                     ",\"stream\":" + (parsed->stream ? "true" : "false") +
                     ",\"in_flight\":" + std::to_string(in_flight) + "," + chosen_json(choice) +
                     ",\"status\":" + std::to_string(reply.status);
  if (!problem.empty()) {
    line += "," + pair("problem", problem);
  }
  line += ",\"headers\":" + headers_json(request) + ",\"parameters\":" + parsed->parameters_json +
          ",\"tools\":" + names_json(parsed->tools) + ",\"messages\":" + parsed->messages_json +
          "}";
  return logged(line, std::move(reply));
}

Reply Endpoint::answer(const HttpRequest& request, std::size_t in_flight) {
  ++serial_;
  const std::string path = readable(request.target.substr(0, request.target.find('?')));
  if (path == "/v1/chat/completions") {
    return request.method == "POST" ? chat(request, in_flight)
                                    : refuse(request, 405, "expected POST");
  }
  if (path == "/v1/models") {
    return request.method == "GET" ? models_reply(player_.scenario().models)
                                   : refuse(request, 405, "expected GET");
  }
  return refuse(request, 404,
                "no such path: '" + path + "'; there are /v1/chat/completions and /v1/models");
}

}  // namespace director::scripted_model
