/// A chat completion request, as far as the scripted model looks at it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "director/result.hpp"

namespace director::scripted_model {

struct Message {
  std::string role;
  std::string text;  ///< All text parts, joined by newlines; other parts are left out.
};

struct ChatRequest {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  std::string session;  ///< The x-session-id header; without it, a hash of how the talk began.
  std::vector<Message> messages;
  std::size_t prompt_bytes = 0;    ///< Of the messages, tool calls included.
  std::vector<std::string> tools;  ///< Names of the tools offered.
  std::string messages_json;
  std::string parameters_json;  ///< Every other top-level member: temperature, max_tokens, ...
};

/// Errors: Invalid, where the body is no chat completion request.
[[nodiscard]] Result<ChatRequest> parse_chat_request(std::string_view body,
                                                     std::string_view session_header);

/// The texts of all messages of a role, joined by newlines.
[[nodiscard]] std::string text_of(const ChatRequest& request, std::string_view role);

/// How many assistant messages follow the last user message.
[[nodiscard]] std::size_t turn_index(const ChatRequest& request);

/// The folder that the agent tool states on a line `Working directory: <folder>` of its system
/// message or, failing that, of a user message.
[[nodiscard]] std::optional<std::string> working_directory(const ChatRequest& request);

}  // namespace director::scripted_model
