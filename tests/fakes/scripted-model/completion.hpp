/// The JSON of a chat completion, whole and in parts. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "request.hpp"
#include "scenario.hpp"

namespace director::scripted_model {

/// The usage object: what the turn says, the rest at four bytes a token.
[[nodiscard]] std::string usage_json(const Turn& turn, const ChatRequest& request);

/// The `data:` payloads of a stream before its end mark, in order: role, reasoning, text, tool
/// calls, finish, usage if asked for. The second one is the first that carries content.
[[nodiscard]] std::vector<std::string> stream_payloads(const Turn& turn, const ChatRequest& request,
                                                       std::uint64_t serial);

/// The body of an answer that is not streamed.
[[nodiscard]] std::string completion_json(const Turn& turn, const ChatRequest& request,
                                          std::uint64_t serial);

}  // namespace director::scripted_model
