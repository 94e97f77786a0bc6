#include "server_events.hpp"

#include <algorithm>
#include <utility>

#include "json_view.hpp"
#include "json_write.hpp"

namespace runner_opencode {

using plugin_support::as_integer;
using plugin_support::as_string;
using plugin_support::make_string;
using plugin_support::member;
using plugin_support::set_member;
using plugin_support::text_or_empty;

struct ServerEvents::Properties {
  const rapidjson::Value& value;
  std::string_view type;
  std::int64_t now_ms;
};

namespace {

/// OpenCode waits no longer, whatever an endpoint asks for.
constexpr std::int64_t kLongestWaitMs = std::int64_t{1} << 31U;

/// A line of `opencode run`: {"type", "timestamp", "sessionID", <name>: content}.
std::string line_of(std::string_view type, std::int64_t time_ms, const std::string& session,
                    std::string_view name, const rapidjson::Value& content) {
  rapidjson::Document line(rapidjson::kObjectType);
  auto& allocator = line.GetAllocator();
  set_member(line, "type", make_string(type, allocator), allocator);
  set_member(line, "timestamp", rapidjson::Value(time_ms), allocator);
  set_member(line, "sessionID", make_string(session, allocator), allocator);
  set_member(line, name, rapidjson::Value(content, allocator), allocator);
  return plugin_support::to_json(line);
}

/// What `opencode run` calls a part that has ended; empty: it has not, or is not told.
std::string_view told_as(const rapidjson::Value& part) {
  const std::string_view type = as_string(member(part, "type")).value_or(std::string_view());
  if (type == "step-start") {
    return "step_start";
  }
  if (type == "step-finish") {
    return "step_finish";
  }
  if (type == "text" && member(part, "time", "end") != nullptr) {
    return "text";
  }
  const auto status = as_string(member(part, "state", "status"));
  if (type == "tool" && (status == "completed" || status == "error")) {
    return "tool_use";
  }
  return {};
}

}  // namespace

bool ServerEvents::is_at_work(const Properties& properties) {
  const auto status = as_string(member(properties.value, "status", "type"));
  return properties.type == "session.created" ||
         (properties.type == "session.status" && (status == "busy" || status == "retry"));
}

ServerNews ServerEvents::feed(std::string_view data, std::int64_t now_ms) {
  ServerNews news;
  const auto document = plugin_support::parse_json(data);
  if (!document) {
    return news;
  }
  const rapidjson::Value* payload = member(*document, "payload");
  const rapidjson::Value& event = payload != nullptr ? *payload : *document;
  const std::string_view type = as_string(member(event, "type")).value_or(std::string_view());
  const rapidjson::Value* value = member(event, "properties");
  const std::string directory = text_or_empty(member(*document, "directory"));
  is_disposed_ = is_disposed_ || (type == "server.instance.disposed" && directory == directory_);
  if (value == nullptr) {
    return news;
  }
  const Properties properties{*value, type, now_ms};
  if (as_string(member(*value, "sessionID")) != session_) {
    has_others_ = has_others_ || is_at_work(properties);
    return news;
  }
  directory_ = directory;
  if (type == "message.part.updated") {
    on_part(properties, news);
  } else if (type == "session.status" || type == "session.idle") {
    on_status(properties, news);
  } else if (type == "session.error") {
    on_error(properties, news);
  } else if (type == "permission.asked") {
    news.permission = text_or_empty(member(*value, "id"));
  }
  news.is_sign_of_life =
      news.is_sign_of_life || type == "message.part.delta" || type == "session.error";
  return news;
}

void ServerEvents::on_part(const Properties& properties, ServerNews& news) {
  const rapidjson::Value* part = member(properties.value, "part");
  if (part == nullptr || !part->IsObject()) {
    return;
  }
  // The message itself comes back as a part, too, and is the one that takes no time.
  if (as_string(member(*part, "type")) != "text" || member(*part, "time") != nullptr) {
    news.is_sign_of_life = true;
    waits_to_retry_ = false;
  }
  const std::string id = text_or_empty(member(*part, "id"));
  const std::string_view type = told_as(*part);
  if (as_string(member(*part, "type")) == "tool") {
    on_tool(id, text_or_empty(member(*part, "tool")),
            text_or_empty(member(*part, "state", "status")), news);
  } else if (type == "step_start") {
    forget_pending();
  }
  if (type.empty() || !told_.insert(id).second) {
    return;
  }
  const std::int64_t time_ms =
      as_integer(member(properties.value, "time")).value_or(properties.now_ms);
  news.lines.push_back(line_of(type, time_ms, session_, "part", *part));
}

void ServerEvents::on_tool(const std::string& id, const std::string& name, std::string_view status,
                           ServerNews& news) {
  const bool was_pending = pending_.erase(id) != 0;
  if (status == "pending") {
    running_.emplace(id, name);
    pending_.insert(id);
  } else if (status != "running") {
    running_.erase(id);
  } else if (running_.emplace(id, name).second || was_pending) {
    news.started = name;
  }
}

void ServerEvents::forget_pending() {
  for (const std::string& id : pending_) {
    running_.erase(id);
  }
  pending_.clear();
}

void ServerEvents::on_status(const Properties& properties, ServerNews& news) {
  const std::string status = properties.type == "session.idle"
                                 ? "idle"
                                 : text_or_empty(member(properties.value, "status", "type"));
  if (status == "idle") {
    is_idle_ = was_busy_ || has_failed_;
    return;
  }
  was_busy_ = was_busy_ || status == "busy" || status == "retry";
  if (status == "retry") {
    news.is_sign_of_life = true;
    waits_to_retry_ = true;
    forget_pending();
    const std::int64_t next = as_integer(member(properties.value, "status", "next")).value_or(0);
    news.retry = RetryNote{text_or_empty(member(properties.value, "status", "message")),
                           std::clamp<std::int64_t>(next, 0, properties.now_ms + kLongestWaitMs)};
  }
}

void ServerEvents::on_error(const Properties& properties, ServerNews& news) {
  const rapidjson::Value* error = member(properties.value, "error");
  // What a failed message is told again with has a trace in place of its reason.
  const bool is_echo = is_idle_ || (has_failed_ && !was_busy_);
  if (error == nullptr || is_echo) {
    return;
  }
  has_failed_ = true;
  news.lines.push_back(line_of("error", properties.now_ms, session_, "error", *error));
}

}  // namespace runner_opencode
