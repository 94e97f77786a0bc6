#include "request.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>

#include "json.hpp"

namespace director::scripted_model {
namespace {

const Json* member(const Json& object, std::string_view name) {
  if (!object.IsObject()) {
    return nullptr;
  }
  const auto found = object.FindMember(Json(rapidjson::StringRef(name.data(), name.size())));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string string_member(const Json& object, std::string_view name) {
  const Json* value = member(object, name);
  return value != nullptr && value->IsString() ? std::string(view(*value)) : std::string();
}

bool is_true(const Json* value) { return value != nullptr && value->IsTrue(); }

std::string content_text(const Json& message) {
  const Json* content = member(message, "content");
  if (content == nullptr || !content->IsArray()) {
    return string_member(message, "content");
  }
  std::string text;
  for (const Json& part : content->GetArray()) {
    if (string_member(part, "type") == "text") {
      text += (text.empty() ? "" : "\n") + string_member(part, "text");
    }
  }
  return text;
}

std::size_t tool_call_bytes(const Json& message) {
  const Json* calls = member(message, "tool_calls");
  return calls == nullptr ? 0 : to_json(*calls).size();
}

// FNV-1a: the same on every machine and in every run.
std::string fingerprint(const ChatRequest& request) {
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    hash = (hash ^ 0xffU) * 1099511628211U;
  };
  add(request.model);
  for (const Message& message : request.messages) {
    if (message.role == "assistant") {
      break;
    }
    add(message.role);
    add(message.text);
  }
  return "hash-" + std::to_string(hash);
}

std::vector<std::string> tool_names(const Json& body) {
  std::vector<std::string> names;
  const Json* tools = member(body, "tools");
  if (tools == nullptr || !tools->IsArray()) {
    return names;
  }
  for (const Json& tool : tools->GetArray()) {
    const Json* function = member(tool, "function");
    names.push_back(function == nullptr ? std::string() : string_member(*function, "name"));
  }
  return names;
}

std::string other_members(const Json& body) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  for (const auto& entry : body.GetObject()) {
    const std::string_view name = view(entry.name);
    if (name != "model" && name != "messages" && name != "tools" && name != "stream") {
      writer.Key(entry.name.GetString(), entry.name.GetStringLength());
      entry.value.Accept(writer);
    }
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

Result<ChatRequest> parse_chat_request(std::string_view body, std::string_view session_header) {
  DIRECTOR_TRY(const rapidjson::Document document, parse_json(body));
  const Json* messages = member(document, "messages");
  ChatRequest request;
  request.model = string_member(document, "model");
  if (request.model.empty() || messages == nullptr || !messages->IsArray()) {
    return Error(Errc::Invalid,
                 "cannot read the request: expected an object with a 'model' and 'messages'");
  }
  for (const Json& message : messages->GetArray()) {
    request.messages.push_back({string_member(message, "role"), content_text(message)});
    request.prompt_bytes += request.messages.back().text.size() + tool_call_bytes(message);
  }
  request.stream = is_true(member(document, "stream"));
  if (const Json* options = member(document, "stream_options"); options != nullptr) {
    request.include_usage = is_true(member(*options, "include_usage"));
  }
  request.session = session_header.empty() ? fingerprint(request) : std::string(session_header);
  request.tools = tool_names(document);
  request.messages_json = to_json(*messages);
  request.parameters_json = other_members(document);
  return request;
}

std::string text_of(const ChatRequest& request, std::string_view role) {
  std::string text;
  for (const Message& message : request.messages) {
    if (message.role == role) {
      text += (text.empty() ? "" : "\n") + message.text;
    }
  }
  return text;
}

std::size_t turn_index(const ChatRequest& request) {
  std::size_t count = 0;
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    if (message->role == "user") {
      break;
    }
    count += message->role == "assistant" ? 1U : 0U;
  }
  return count;
}

std::optional<std::string> working_directory(const ChatRequest& request) {
  constexpr std::string_view kLabel = "Working directory:";
  constexpr std::string_view kBlank = " \t\r";
  for (const std::string_view role : {"system", "user"}) {
    const std::string text = text_of(request, role);
    const std::size_t label = text.find(kLabel);
    if (label == std::string::npos) {
      continue;
    }
    std::string_view line = std::string_view(text).substr(label + kLabel.size());
    line = line.substr(0, line.find('\n'));
    const std::size_t first = line.find_first_not_of(kBlank);
    if (first != std::string_view::npos) {
      return std::string(line.substr(first, line.find_last_not_of(kBlank) + 1 - first));
    }
  }
  return std::nullopt;
}

}  // namespace director::scripted_model
