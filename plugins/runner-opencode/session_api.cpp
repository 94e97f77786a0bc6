#include "session_api.hpp"

#include <algorithm>
#include <utility>

#include "json_view.hpp"
#include "json_write.hpp"
#include "text.hpp"

namespace runner_opencode {

using director::Errc;
using director::Error;
using director::Result;
using director::Status;
using plugin_support::as_number;
using plugin_support::as_string;
using plugin_support::count_or_zero;
using plugin_support::make_string;
using plugin_support::member;
using plugin_support::set_member;

namespace {

constexpr std::size_t kShownBytes = 300;
/// Subagents have none of their own; a server that says otherwise is not followed for ever.
constexpr int kMostSessions = 50;

Result<std::string> body_of(const std::string& what, Result<HttpAnswer> answer) {
  if (!answer) {
    return answer.error();
  }
  if (answer->status < 200 || answer->status >= 300) {
    return Error(
        Errc::External,
        "opencode's server refuses " + what + ": HTTP " + std::to_string(answer->status) + " " +
            plugin_support::valid_utf8(std::string_view(answer->body).substr(0, kShownBytes)));
  }
  return std::move(answer->body);
}

Result<rapidjson::Document> parsed(const std::string& what, const std::string& body) {
  auto document = plugin_support::parse_json(body);
  if (!document) {
    return Error(Errc::External, "cannot read what opencode's server answers to " + what + ": " +
                                     document.error().message());
  }
  return document;
}

void add_used(const rapidjson::Value& session, director::usage& sum) {
  sum.input += count_or_zero(member(session, "tokens", "input"));
  sum.output += count_or_zero(member(session, "tokens", "output"));
  sum.reasoning += count_or_zero(member(session, "tokens", "reasoning"));
  sum.cache_read += count_or_zero(member(session, "tokens", "cache", "read"));
  sum.cache_write += count_or_zero(member(session, "tokens", "cache", "write"));
  sum.cost_usd += std::max(0.0, as_number(member(session, "cost")).value_or(0));
}

}  // namespace

Result<std::string> SessionApi::get(const std::string& path) const {
  return body_of("GET " + path.substr(0, path.find('?')), client_.get(path, limit_));
}

Result<std::string> SessionApi::post(const std::string& path, const std::string& json) const {
  return body_of("POST " + path.substr(0, path.find('?')), client_.post(path, json, limit_));
}

std::string SessionApi::session_path(const std::string& session, std::string_view what) const {
  return "/session/" + percent_encoded(session) + std::string(what) + directory_;
}

Result<bool> SessionApi::knows_agent(std::string_view name) const {
  DIRECTOR_TRY(const std::string body, get("/agent" + directory_));
  DIRECTOR_TRY(const rapidjson::Document agents, parsed("GET /agent", body));
  return agents.IsArray() &&
         std::any_of(agents.Begin(), agents.End(), [name](const rapidjson::Value& agent) {
           return as_string(member(agent, "name")) == name;
         });
}

Result<bool> SessionApi::is_busy() const {
  DIRECTOR_TRY(const std::string body, get("/session/status" + directory_));
  DIRECTOR_TRY(const rapidjson::Document sessions, parsed("GET /session/status", body));
  return !sessions.IsObject() || sessions.MemberCount() != 0;
}

Status SessionApi::dispose_directory() const {
  DIRECTOR_TRY(const std::string body, post("/instance/dispose" + directory_, ""));
  (void)body;
  return director::ok();
}

Status SessionApi::dispose_all() const {
  DIRECTOR_TRY(const std::string body, post("/global/dispose", ""));
  (void)body;
  return director::ok();
}

Result<std::string> SessionApi::create(std::string_view title,
                                       const std::vector<PermissionRule>& rules) const {
  rapidjson::Document asked(rapidjson::kObjectType);
  auto& allocator = asked.GetAllocator();
  set_member(asked, "title", make_string(title, allocator), allocator);
  rapidjson::Value all(rapidjson::kArrayType);
  for (const PermissionRule& rule : rules) {
    rapidjson::Value one(rapidjson::kObjectType);
    set_member(one, "permission", make_string(rule.permission, allocator), allocator);
    set_member(one, "pattern", make_string(rule.pattern, allocator), allocator);
    set_member(one, "action", make_string(rule.allowed ? "allow" : "deny", allocator), allocator);
    all.PushBack(one, allocator);
  }
  set_member(asked, "permission", std::move(all), allocator);
  DIRECTOR_TRY(const std::string body,
               post("/session" + directory_, plugin_support::to_json(asked)));
  DIRECTOR_TRY(const rapidjson::Document made, parsed("POST /session", body));
  const auto id = as_string(member(made, "id"));
  if (!id || !id->starts_with("ses_")) {
    return Error(Errc::External, "opencode's server made a session without an id");
  }
  return std::string(*id);
}

Status SessionApi::prompt(const std::string& session, const Prompt& prompt) const {
  rapidjson::Document asked(rapidjson::kObjectType);
  auto& allocator = asked.GetAllocator();
  set_member(asked, "agent", make_string(prompt.agent, allocator), allocator);
  rapidjson::Value model(rapidjson::kObjectType);
  set_member(model, "providerID", make_string(prompt.model.provider, allocator), allocator);
  set_member(model, "modelID", make_string(prompt.model.model, allocator), allocator);
  set_member(asked, "model", std::move(model), allocator);
  rapidjson::Value part(rapidjson::kObjectType);
  set_member(part, "type", rapidjson::Value("text"), allocator);
  set_member(part, "text", make_string(prompt.text, allocator), allocator);
  rapidjson::Value parts(rapidjson::kArrayType);
  parts.PushBack(part, allocator);
  set_member(asked, "parts", std::move(parts), allocator);
  const auto body = post(session_path(session, "/prompt_async"), plugin_support::to_json(asked));
  if (!body) {
    const Errc code = body.error().code();
    const bool is_doubtful = code == Errc::Timeout || code == Errc::Cancelled;
    return Error(is_doubtful ? Errc::Io : code, body.error().message());
  }
  return director::ok();
}

Status SessionApi::abort(const std::string& session) const {
  DIRECTOR_TRY(const std::string body, post(session_path(session, "/abort"), ""));
  (void)body;
  return director::ok();
}

Status SessionApi::reject(const std::string& permission) const {
  DIRECTOR_TRY(const std::string body,
               post("/permission/" + percent_encoded(permission) + "/reply" + directory_,
                    R"({"reply":"reject","message":"this role may not do that"})"));
  (void)body;
  return director::ok();
}

Result<director::usage> SessionApi::totals(const std::string& session) const {
  director::usage sum;
  sum.cost_usd = 0;
  std::vector<std::string> todo{session};
  for (std::size_t next = 0; next < todo.size() && next < kMostSessions; ++next) {
    DIRECTOR_TRY(const std::string body, get(session_path(todo[next], "")));
    DIRECTOR_TRY(const rapidjson::Document one, parsed("GET /session", body));
    add_used(one, sum);
    DIRECTOR_TRY(const std::string below, get(session_path(todo[next], "/children")));
    DIRECTOR_TRY(const rapidjson::Document children, parsed("GET /session/children", below));
    for (rapidjson::SizeType i = 0; children.IsArray() && i < children.Size(); ++i) {
      const auto id = as_string(member(children[i], "id"));
      if (id && std::find(todo.begin(), todo.end(), *id) == todo.end()) {
        todo.emplace_back(*id);
      }
    }
  }
  return sum;
}

}  // namespace runner_opencode
