/// Turns a scripted turn into the bytes and pauses of an HTTP answer. No I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "request.hpp"
#include "scenario.hpp"

namespace director::scripted_model {

struct Send {
  std::string bytes;
};
struct Pause {
  std::chrono::milliseconds length;
};
/// Waits until the client closes the connection.
struct Silence {};
/// Closes the connection at once.
struct Cut {};

using Step = std::variant<Send, Pause, Silence, Cut>;

struct Reply {
  std::vector<Step> before;  ///< Done before the status line; never Send.
  int status = 200;
  std::vector<Header> headers;
  std::vector<Step> body;
};

/// A whole body with its content type.
[[nodiscard]] Reply plain_reply(int status, std::string content_type, std::string body);

/// `{"error":{"message":...}}` with the status.
[[nodiscard]] Reply error_reply(int status, const std::string& message);

/// The answer to `request`. `serial` numbers the answers of this process; ids are made of it.
/// Errors: Invalid where the turn says {{cwd}} and the request names no working directory.
[[nodiscard]] Result<Reply> turn_reply(const Turn& turn, const ChatRequest& request,
                                       std::uint64_t serial);

/// `GET /v1/models`.
[[nodiscard]] Reply models_reply(const std::vector<std::string>& models);

}  // namespace director::scripted_model
